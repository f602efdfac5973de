import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KinoportError, type PluginPermissions, PRODUCT, toKinoportError } from '@kinoport/core';
import type { Home } from '../../home/home.ts';
import { hashFile, hashFolder } from './contents.ts';
import { installedIds, installedRoot, packageFolder } from './folders.ts';
import { type LockedPlugin, type LockedPlugins, readLockFile } from './lockFile.ts';

/** A plugin that the lock file names, or the reason why it cannot be used. */
export interface InstalledPlugin {
  readonly id: string;
  /** The folder of its `package.json`. */
  readonly root: string;
  /** What the user has allowed. */
  readonly grant: PluginPermissions;
  readonly error?: KinoportError;
}

/**
 * The plugins of the lock file, by their names alone. Never throws: a lock file that cannot be read is the error of every
 * plugin that has a folder, so that the rest goes on and their settings are no mistakes.
 */
export function installedPlugins(home: Home): readonly InstalledPlugin[] {
  return look(home, () => undefined);
}

/** The same for a host, which compares each folder once with the hashes of the lock file. */
export class InstalledPlugins {
  readonly #home: Home;
  /** What was wrong with a folder, by its path. */
  readonly #looked = new Map<string, KinoportError | undefined>();

  constructor(home: Home) {
    this.#home = home;
  }

  list(): readonly InstalledPlugin[] {
    return look(this.#home, (id, root, plugin) => {
      if (!this.#looked.has(root)) this.#looked.set(root, fault(id, root, plugin));
      return this.#looked.get(root);
    });
  }

  /** Looks at the folders again. */
  forget(): void {
    this.#looked.clear();
  }

  /** The folders that are in use, by id; `undefined` when the lock file cannot be read. */
  folders(): ReadonlyMap<string, string> | undefined {
    try {
      return new Map(Object.entries(readLockFile(this.#home)).map(([id, { folder }]) => [id, folder]));
    } catch {
      return undefined;
    }
  }
}

function look(
  home: Home,
  faultOf: (id: string, root: string, plugin: LockedPlugin) => KinoportError | undefined,
): readonly InstalledPlugin[] {
  let locked: LockedPlugins;
  try {
    locked = readLockFile(home);
  } catch (error) {
    const fault = toKinoportError(error);
    return installedIds(home).map((id) => ({
      id,
      root: join(installedRoot(home), id),
      grant: {},
      error: fault,
    }));
  }
  return Object.entries(locked).map(([id, plugin]) => {
    const root = packageFolder(home, id, plugin.folder);
    const error = faultOf(id, root, plugin);
    return { id, root, grant: plugin.permissions, ...(error ? { error } : {}) };
  });
}

/** What is wrong with the folder of an installed plugin. */
function fault(id: string, root: string, plugin: LockedPlugin): KinoportError | undefined {
  const lock = join(dirname(root), 'package-lock.json');
  try {
    if (!existsSync(root)) return altered(id, 'is missing', root);
    if (hashFolder(root) !== plugin.contents) return altered(id, 'was altered', root);
    if (plugin.dependencies !== null && hashFile(lock) !== plugin.dependencies)
      return altered(id, 'has other dependencies than were installed', root);
    if (plugin.dependencies !== null && !existsSync(join(dirname(root), 'node_modules')))
      return altered(id, 'has lost its dependencies', root);
    return undefined;
  } catch {
    return altered(id, 'cannot be read', root);
  }
}

function altered(id: string, what: string, root: string): KinoportError {
  return new KinoportError('PLUGIN_ALTERED', `The installed plugin "${id}" ${what}: ${root}.`, {
    hint: `"${PRODUCT.command} plugin update ${id}" installs it again; to change a plugin, name a folder of your own in the config.`,
    data: { plugin: id },
  });
}
