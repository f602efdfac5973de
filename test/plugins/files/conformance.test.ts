import { createReadStream } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runClause, type SourceSubject, type StreamAccess, sourceClauses } from '@kinoport/core/conformance';
import { afterEach, describe, expect, test } from 'vitest';
import { type Harness, harness } from './support/context.ts';
import { film, type Origin, origin, ranged } from './support/origin.ts';

const BYTES = film(300_000);

let h: Harness;
let server: Origin | undefined;

afterEach(async () => {
  await h.dispose();
  await server?.close();
  server = undefined;
});

/** What a source published, read as the stream front does; files as a player does. */
function streamsOf(own: Harness): StreamAccess {
  return {
    look: (id) => own.published.get(id),
    read(id, start, end, signal) {
      const stream = own.published.get(id);
      if (!stream) throw new Error(`no stream ${id}`);
      const { size = 0 } = stream;
      return stream.read(start, Math.min(end ?? size, size), signal);
    },
    readFile: (path, start, end) => createReadStream(path, { start, ...(end ? { end: end - 1 } : {}) }),
  };
}

async function localFiles(): Promise<SourceSubject> {
  h = await harness({ config: { ffprobe: '' } });
  const show = join(h.folder, 'Show');
  await mkdir(show);
  await mkdir(join(h.folder, 'Empty'));
  const episodes = ['01', '02', '03', '04', '10'];
  for (const episode of episodes) await writeFile(join(show, `Show S01E${episode}.mkv`), film(20_000));
  const path = join(h.folder, 'Some Film (1999).mkv');
  await writeFile(path, BYTES);
  return {
    source: h.source,
    streams: streamsOf(h),
    samples: [
      { uri: path, kind: 'single', bytes: BYTES },
      { uri: show, kind: 'folder' },
    ],
    missing: join(h.folder, 'missing.mkv'),
    empty: join(h.folder, 'Empty'),
    container: show,
    again: () => h.restart(),
    change: async () => {
      await writeFile(path, film(299_000));
      await utimes(path, 1, 1);
    },
  };
}

async function webAddresses(): Promise<SourceSubject> {
  h = await harness();
  const playlist = (base: string, names: readonly string[]): string =>
    ['#EXTM3U', ...names.flatMap((name) => [`#EXTINF:10,${name}`, `${base}/${name}.mkv`])].join('\n');
  const names = ['First', 'Second', 'Third', 'Fourth'];
  const own = await origin((request, response) => {
    const path = (request.url ?? '').slice(1);
    if (path.endsWith('.m3u')) {
      const list = playlist(own.url, path === 'none.m3u' ? [] : names);
      response.writeHead(200, { 'content-type': 'audio/x-mpegurl' }).end(list);
    } else if (path === 'film.mkv') ranged(BYTES)(request, response);
    else response.writeHead(404).end();
  });
  server = own;
  return {
    source: h.source,
    streams: streamsOf(h),
    samples: [
      { uri: `${own.url}/film.mkv`, kind: 'single', bytes: BYTES },
      { uri: `${own.url}/list.m3u`, kind: 'playlist', titles: names },
    ],
    missing: `${own.url}/missing.mkv`,
    empty: `${own.url}/none.m3u`,
    container: `${own.url}/list.m3u`,
    again: () => h.restart(),
    change: async () => {
      own.handle = ranged(film(300_000), { etag: '"two"' });
    },
  };
}

/** What the two of them have nothing of: `search`, `prefetch`, `forget`, `notifyPosition`. */
const MISSING = [
  'source.search.items',
  'source.prefetch.resolves',
  'source.prefetch.forgotten',
  'source.position.harmless',
  'source.cache.usage',
  'source.cache.pin',
  'source.cache.clear',
];

describe.each([
  ['local files', localFiles, ['source.open.published', 'source.read.abort', 'source.read.left']],
  ['web addresses', webAddresses, []],
] as const)('%s keep the source contract', (name, make, nothingToSay) => {
  const skipped: readonly string[] = [
    ...MISSING,
    ...nothingToSay,
    ...(name === 'local files' ? ['source.release.unpublished', 'source.resolve.order'] : []),
  ];
  test.each(sourceClauses.map((clause) => [clause.id, clause] as const))(
    '%s',
    async (id, clause) => {
      const { status, message } = await runClause(clause, await make());
      const expected = skipped.includes(id) ? 'skipped' : 'passed';
      expect({ status, ...(status === expected ? {} : { message }) }).toEqual({ status: expected });
    },
    60_000,
  );
});
