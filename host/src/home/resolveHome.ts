import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { posix, win32 } from 'node:path';
import { PRODUCT } from '@kinoport/core';
import type { Home } from './home.ts';

/** Facts of the machine that tests set themselves. */
export interface ResolveHomeOptions {
  /** Default: `os.tmpdir()`. */
  readonly tmpdir?: string;
  /** Default: this process's user; `undefined` on Windows. */
  readonly uid?: number;
}

/**
 * Bytes left below `runtime` for `<plugin>/<name>`: the longest path a unix socket takes is 103 bytes on macOS
 * and 107 on Linux, and we stay at 100.
 */
const SOCKET_ROOM = 48;
const LONGEST_RUNTIME = 100 - SOCKET_ROOM;

/**
 * Where everything of this user lives. With `KINOPORT_HOME` all of it is in that one folder; otherwise in the
 * platform's folders, by the conventions of `env-paths` (XDG on Linux, Library on macOS, AppData on Windows).
 * Pure: touches no file, so every platform's paths can be computed on any other.
 *
 * `runtime` lies in the data folder rather than in `XDG_RUNTIME_DIR`, because a desktop session, a login over
 * ssh and a cron job of one user must find the same folder, and the sockets of a player that outlives a login
 * must stay. Where that path is too long for unix sockets it is a folder of the user's own in the temporary
 * folder, named after the home.
 */
export function resolveHome(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  homedir: string,
  options: ResolveHomeOptions = {},
): Home {
  const path = platform === 'win32' ? win32 : posix;
  const folders = baseFolders(env, platform, homedir);
  return {
    config: folders.config,
    configFile: path.join(folders.config, PRODUCT.configFile),
    data: folders.data,
    databaseFile: path.join(folders.data, `${PRODUCT.command}.db`),
    cache: folders.cache,
    logs: folders.logs,
    runtime: runtimeFolder(path.join(folders.data, 'run'), platform, options),
    lockFile: path.join(folders.data, 'host.lock'),
    endpointFile: path.join(folders.data, 'host.json'),
  };
}

type BaseFolders = Pick<Home, 'config' | 'data' | 'cache' | 'logs'>;

function baseFolders(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  homedir: string,
): BaseFolders {
  const path = platform === 'win32' ? win32 : posix;
  const own = env[`${PRODUCT.envPrefix}HOME`];
  if (own !== undefined && own !== '') {
    const root = path.resolve(own);
    return {
      config: root,
      data: path.join(root, 'data'),
      cache: path.join(root, 'cache'),
      logs: path.join(root, 'logs'),
    };
  }
  // The XDG specification has relative values ignored, and so do we on every platform.
  const folder = (name: string, ...fallback: readonly string[]): string => {
    const value = env[name];
    return value !== undefined && path.isAbsolute(value) ? value : path.join(homedir, ...fallback);
  };
  if (platform === 'win32') {
    const roaming = folder('APPDATA', 'AppData', 'Roaming');
    const local = folder('LOCALAPPDATA', 'AppData', 'Local');
    return {
      config: path.join(roaming, PRODUCT.name, 'Config'),
      data: path.join(local, PRODUCT.name, 'Data'),
      cache: path.join(local, PRODUCT.name, 'Cache'),
      logs: path.join(local, PRODUCT.name, 'Log'),
    };
  }
  if (platform === 'darwin') {
    const library = path.join(homedir, 'Library');
    return {
      config: path.join(library, 'Preferences', PRODUCT.name),
      data: path.join(library, 'Application Support', PRODUCT.name),
      cache: path.join(library, 'Caches', PRODUCT.name),
      logs: path.join(library, 'Logs', PRODUCT.name),
    };
  }
  return {
    config: path.join(folder('XDG_CONFIG_HOME', '.config'), PRODUCT.command),
    data: path.join(folder('XDG_DATA_HOME', '.local', 'share'), PRODUCT.command),
    cache: path.join(folder('XDG_CACHE_HOME', '.cache'), PRODUCT.command),
    logs: path.join(folder('XDG_STATE_HOME', '.local', 'state'), PRODUCT.command, 'logs'),
  };
}

function runtimeFolder(wanted: string, platform: NodeJS.Platform, options: ResolveHomeOptions): string {
  // Named pipes live in a name space of their own.
  if (platform === 'win32' || Buffer.byteLength(wanted) <= LONGEST_RUNTIME) return wanted;
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  const name = `${PRODUCT.command}-${options.uid ?? process.getuid?.() ?? 0}-${hash}`;
  // macOS's own temporary folder (/var/folders/...) is too long as well.
  const inTemporary = posix.join(options.tmpdir ?? tmpdir(), name);
  return Buffer.byteLength(inTemporary) <= LONGEST_RUNTIME ? inTemporary : posix.join('/tmp', name);
}
