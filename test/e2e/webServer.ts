import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * An ordinary web server on loopback: files of a folder with ranges, a page, nothing, and an address that hangs.
 * It is about ten times as fast as the clips play, so that no player has a whole one at once.
 */
export class WebServer {
  /** Beginnings of the ranges that were asked for, by path. */
  readonly asked: { readonly path: string; readonly from: number }[] = [];
  readonly #folder: string;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  constructor(folder: string) {
    this.#folder = folder;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${path}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').slice(1);
    if (path === 'hang') return;
    if (path === 'page') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<!doctype html><title>Not a film</title><p>A page.');
      return;
    }
    const file = join(this.#folder, path);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<p>Not here');
      return;
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
    this.asked.push({ path, from: start });
    response.writeHead(range ? 206 : 200, {
      'accept-ranges': 'bytes',
      'content-length': end - start + 1,
      'content-type': 'video/x-matroska',
      etag: `"${size}"`,
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
    });
    if (request.method === 'HEAD') response.end();
    else {
      pipeline(createReadStream(file, { start, end, highWaterMark: 8192 }), slowly, response).catch(
        () => undefined,
      );
    }
  }
}

async function* slowly(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    yield chunk;
    await wait(40);
  }
}
