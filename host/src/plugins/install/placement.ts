import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KinoportError, type SerializedError } from '@kinoport/core';
import type { Home } from '../../home/home.ts';
import { notWritable } from '../../home/prepareHome.ts';
import { pluginLogFile } from '../../log/pluginLog.ts';
import { compiledFolders } from '../permissions/pluginFolders.ts';
import { hashFile, hashFolder } from './contents.ts';
import { installedRoot, packageFolder, remove } from './folders.ts';
import { type LockedPlugin, readLockFile, writeLockFile } from './lockFile.ts';

export interface PlacementOptions {
  readonly home: Home;
  /** Follows a change of the lock file; resolves when new processes run, or their errors stand. */
  readonly refresh: () => Promise<void>;
  /** The folder that a plugin of this id runs from, and what is wrong with it. */
  readonly running: (
    id: string,
  ) => { readonly root: string; readonly error: SerializedError | null } | undefined;
}

/** What goes into the lock file, without what its folder tells. */
export type Placed = Omit<LockedPlugin, 'folder' | 'contents' | 'dependencies'>;

/**
 * Puts a finished folder in place, writes it down, and has it run. A new version that does not start is taken back.
 * Interrupted at any point it leaves the old state or the new one, and a folder that the next start of the host removes.
 * @throws KinoportError `HOME_NOT_WRITABLE`, `PLUGIN_LOCK_INVALID`, of the start
 */
export async function place(
  options: PlacementOptions,
  id: string,
  staging: string,
  placed: Placed,
): Promise<void> {
  const { home, refresh, running } = options;
  const locked = readLockFile(home);
  const before = locked[id];
  const parent = join(installedRoot(home), id);
  const folder = freeFolder(parent, placed.version, placed.integrity);
  const target = join(parent, folder);
  const lock = join(staging, 'package-lock.json');
  const entry: LockedPlugin = {
    ...placed,
    folder,
    contents: hashFolder(join(staging, 'package')),
    dependencies: existsSync(lock) ? hashFile(lock) : null,
  };
  try {
    rmSync(join(staging, 'package.tgz'), { force: true });
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    renameSync(staging, target);
  } catch (error) {
    throw notWritable(target, error);
  }
  try {
    writeLockFile(home, { ...locked, [id]: entry });
  } catch (error) {
    remove(target);
    throw error;
  }
  await refresh();
  const now = running(id);
  if (before && now && now.root !== join(target, 'package')) {
    writeLockFile(home, { ...readLockFile(home), [id]: before });
    await refresh();
    remove(target);
    const { code = 'PLUGIN_INSTALL_FAILED', message = 'It did not start.' } = now.error ?? {};
    throw new KinoportError(
      code,
      `Version ${entry.version} was not installed, ${before.version} goes on: ${message}`,
      // Not that of the error: it may name the folder that was just removed.
      { hint: `Tell its author. The log is ${pluginLogFile(home, id)}.` },
    );
  }
  if (!before) return;
  remove(join(parent, before.folder));
  // The process of the version before may still write into its own.
  const roots = [before.folder, folder].map((each) => packageFolder(home, id, each));
  for (const compiled of compiledFolders(home, id, roots)) remove(compiled);
}

/** A name for the folder that none there has: the version, and what tells two archives of one version apart. */
function freeFolder(parent: string, version: string, integrity: string): string {
  const hash = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex').slice(0, 8);
  const name = `${version.replace(/[^A-Za-z0-9.+-]/g, '_')}-${hash}`;
  for (let number = 1; ; number += 1) {
    const folder = number === 1 ? name : `${name}.${number}`;
    if (!existsSync(join(parent, folder))) return folder;
  }
}
