import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CommandArguments, type CommandContribution, KinoportError } from '@kinoport/core';
import { developmentFlags } from './dev/development.ts';
import type { DiscoveredPlugin } from './discovery.ts';
import { codeFolders, realFolder } from './permissions/codeFolders.ts';
import { pluginEnvironment } from './permissions/environment.ts';
import { ownNode } from './permissions/node.ts';
import { nodeFlags } from './permissions/nodeFlags.ts';

/** How the process of a standalone command is started so that it can do what its plugin may, and no more. */
export interface StandaloneLaunch {
  /** Of Node. */
  readonly path: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** File URL of the plugin's module. */
  readonly module: string;
}

/**
 * Touches nothing of the home: a server may have none.
 * @param runtime the module that runs in the process
 * @param input what the user has named on the command line may be read as well
 * @throws KinoportError `PLUGIN_NOT_FOUND`, `PLUGIN_LOAD_FAILED`
 */
export function planStandalone(
  { root, access: { granted }, manifest, development }: DiscoveredPlugin,
  contribution: CommandContribution,
  input: CommandArguments,
  runtime: string,
): StandaloneLaunch {
  const module = manifest?.standalone[contribution.command];
  if (module === undefined)
    throw new KinoportError('PLUGIN_LOAD_FAILED', `There is no module for "${contribution.command}".`);
  realFolder(root);
  const node = ownNode();
  const runtimeFolder = dirname(runtime);
  const flags = nodeFlags({
    granted,
    node,
    code: granted.fs?.read?.includes('*')
      ? []
      : [
          ...codeFolders(root),
          runtimeFolder,
          realpathSync(runtimeFolder),
          ...namedPaths(contribution, input),
        ],
    folders: [],
    userHome: homedir(),
  });
  return {
    path: node.path,
    args: [...developmentFlags(development), ...flags, runtime],
    environment: pluginEnvironment(process.env, granted),
    module: pathToFileURL(module).href,
  };
}

function namedPaths({ args = [], options = [] }: CommandContribution, input: CommandArguments): string[] {
  return [
    ...args.map(({ name, type }) => ({ type, value: input.args[name] })),
    ...options.map(({ name, type }) => ({ type, value: input.options[name] })),
  ].flatMap(({ type, value }) => {
    if (type !== 'path' || value === undefined) return [];
    const paths: readonly unknown[] = Array.isArray(value) ? value : [value];
    // Node would take a "*" as a pattern, and open more than was named.
    return paths.filter(
      (path): path is string => typeof path === 'string' && isAbsolute(path) && !path.includes('*'),
    );
  });
}
