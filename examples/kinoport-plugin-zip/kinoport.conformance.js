// @ts-check
/** @import { MakeConformance } from '@kinoport/core/conformance' */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipOf } from './test/zip.js';

/**
 * For `kinoport plugin test`: archives with a film in them.
 * @type {MakeConformance}
 */
export default async ({ folder, film }) => {
  const bytes = await readFile(film);
  const path = join(folder, 'films.zip');
  const other = Buffer.from(bytes.toReversed());
  await writeFile(
    path,
    zipOf([
      { name: 'film 2.mkv', bytes, deflate: true },
      { name: 'film 10.mkv', bytes: other },
      { name: 'readme.txt', bytes: Buffer.from('Nothing to play.') },
    ]),
  );
  const empty = join(folder, 'empty.zip');
  await writeFile(empty, zipOf([{ name: 'readme.txt', bytes: Buffer.from('Nothing to play.') }]));
  return {
    sources: {
      zip: {
        samples: [
          { uri: `zip:${path}!film 2.mkv`, kind: 'single', bytes },
          { uri: `zip:${path}!film 10.mkv`, kind: 'single', bytes: other },
          { uri: path, kind: 'folder', titles: ['film 2', 'film 10'] },
        ],
        missing: `zip:${path}!film 3.mkv`,
        empty,
        change: () => writeFile(path, zipOf([{ name: 'film 2.mkv', bytes: other }])),
      },
    },
  };
};
