import { chmodSync, truncateSync } from 'node:fs';
import type { Disposable } from '@kinoport/core';
import Database from 'better-sqlite3';
import type { Home } from './home.ts';
import { notWritable } from './prepareHome.ts';

/** Held by the one host of a home until disposed; the operating system releases it when the process dies. */
export interface HostLock extends Disposable {
  dispose(): void;
}

/**
 * Becomes the one host of this home. `undefined`: another process is, or this one already.
 *
 * The lock is SQLite's lock on a file without content: a real lock on every platform, gone with its owner, and
 * never stale as a pid file is. On POSIX such a lock is lost when its owner closes *any* descriptor of the
 * file, so nothing in the host may read `lockFile`.
 * @throws KinoportError `HOME_NOT_WRITABLE`
 */
export function acquireHostLock(home: Home): HostLock | undefined {
  try {
    return lock(home.lockFile);
  } catch (error) {
    if (codeOf(error) !== 'SQLITE_NOTADB') throw notWritable(home.lockFile, error);
  }
  // Something else wrote into the file. Emptied in place, never removed: two hosts that find it so at the same
  // time must still meet on one file.
  try {
    truncateSync(home.lockFile);
    return lock(home.lockFile);
  } catch (error) {
    throw notWritable(home.lockFile, error);
  }
}

function lock(file: string): HostLock | undefined {
  const database = new Database(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    if (process.platform !== 'win32') chmodSync(file, 0o600);
  } catch (error) {
    database.close();
    if (codeOf(error).startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
  return { dispose: () => void database.close() };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
