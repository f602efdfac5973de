import { accessSync, chmodSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { KinoportError, PRODUCT } from '@kinoport/core';
import type { Home } from './home.ts';

/**
 * Makes the folders of a home. `data` and `runtime` are the user's alone (mode 0700), also where they were
 * there before with more; a new `config`, `cache` or `logs` is too. An existing `config` need not be writable:
 * some systems manage it.
 * @throws KinoportError `HOME_NOT_WRITABLE`
 */
export function prepareHome(home: Home): void {
  for (const folder of [home.config, home.data, home.cache, home.logs, home.runtime]) {
    attempt(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  }
  for (const folder of [home.data, home.cache, home.logs, home.runtime]) {
    attempt(folder, () => accessSync(folder, constants.W_OK | constants.X_OK));
  }
  if (process.platform === 'win32') return;
  refuseForeign(home.runtime);
  for (const folder of [home.data, home.runtime]) attempt(folder, () => chmodSync(folder, 0o700));
}

/** Anybody may make a folder of that name in the temporary folder before us, or a link to one of his. */
function refuseForeign(folder: string): void {
  const stats = lstatSync(folder);
  if (stats.isDirectory() && stats.uid === process.getuid?.()) return;
  throw new KinoportError('HOME_NOT_WRITABLE', `The folder ${folder} belongs to another user.`, {
    hint: `Remove it, or set ${PRODUCT.envPrefix}HOME to a folder with a short path.`,
    data: { folder },
  });
}

function attempt(folder: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    throw notWritable(folder, error);
  }
}

/** The error of a file or folder of the home that cannot be written. */
export function notWritable(path: string, cause: unknown): KinoportError {
  const reason = cause instanceof Error ? reasonOf(cause) : String(cause);
  return new KinoportError('HOME_NOT_WRITABLE', `${PRODUCT.name} cannot write to ${path} (${reason}).`, {
    hint: `Make it writable for your user, or set ${PRODUCT.envPrefix}HOME to a folder that is.`,
    data: { path },
    cause,
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file is in its place',
  ENOENT: 'it does not exist',
  ENAMETOOLONG: 'the path is too long',
  SQLITE_FULL: 'the disk is full',
  SQLITE_READONLY: 'it is read-only',
  SQLITE_CANTOPEN: 'it cannot be opened',
  SQLITE_PERM: 'permission denied',
};

function reasonOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? error.message;
}
