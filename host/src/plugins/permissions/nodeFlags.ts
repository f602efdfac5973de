import { KinoportError, type PluginPermissions } from '@kinoport/core';
import type { PluginNode } from './node.ts';
import { expandPath } from './paths.ts';

export interface NodeFlagOptions {
  readonly granted: PluginPermissions;
  readonly node: Pick<PluginNode, 'options'>;
  /** Files and folders to read: the plugin, what it imports, the runtime. They exist. */
  readonly code: readonly string[];
  /** Folders of the plugin's own, to read and write. They exist. */
  readonly folders: readonly string[];
  readonly userHome: string;
  /** A debugger is to be let in. Node 22 has no way to but to leave all of its permission model away. */
  readonly debug?: boolean;
}

/**
 * The options that make Node hold a plugin to its permissions.
 * @throws KinoportError `PLUGIN_LOAD_FAILED` for a folder whose name Node would take as a pattern
 */
export function nodeFlags(options: NodeFlagOptions): readonly string[] {
  const { granted, node, code, folders, userHome, debug = false } = options;
  if (debug && !node.options.has('--allow-inspector')) return [];
  const wildcard = [...code, ...folders].find((path) => path.includes('*'));
  if (wildcard !== undefined) {
    throw new KinoportError('PLUGIN_LOAD_FAILED', `Node would take the "*" in ${wildcard} as a pattern.`, {
      hint: 'Rename the folder.',
    });
  }
  const write = allowed(granted.fs?.write, userHome);
  const read = [...allowed(granted.fs?.read, userHome), ...write];
  const everything = read.includes('*') && write.includes('*');
  return [
    '--permission',
    ...(read.includes('*') ? ['*'] : unique([...code, ...folders, ...read])).map(
      (path) => `--allow-fs-read=${path}`,
    ),
    ...(write.includes('*') ? ['*'] : unique([...folders, ...write])).map(
      (path) => `--allow-fs-write=${path}`,
    ),
    // Node says in every log that --allow-net is new.
    ...(granted.net?.length && node.options.has('--allow-net')
      ? ['--allow-net', '--disable-warning=ExperimentalWarning']
      : []),
    ...(granted.native ? ['--allow-addons'] : []),
    ...(debug ? ['--allow-inspector'] : []),
    // It opens any file there is, past all of the above (seen on 22.23, 24.21 and 26.10).
    ...(!everything && node.options.has('--experimental-sqlite') ? ['--no-experimental-sqlite'] : []),
  ];
}

/** A folder that is not there yet is not known as one: what is in it needs a pattern. */
function allowed(paths: readonly string[] = [], userHome: string): readonly string[] {
  return paths
    .map((path) => expandPath(path, userHome))
    .filter((path) => path === '*' || !path.includes('*'))
    .flatMap((path) => (path === '*' ? [path] : [path, path.endsWith('/') ? `${path}*` : `${path}/*`]));
}

function unique(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)];
}
