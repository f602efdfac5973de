import { homedir } from 'node:os';
import type { JsonObject, PluginPermissions, SpawnPermission } from '@kinoport/core';
import { commonPaths } from './paths.ts';
import { commonPatterns } from './patterns.ts';

/** What a user allows a plugin: everything it asks for, or no more than this. */
export type Grant = PluginPermissions | 'all';

/** What a plugin's manifest asks for, and what of it the user allows. */
export interface PluginAccess {
  readonly requested: PluginPermissions;
  readonly granted: PluginPermissions;
}

/** A generation of a plugin that asks for something. */
export interface Asker {
  readonly id: string;
  readonly access: PluginAccess;
  /** Its slice of the config, as it is now. */
  config(): JsonObject | Promise<JsonObject>;
}

/** What a plugin gets: what it asks for, within every one of the grants. What a grant does not name it refuses. */
export function accessOf(
  requested: PluginPermissions | undefined,
  grants: readonly Grant[],
  userHome: string = homedir(),
): PluginAccess {
  const asked = requested ?? {};
  const granted = grants.reduce<PluginPermissions>(
    (left, grant) => (grant === 'all' ? left : common(left, grant, userHome)),
    asked,
  );
  return { requested: asked, granted };
}

/** What two sets of permissions both allow. */
export function common(a: PluginPermissions, b: PluginPermissions, userHome: string): PluginPermissions {
  // Who may write may read as well.
  const readable = ({ fs }: PluginPermissions) => [...(fs?.read ?? []), ...(fs?.write ?? [])];
  const write = commonPaths(a.fs?.write ?? [], b.fs?.write ?? [], userHome);
  const read = commonPaths(readable(a), readable(b), userHome).filter((path) => !write.includes(path));
  const spawn = (a.spawn ?? []).flatMap((left) =>
    (b.spawn ?? []).flatMap((right) => commonSpawn(left, right)),
  );
  const net = commonPatterns(a.net ?? [], b.net ?? []);
  const environment = (a.environment ?? []).filter((name) => b.environment?.includes(name));
  const playback = a.playback && b.playback && (a.playback === 'control' ? b.playback : a.playback);
  return {
    ...(read.length + write.length > 0
      ? { fs: { ...(read.length > 0 ? { read } : {}), ...(write.length > 0 ? { write } : {}) } }
      : {}),
    ...(spawn.length > 0 ? { spawn } : {}),
    ...(net.length > 0 ? { net } : {}),
    ...(a.native && b.native ? { native: true } : {}),
    ...(playback ? { playback } : {}),
    ...(a.history && b.history ? { history: true } : {}),
    ...(environment.length > 0 ? { environment } : {}),
  };
}

function commonSpawn(a: SpawnPermission, b: SpawnPermission): readonly SpawnPermission[] {
  if (a.command !== b.command) return [];
  const args = a.args && b.args ? commonPatterns(a.args, b.args) : (a.args ?? b.args);
  const environment = (a.environment ?? []).filter((name) => b.environment?.includes(name));
  return [
    {
      command: a.command,
      ...(args === undefined ? {} : { args }),
      ...(environment.length > 0 ? { environment } : {}),
    },
  ];
}
