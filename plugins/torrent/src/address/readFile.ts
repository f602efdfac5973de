import { open } from 'node:fs/promises';
import { KinoportError } from '@kinoport/core';
import { MAX_TORRENT } from './parseTorrent.ts';
import { invalid } from './text.ts';

/** @throws KinoportError `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_FAILED`, `TORRENT_INVALID` for what is too large */
export async function readTorrentFile(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > MAX_TORRENT) throw invalid('it is larger than 16 MiB');
    // A file may have grown meanwhile, and a pipe has no size.
    const bytes = Buffer.alloc(Math.min(size, MAX_TORRENT));
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } catch (cause) {
    throw readError(cause, path);
  }
}

function readError(cause: unknown, path: string): KinoportError {
  if (cause instanceof KinoportError) return cause;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ERR_INVALID_ARG_VALUE')
    return new KinoportError('SOURCE_NOT_FOUND', `There is no ${path.slice(0, 300)}.`, { cause });
  if (code === 'EACCES' || code === 'EPERM')
    return new KinoportError('SOURCE_FORBIDDEN', `${path} may not be read.`, { cause });
  return new KinoportError('SOURCE_FAILED', `${path} cannot be read.`, { cause });
}
