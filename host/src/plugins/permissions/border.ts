import { homedir } from 'node:os';
import type { PluginPermissions, SpawnPermission } from '@kinoport/core';
import type { PluginAccess } from './access.ts';
import type { PluginNode } from './node.ts';
import { expandPath, includesPath } from './paths.ts';

type NodeOptions = Pick<PluginNode, 'options'>;

/** Something that a plugin without the permission for it might try, and whether anything stops it. */
export interface BorderRow {
  readonly id: string;
  /** In words that go on after "It can". */
  readonly what: string;
  /** By `always`: in every version of Node that is supported; by an option: where Node knows it; by nothing. */
  readonly stopped: 'always' | 'never' | '--allow-net' | '--experimental-sqlite';
  /** What is said of it beside the table. */
  readonly note?: string;
}

/** What the tests try with real plugins on every supported Node, the documentation shows, and `doctor` tells. */
export const BORDER = [
  { id: 'read', what: 'read files outside of its own folders', stopped: 'always' },
  { id: 'write', what: 'write files outside of its own folders', stopped: 'always' },
  { id: 'make-link', what: 'make a link that leads out of its folders', stopped: 'always' },
  { id: 'processes-list', what: 'read the command lines of other programs', stopped: 'always' },
  { id: 'program', what: 'start programs by itself', stopped: 'always' },
  { id: 'worker', what: 'start threads', stopped: 'always' },
  { id: 'addon', what: 'load native code', stopped: 'always' },
  { id: 'wasi', what: 'run WebAssembly with access to the system', stopped: 'always' },
  { id: 'inspector', what: 'open a debugger', stopped: 'always' },
  { id: 'report', what: 'have Node write reports and snapshots elsewhere', stopped: 'always' },
  { id: 'environment', what: "see the rest of the host's environment", stopped: 'always' },
  { id: 'sockets-list', what: "list other plugins' sockets", stopped: 'always' },
  { id: 'poison', what: 'change the compiled code that other plugins run', stopped: 'always' },
  {
    id: 'database',
    what: 'open any file as a database, through node:sqlite',
    stopped: '--experimental-sqlite',
    note: "Node's permission model does not look at it; the module is taken away instead.",
  },
  { id: 'tcp', what: 'connect to servers, on this machine and elsewhere', stopped: '--allow-net' },
  { id: 'listen', what: 'listen on a port', stopped: '--allow-net' },
  { id: 'udp', what: 'send UDP packets', stopped: '--allow-net' },
  { id: 'dns', what: 'ask for the address of a name', stopped: '--allow-net' },
  { id: 'fetch', what: 'fetch web addresses', stopped: '--allow-net' },
  {
    id: 'player-socket',
    what: 'have a player start programs, when it knows the secret name of its socket',
    stopped: '--allow-net',
    note: 'The names are random, and lie in a folder that it cannot list.',
  },
  {
    id: 'follow-link',
    what: 'follow a link in its folders that leads out of them',
    stopped: 'never',
    note: 'It cannot make one; packages with links are not installed.',
  },
  { id: 'signal', what: 'send signals to any process of yours, and so end it', stopped: 'never' },
  { id: 'exists', what: 'find out whether a path exists', stopped: 'never' },
] as const satisfies readonly BorderRow[];

/** What the options of Node that matter here are, by its major version. */
export const NODE_OPTIONS: Readonly<Record<'22' | '24' | '26', readonly string[]>> = {
  22: ['--permission', '--experimental-sqlite'],
  24: ['--permission', '--experimental-sqlite', '--allow-inspector'],
  26: ['--permission', '--experimental-sqlite', '--allow-inspector', '--allow-net'],
};

/** Whether something is stopped on that Node for a plugin that has no permission for it. */
export function isStopped({ stopped }: BorderRow, node: NodeOptions): boolean {
  return stopped === 'always' || (stopped !== 'never' && node.options.has(stopped));
}

/**
 * How far a plugin is held: `limited`, to what it asks for, as far as Node goes (accidents are stopped, malice is
 * not); `declared`, it says what it needs and this Node cannot hold it to all of that; `full trust`, it may start
 * programs with any arguments, load native code or write where programs are started from, and so do what you can.
 */
export type Protection = 'limited' | 'declared' | 'full trust';

export function protectionOf(granted: PluginPermissions, node: NodeOptions): Protection {
  if (isFullTrust(granted)) return 'full trust';
  return node.options.has('--allow-net') || granted.net?.length ? 'limited' : 'declared';
}

/** Whether the rest hardly matters, on any Node. */
export function isFullTrust(granted: PluginPermissions): boolean {
  return trustReasons(granted).length > 0;
}

/** What a plugin can do on that Node although nobody allowed it, or because of what was allowed: words after "It can". */
export function notStopped(
  granted: PluginPermissions,
  node: NodeOptions,
  hostData: string,
): readonly string[] {
  const rows: readonly BorderRow[] = BORDER;
  return [
    ...trustReasons(granted),
    ...rows
      .filter((row) => !isStopped(row, node) && !(row.stopped === '--allow-net' && granted.net?.length))
      .map(({ what }) => what),
    ...(granted.net?.length && !granted.net.includes('*') ? ['reach other hosts than those it names'] : []),
    ...(reaches(granted, hostData, node)
      ? ["read the token of the host's own API, and do with it what you can do with the command line"]
      : []),
  ];
}

function trustReasons({ spawn = [], native, fs }: PluginPermissions): readonly string[] {
  const home = homedir();
  const free = spawn.filter(({ args }) => args === undefined || args.includes('*'));
  const anywhere = (fs?.write ?? []).some((path) => includesPath(expandPath(path, home), home));
  return [
    ...(free.length > 0 ? [`have a program do anything: ${named(free)}`] : []),
    ...(native ? ['do anything, in native code'] : []),
    ...(anywhere ? ['write into your home folder, and so have other programs do anything'] : []),
  ];
}

function reaches({ fs, net }: PluginPermissions, hostData: string, node: NodeOptions): boolean {
  const home = homedir();
  const readable = [...(fs?.read ?? []), ...(fs?.write ?? [])];
  const connects = (net?.length ?? 0) > 0 || !node.options.has('--allow-net');
  return connects && readable.some((path) => includesPath(expandPath(path, home), hostData));
}

/** What `PluginView` says of a plugin's permissions. */
export function permissionsView(access: PluginAccess, node: NodeOptions, hostData: string) {
  return {
    ...access,
    protection: protectionOf(access.granted, node),
    notStopped: notStopped(access.granted, node, hostData),
  };
}

function named(programs: readonly SpawnPermission[]): string {
  const [first, second, third, ...more] = programs.map(({ command }) => command);
  const shown = [first, second, third].filter((each) => each !== undefined).join(', ');
  return more.length > 0 ? `${shown} and ${more.length} more` : shown;
}
