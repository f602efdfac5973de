import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Disposable } from '@kinoport/core';

/** More than a report can have: whoever sends that is not ffmpeg. */
const LONGEST = 65_536;

/** A socket that one ffmpeg tells its progress to: seconds that were sent. */
export class ProgressSocket implements Disposable {
  /** For `-progress`. */
  readonly address: string;
  readonly #server: Server;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.address = `unix:${path}`;
  }

  /** @param folder short and private; the socket is gone from it after `dispose` */
  static async open(folder: string, onProgress: (seconds: number) => void): Promise<ProgressSocket> {
    const path = join(folder, `${randomUUID().slice(0, 8)}.sock`);
    const server = createServer((socket) => {
      let text = '';
      socket.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const end = text.lastIndexOf('\n') + 1;
        for (const [, told] of text.slice(0, end).matchAll(/^out_time_us=(\d+)$/gm))
          onProgress(Number(told) / 1_000_000);
        text = text.slice(end);
        if (text.length > LONGEST) socket.destroy();
      });
      // It has gone; its exit says why.
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    return new ProgressSocket(server, path);
  }

  dispose(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
