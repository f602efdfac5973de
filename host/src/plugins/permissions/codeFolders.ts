import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KinoportError } from '@kinoport/core';
import { includesPath } from './paths.ts';

/** More packages than this are not looked for; a plugin of that size brings its own `node_modules`. */
const MOST_PACKAGES = 2000;

interface Dependencies {
  readonly dependencies?: Readonly<Record<string, unknown>>;
  readonly optionalDependencies?: Readonly<Record<string, unknown>>;
  readonly peerDependencies?: Readonly<Record<string, unknown>>;
}

/**
 * What a plugin's process has to read to load the plugin: its folder, and the packages that it depends on and that
 * lie outside of it (hoisted into a `node_modules` further up, or linked to), found as Node finds them. Of a link
 * both ends.
 * @throws KinoportError `PLUGIN_NOT_FOUND` when its folder is gone
 */
export function codeFolders(root: string): readonly string[] {
  const own = realFolder(root);
  const found = new Set([root, own]);
  const seen = new Set([own]);
  const queue = [own];
  for (
    let folder = queue.shift();
    folder !== undefined && seen.size < MOST_PACKAGES;
    folder = queue.shift()
  ) {
    for (const name of dependenciesOf(folder)) {
      const place = locate(name, folder);
      if (place === undefined) continue;
      const real = realpathSync(place);
      for (const path of [place, real]) if (!includesPath(own, path)) found.add(path);
      if (seen.has(real)) continue;
      seen.add(real);
      queue.push(real);
    }
  }
  return [...found];
}

/** The folder of a plugin, without links. @throws KinoportError `PLUGIN_NOT_FOUND` when it is gone */
export function realFolder(root: string): string {
  try {
    return realpathSync(root);
  } catch (cause) {
    throw new KinoportError('PLUGIN_NOT_FOUND', `There is no plugin in ${root} any more.`, {
      hint: 'Put its folder back, or take the plugin out of the config.',
      cause,
    });
  }
}

function dependenciesOf(folder: string): readonly string[] {
  try {
    const text = readFileSync(join(folder, 'package.json'), 'utf8');
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(text) as Dependencies;
    return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  } catch {
    // Node will say what is wrong with it when it is loaded.
    return [];
  }
}

function locate(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(place)) return place;
    if (dirname(folder) === folder) return undefined;
  }
}
