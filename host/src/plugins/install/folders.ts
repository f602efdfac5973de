import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from '../../home/home.ts';
import { notWritable } from '../../home/prepareHome.ts';

const STAGING = '.staging';
const TRASH = '.trash-';

/** Where installed plugins lie: `<id>/<version>-<hash>/package`, their dependencies beside `package`. */
export function installedRoot(home: Home): string {
  return join(home.data, 'installed');
}

/** The plugin itself in the folder of an installation. */
export function packageFolder(home: Home, id: string, folder: string): string {
  return join(installedRoot(home), id, folder, 'package');
}

/** The cache of fetched packages. */
export function packageCache(home: Home): string {
  return join(home.cache, 'npm');
}

/**
 * A folder of one installation while it is being prepared, on the disk of the installed ones.
 * @throws KinoportError `HOME_NOT_WRITABLE`
 */
export function newStaging(home: Home): string {
  const folder = join(installedRoot(home), STAGING, randomBytes(8).toString('hex'));
  try {
    mkdirSync(installedRoot(home), { recursive: true, mode: 0o700 });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notWritable(folder, error);
  }
  return folder;
}

/**
 * Takes away what interrupted installations and replaced versions left. For the start of the host, when nothing is being
 * installed and no plugin runs: what is to go is out of the way at once, and removed while the host goes on.
 * @param used folders by id that the lock file names; `undefined` when it cannot be read: then only what was being
 *   prepared goes
 * @returns resolves when all of it is gone
 */
export async function removeLeftovers(
  home: Home,
  used: ReadonlyMap<string, string> | undefined,
): Promise<void> {
  const root = installedRoot(home);
  const leftovers = [STAGING];
  for (const id of used ? installedIds(home) : []) {
    const kept = used?.get(id);
    if (kept === undefined) leftovers.push(id);
    else leftovers.push(...list(join(root, id)).flatMap((name) => (name === kept ? [] : [join(id, name)])));
  }
  for (const name of leftovers) {
    try {
      renameSync(join(root, name), join(root, `${TRASH}${randomBytes(6).toString('hex')}`));
    } catch {
      // Not there.
    }
  }
  const trash = list(root).filter((name) => name.startsWith(TRASH));
  await Promise.allSettled(trash.map((name) => rm(join(root, name), { recursive: true, force: true })));
}

/** Ids that have a folder, whether the lock file names them or not. */
export function installedIds(home: Home): readonly string[] {
  return list(installedRoot(home)).filter((name) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(name));
}

/** Removes a folder; what cannot be removed now is at the next start. */
export function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    // Windows keeps what is open.
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
