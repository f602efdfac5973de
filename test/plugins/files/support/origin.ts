import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Origin {
  readonly url: string;
  readonly port: number;
  readonly requests: { readonly path: string; readonly range?: string; readonly authorization?: string }[];
  handle: Handler;
  close(): Promise<void>;
}

/** A real server on loopback whose behaviour a test changes at will. */
export async function origin(handle: Handler, port = 0): Promise<Origin> {
  const requests: Origin['requests'] = [];
  const server: Server = createServer((request, response) => {
    const { range, authorization } = request.headers;
    requests.push({ path: request.url ?? '', range, authorization });
    self.handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const at = (server.address() as AddressInfo).port;
  const self: Origin = {
    url: `http://127.0.0.1:${at}`,
    port: at,
    requests,
    handle,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}

/** Bytes that begin as Matroska does. */
export function film(size: number): Buffer {
  const bytes = randomBytes(size);
  bytes.writeUInt32BE(0x1a45dfa3, 0);
  return bytes;
}

/** Serves bytes with ranges, properly. */
export function ranged(bytes: Buffer, headers: Record<string, string> = {}): Handler {
  return (request, response) => {
    const all = { 'content-type': 'video/x-matroska', 'accept-ranges': 'bytes', etag: '"one"', ...headers };
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const condition = request.headers['if-range'];
    if (!match || (condition !== undefined && condition !== all.etag)) {
      response.writeHead(200, { ...all, 'content-length': bytes.length }).end(bytes);
      return;
    }
    const start = Number(match[1]);
    const last = Math.min(bytes.length - 1, match[2] ? Number(match[2]) : bytes.length - 1);
    if (start >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    const part = bytes.subarray(start, last + 1);
    response
      .writeHead(206, {
        ...all,
        'content-length': part.length,
        'content-range': `bytes ${start}-${last}/${bytes.length}`,
      })
      .end(part);
  };
}
