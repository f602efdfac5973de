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

/** Head and key of a file; the file is opened for the moment of the call. */
export async function keyOfFile(
  path: string,
  size: number,
): Promise<{ readonly key: string; readonly head: Uint8Array }> {
  const file = await open(path, 'r');
  try {
    const head = await readAt(file, 0, Math.min(KEY_BYTES, size));
    const tail = size <= KEY_BYTES ? head : await readAt(file, size - KEY_BYTES, KEY_BYTES);
    return { key: contentKey(size, head, tail), head };
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
