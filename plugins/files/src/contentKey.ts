import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/** How much of head and tail goes into a content key. */
export const KEY_BYTES = 65_536;

/**
 * The content key of a file's bytes: `file:<size>-<32 hex digits>`, the digits being the beginning of SHA-256
 * over the size in decimal, the first and the last 64 KiB (which overlap in a small file). It is the same for
 * a file on disk and behind a URL, and survives renaming and moving.
 */
export function contentKey(size: number, head: Uint8Array, tail: Uint8Array): string {
  const hash = createHash('sha256').update(String(size)).update(head).update(tail);
  return `file:${size}-${hash.digest('hex').slice(0, 32)}`;
}

/** The content key of something known by its address only. No fragment, no credentials. */
export function addressKey(url: URL): string {
  const plain = new URL(url);
  plain.hash = '';
  plain.username = '';
  plain.password = '';
  return `url:${createHash('sha256').update(plain.href).digest('hex')}`;
}

/** A key for what is no content of its own: a folder or a playlist, by its path. */
export function containerKey(path: string): string {
  return `folder:${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
}

/** Content key of a file; it is open for the moment of the call only. @throws the system's error */
export async function keyOfFile(path: string, size: number): Promise<string> {
  // Buffers are used again: 128 KiB for each of thousands of files is more work for the collector than the reading.
  const scratch = idle.pop() ?? Buffer.allocUnsafe(2 * KEY_BYTES);
  try {
    const file = await open(path, 'r');
    try {
      const head = await readAt(file, scratch.subarray(0, Math.min(KEY_BYTES, size)), 0);
      if (size <= KEY_BYTES) return contentKey(size, head, head);
      const tail = await readAt(file, scratch.subarray(KEY_BYTES), size - KEY_BYTES);
      return contentKey(size, head, tail);
    } finally {
      await file.close();
    }
  } finally {
    if (idle.length < MAX_IDLE) idle.push(scratch);
  }
}

const MAX_IDLE = 16;
const idle: Buffer[] = [];

async function readAt(file: FileHandle, into: Buffer, position: number): Promise<Uint8Array> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return into.subarray(0, filled);
}
