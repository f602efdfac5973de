import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KinoportError } from '@kinoport/core';
import type { Layout } from './layout.ts';

export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

export function cacheFull(message: string, cause?: unknown): KinoportError {
  return new KinoportError('CACHE_FULL', message, {
    hint: 'Make room on the disk, or let the cache be larger (cacheSize).',
    cause,
  });
}

export function writeError(error: unknown): KinoportError {
  if (error instanceof KinoportError) return error;
  const code = systemCode(error) ?? '';
  if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code))
    return cacheFull('The disk of the cache has no room left.', error);
  return new KinoportError('CACHE_WRITE_FAILED', `What was fetched cannot be written to disk (${code}).`, {
    hint: 'Check that the cache folder may be written to.',
    cause: error,
  });
}

/**
 * Writes a file whole or not at all: readers, other processes and the next start see the old one or the new one.
 * Folders that are missing are made.
 */
export async function writeWhole(layout: Layout, path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = layout.temporary(path);
  try {
    const file = await open(temporary, 'wx').catch(async (error) => {
      if (!isMissing(error)) throw error;
      await mkdir(dirname(path), { recursive: true });
      return open(temporary, 'wx');
    });
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writeError(error);
  }
}
