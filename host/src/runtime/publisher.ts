import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type ByteServer, createByteServer } from '../streams/byteServer.ts';

/** What the publishing of streams needs, in a module of its own: most plugins publish none, and it is half of a start. */
export function newByteServer(runtimeFolder: string, onError: (error: unknown) => void): ByteServer {
  const name = randomBytes(8).toString('hex');
  const socketPath =
    process.platform === 'win32' ? `\\\\.\\pipe\\kinoport-${name}` : join(runtimeFolder, `${name}.bytes`);
  return createByteServer({ socketPath, onError });
}

export const newStreamId = (): string => randomBytes(16).toString('hex');
