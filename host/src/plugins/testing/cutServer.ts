import { open, stat } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import type { Disposable } from '@kinoport/core';

/**
 * An address on loopback that promises a whole file and breaks off at a part of it; from then on it refuses to go on.
 * It can be begun again: some players look at a file before they play it.
 */
export interface CutServer extends Disposable {
  readonly url: string;
}

/** `part`: how much of the file comes, 0 to 1. */
export async function serveCut(path: string, part: number): Promise<CutServer> {
  const { size } = await stat(path);
  const limit = Math.floor(size * part);
  let isBroken = false;
  const answer = async (response: ServerResponse, start: number): Promise<void> => {
    if ((isBroken && start > 0) || start >= limit) {
      isBroken ||= start < size * 0.9;
      response.writeHead(503).end();
      return;
    }
    const range = { 'Content-Range': `bytes ${start}-${size - 1}/${size}` };
    const length = { 'Content-Length': size - start, 'Accept-Ranges': 'bytes' };
    response.writeHead(206, { 'Content-Type': 'video/x-matroska', ...length, ...range });
    const file = await open(path);
    try {
      const bytes = Buffer.alloc(limit - start);
      await file.read(bytes, 0, bytes.length, start);
      response.write(bytes, () => {
        isBroken = true;
        response.destroy();
      });
    } finally {
      await file.close();
    }
  };
  const server = createServer((request, response) => {
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    answer(response, start).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${encodeURIComponent(basename(path))}`,
    dispose: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
