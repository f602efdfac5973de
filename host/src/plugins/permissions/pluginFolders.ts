import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../../home/home.ts';
import { notWritable } from '../../home/prepareHome.ts';

/** Folders of one plugin's own. */
export interface PluginFolders {
  readonly data: string;
  readonly cache: string;
  /** For sockets; a short name that says nothing, in a folder that no plugin can list. */
  readonly runtime: string;
  /** Compiled code. Never shared: who can write it decides what another process runs. */
  readonly compiled: string;
}

/** Where they are, for a plugin of that id and folder; touches nothing. */
export function pluginFolders(home: Home, id: string, root: string): PluginFolders {
  return {
    data: join(home.data, 'plugins', id),
    cache: join(home.cache, 'plugins', id),
    runtime: join(home.runtime, hash(id).slice(0, 12)),
    // With the folder in its name: another plugin that takes the id one day starts with nothing.
    compiled: join(home.cache, 'compile', `${id}-${hash(root).slice(0, 8)}`),
  };
}

/** Those with the compiled code of a plugin of that id, but for what runs from `roots`. */
export function compiledFolders(home: Home, id: string, roots: readonly string[]): readonly string[] {
  const kept = new Set(roots.map((root) => pluginFolders(home, id, root).compiled));
  const parent = join(home.cache, 'compile');
  const names = existsSync(parent) ? readdirSync(parent) : [];
  return names
    .filter((name) => name.startsWith(`${id}-`) && /^[0-9a-f]{8}$/.test(name.slice(id.length + 1)))
    .map((name) => join(parent, name))
    .filter((folder) => !kept.has(folder));
}

/**
 * Makes those that are missing, for the user alone, and gives the real paths of all.
 * @throws KinoportError `HOME_NOT_WRITABLE`
 */
export function makePluginFolders(folders: PluginFolders): PluginFolders {
  const make = (folder: string): string => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return realpathSync(folder);
    } catch (error) {
      throw notWritable(folder, error);
    }
  };
  return {
    data: make(folders.data),
    cache: make(folders.cache),
    runtime: make(folders.runtime),
    compiled: make(folders.compiled),
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
