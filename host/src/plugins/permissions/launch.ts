import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import type { Home } from '../../home/home.ts';
import type { PluginAccess } from './access.ts';
import { codeFolders, realFolder } from './codeFolders.ts';
import { pluginEnvironment } from './environment.ts';
import { ownNode, type PluginNode } from './node.ts';
import { nodeFlags } from './nodeFlags.ts';
import { makePluginFolders, type PluginFolders, pluginFolders } from './pluginFolders.ts';

export interface LaunchOptions {
  readonly plugin: { readonly id: string; readonly root: string; readonly access: PluginAccess };
  readonly home: Home;
  /** The module that runs in the process. */
  readonly runtime: string;
  /** A debugger is to be let in. */
  readonly debug?: boolean;
  /** Default: the Node of this process. */
  readonly node?: PluginNode;
  /** Default: that of this process. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** How a plugin's process is started so that it can do what it may, and no more. */
export interface Launch {
  /** Of Node. */
  readonly path: string;
  /** Options of Node, before the module. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Made; only `compiled` is none of the plugin's business. */
  readonly folders: PluginFolders;
}

/** @throws KinoportError `PLUGIN_NOT_FOUND`, `PLUGIN_LOAD_FAILED`, `HOME_NOT_WRITABLE` */
export function prepareLaunch(options: LaunchOptions): Launch {
  const { plugin, home, runtime, node = ownNode(), environment = process.env, debug = false } = options;
  const { granted } = plugin.access;
  // Else the system says no more than that the process could not be started.
  realFolder(plugin.root);
  const folders = makePluginFolders(pluginFolders(home, plugin.id, plugin.root));
  const runtimeFolder = dirname(runtime);
  return {
    path: node.path,
    flags: nodeFlags({
      granted,
      node,
      // Not looked for where everything is open: that takes some milliseconds of every start.
      code: granted.fs?.read?.includes('*')
        ? []
        : [...codeFolders(plugin.root), runtimeFolder, realpathSync(runtimeFolder)],
      folders: Object.values(folders),
      userHome: homedir(),
      debug,
    }),
    environment: {
      ...pluginEnvironment(environment, granted),
      // The system's own is not open to it.
      TMPDIR: folders.cache,
      TEMP: folders.cache,
      TMP: folders.cache,
      NODE_COMPILE_CACHE: folders.compiled,
    },
    folders,
  };
}
