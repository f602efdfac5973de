import type { PluginPermissions, SpawnPermission } from '@kinoport/core';

/** A permission as a person reads it. */
export interface PermissionWords {
  /** How the manifest says it: `net: *.example.org`. The same text is the same permission. */
  readonly key: string;
  /** What it means. */
  readonly text: string;
}

/** What a plugin may do beyond its own folders, one permission each. Empty: nothing. */
export function permissionWords(permissions: PluginPermissions): readonly PermissionWords[] {
  const { fs = {}, spawn = [], net = [], native = false, playback, history } = permissions;
  const { environment = [] } = permissions as { readonly environment?: readonly string[] };
  return [
    ...spawn.map((entry) => ({ key: `spawn: ${spawnKey(entry)}`, text: spawnText(entry) })),
    ...(native ? [{ key: 'native', text: 'load native code, which no permission holds back' }] : []),
    ...(fs.write ?? []).map((path) => ({ key: `fs.write: ${path}`, text: `change ${places(path)}` })),
    ...(fs.read ?? []).map((path) => ({ key: `fs.read: ${path}`, text: `read ${places(path)}` })),
    ...net.map((host) => ({ key: `net: ${host}`, text: netText(host) })),
    ...environment.map((name) => ({ key: `environment: ${name}`, text: `see the variable ${name}` })),
    ...(playback === undefined ? [] : [{ key: `playback: ${playback}`, text: PLAYBACK[playback] }]),
    ...(history ? [{ key: 'history', text: 'see everything that was played here' }] : []),
  ];
}

const PLAYBACK = {
  observe: 'see what plays',
  control: 'see what plays, steer it, and play something itself',
} as const;

/** What is asked for and not yet granted. */
export function newPermissions(
  asked: PluginPermissions,
  granted: PluginPermissions,
): readonly PermissionWords[] {
  const known = new Set(permissionWords(granted).map(({ key }) => key));
  return permissionWords(asked).filter(({ key }) => {
    if (known.has(key)) return false;
    return !(key === 'playback: observe' && known.has('playback: control'));
  });
}

function spawnKey({ command, ...rest }: SpawnPermission): string {
  const sorted = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.length === 0 ? command : `${command} ${JSON.stringify(Object.fromEntries(sorted))}`;
}

function spawnText({ command, args }: SpawnPermission): string {
  const setting = /^\$\{config\.(.+)\}$/.exec(command)?.[1];
  const program =
    setting === undefined ? `the program ${command}` : `the program that its setting "${setting}" names`;
  const how =
    args === undefined
      ? 'with any arguments'
      : args.length === 0
        ? 'without arguments'
        : `with arguments like ${args.join(' ')}`;
  return `start ${program} ${how}`;
}

function places(path: string): string {
  if (path === '*') return 'all your files';
  return path === '~' ? 'your whole home folder' : `what is in ${path}`;
}

function netText(host: string): string {
  if (host === '*') return 'reach every server';
  return host === 'loopback' ? 'reach programs on this machine' : `reach ${host}`;
}
