// @ts-check
/** @import { MakeConformance } from '@kinoport/core/conformance' */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

/**
 * For `kinoport plugin test`: a film behind a server on loopback, and a folder of episodes.
 * @type {MakeConformance}
 */
export default async function conformance({ folder, film, own }) {
  const bytes = await readFile(film);
  const show = join(folder, 'Show');
  await mkdir(show);
  await mkdir(join(folder, 'Empty'));
  for (const episode of ['01', '02', '03', '04', '10'])
    await copyFile(film, join(show, `Show S01E${episode}.mkv`));
  // Each its own content: what is the same film has the same key.
  for (const episode of ['01', '02', '03', '04', '10'])
    await writeFile(join(show, `Show S01E${episode}.mkv`), episode, { flag: 'a' });

  const server = createServer((request, response) => {
    if (request.url !== '/film.mkv') return response.writeHead(404).end();
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(first ?? 0);
    const end = last ? Math.min(Number(last) + 1, bytes.length) : bytes.length;
    const head = { 'Content-Type': 'video/x-matroska', 'Accept-Ranges': 'bytes', ETag: '"film"' };
    const range = { 'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}` };
    response.writeHead(first === undefined ? 200 : 206, {
      ...head,
      ...(first === undefined ? {} : range),
      'Content-Length': end - start,
    });
    return response.end(bytes.subarray(start, end));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  own({
    dispose() {
      server.close();
      server.closeAllConnections();
    },
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    sources: {
      files: {
        samples: [
          { uri: `http://127.0.0.1:${port}/film.mkv`, kind: 'single', bytes },
          { uri: show, kind: 'folder' },
        ],
        missing: `http://127.0.0.1:${port}/missing.mkv`,
        empty: join(folder, 'Empty'),
        container: show,
      },
    },
  };
}
