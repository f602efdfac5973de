import { open, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from './waiting.ts';

/** `ok` · a status instead of the bytes · `hang`: takes the request and says nothing more · `close`: nobody there. */
export type OriginMode = 'ok' | 401 | 403 | 503 | 'hang' | 'close';

const CHUNK = 32 * 1024;

/** A web server with one file that can be made to misbehave in mid-film, what is under way included. */
export class FilmOrigin {
  readonly #server: Server;
  readonly #file: string;
  readonly #rate: number;
  readonly #under = new Set<ServerResponse>();
  /** Milliseconds before an answer begins. */
  latency = 0;
  #mode: OriginMode = 'ok';
  #requests = 0;

  private constructor(file: string, rate: number) {
    this.#file = file;
    this.#rate = rate;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  /** @param rate bytes per second of one response */
  static async start(file: string, rate: number): Promise<FilmOrigin> {
    const origin = new FilmOrigin(file, rate);
    await new Promise<void>((resolve) => origin.#server.listen(0, '127.0.0.1', resolve));
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/film.mkv`;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Waits until so many requests have come. */
  async asked(count: number): Promise<void> {
    await until(`request ${count} at the origin`, () => this.#requests >= count);
  }

  get mode(): OriginMode {
    return this.#mode;
  }

  /** From now on, and for what is under way. */
  set mode(mode: OriginMode) {
    this.#mode = mode;
    if (mode === 'close') this.#server.closeAllConnections();
    else if (typeof mode === 'number') for (const response of this.#under) response.destroy();
  }

  async dispose(): Promise<void> {
    this.#mode = 'close';
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests += 1;
    if (this.#mode === 'close') {
      request.socket.destroy();
      return;
    }
    if (typeof this.#mode === 'number') {
      response.writeHead(this.#mode, { 'content-length': 0 }).end();
      return;
    }
    if (this.#mode === 'hang') return;
    if (this.latency > 0) await pause(this.latency);
    const { size, mtime } = await stat(this.#file);
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = match ? Number(match[1]) : 0;
    const end = match?.[2] ? Math.min(size, Number(match[2]) + 1) : size;
    const head = {
      'content-type': 'video/x-matroska',
      'accept-ranges': 'bytes',
      etag: `"${size}"`,
      'last-modified': mtime.toUTCString(),
    };
    if (start >= size) {
      response.writeHead(416, { ...head, 'content-range': `bytes */${size}`, 'content-length': 0 }).end();
      return;
    }
    response.writeHead(match ? 206 : 200, {
      ...head,
      'content-length': end - start,
      ...(match ? { 'content-range': `bytes ${start}-${end - 1}/${size}` } : {}),
    });
    if (request.method === 'HEAD') response.end();
    else await this.#send(response, start, end);
  }

  async #send(response: ServerResponse, start: number, end: number): Promise<void> {
    this.#under.add(response);
    const file = await open(this.#file);
    const began = performance.now();
    try {
      const buffer = Buffer.alloc(CHUNK);
      for (let at = start; at < end && !response.destroyed; ) {
        // Still in the mood to hang: what is under way waits with the rest.
        if (this.#mode !== 'ok') {
          await pause(20);
          continue;
        }
        const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, end - at), at);
        at += bytesRead;
        const due = ((at - start) / this.#rate) * 1000 - (performance.now() - began);
        if (due > 1) await pause(due);
        const full = !response.write(Buffer.from(buffer.subarray(0, bytesRead)));
        if (full && !response.destroyed) await drained(response);
      }
      if (!response.destroyed) response.end();
    } finally {
      this.#under.delete(response);
      await file.close();
    }
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
  });
}
