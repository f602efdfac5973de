import type { JsonObject } from './json.ts';

/** A plugin's `package.json`, as far as the host reads it. Other members are left alone. */
export interface PluginPackage {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  /** The entry module: `exports['.']` (string or `default`), else `main`. */
  readonly main?: string;
  readonly engines: { readonly kinoport: string; readonly node?: string };
  readonly kinoport: PluginManifest;
}

/** The `kinoport` member of a plugin's `package.json`. Read and validated without running code. */
export interface PluginManifest {
  /** Default: the package name without scope and `kinoport-plugin-`. Key in config, logs, storage, commands. */
  readonly id?: string;
  readonly displayName?: string;
  readonly contributes?: Contributions;
  /** When the plugin's process is started, besides what its contributions imply. */
  readonly activationEvents?: readonly string[];
  /** What has to be there before this plugin is activated; it is restarted when one of them is replaced. */
  readonly dependencies?: readonly PluginDependency[];
  /** What it may do beyond its own folders. Without an entry it may not. */
  readonly permissions?: PluginPermissions;
  /** Members of the API marked `@experimental` that the plugin means to use; others refuse. */
  readonly experimental?: readonly ExperimentalApi[];
}

/** Parts of the API that may change in any release. */
export type ExperimentalApi = 'syncs' | 'services';

/**
 * On a plugin by its id, or on whoever contributes something: `player`, `source`, `sync` (any of them), `player:mpv`,
 * `service:metadata`. An optional one gives only the order.
 */
export type PluginDependency =
  | { readonly plugin: string; readonly version?: string; readonly optional?: boolean }
  | { readonly contract: string; readonly optional?: boolean };

/**
 * What a plugin asks for; the user grants it, all or less. What of it Node's permission model enforces depends on the
 * version of Node, and `doctor` says so.
 */
export interface PluginPermissions {
  /**
   * Absolute paths, `~/...`, or `*` for everything. Its own package, data, cache and runtime folder are always open.
   */
  readonly fs?: { readonly read?: readonly string[]; readonly write?: readonly string[] };
  /** Programs that may be started through `ctx.processes`. */
  readonly spawn?: readonly SpawnPermission[];
  /** Host names, `*.example.org`, or `*`. Unix sockets and `ctx.streams.publish` need an entry too: `loopback`. */
  readonly net?: readonly string[];
  /** Native addons. */
  readonly native?: boolean;
  /** `ctx.playback`: only to look, or also to steer. */
  readonly playback?: 'observe' | 'control';
}

/** A program and what its arguments may be. */
export interface SpawnPermission {
  /** A name on PATH, an absolute path, or `${config.path}`: the value of a setting of the plugin. */
  readonly command: string;
  /**
   * Patterns, one of which each argument has to match: `*` stands for any text without a line break. Absent: any
   * arguments.
   */
  readonly args?: readonly string[];
}

export interface Contributions {
  readonly players?: readonly PlayerContribution[];
  readonly sources?: readonly SourceContribution[];
  readonly syncs?: readonly { readonly id: string; readonly displayName?: string }[];
  readonly commands?: readonly CommandContribution[];
  /** What other plugins may call, see `ctx.services`. @experimental */
  readonly services?: readonly { readonly id: string; readonly description?: string }[];
  /**
   * JSON Schema of the plugin's slice of the config; `type: object` with `properties` and defaults. A property with
   * `"secret": true` (a string) is kept in the keyring, not in the config file.
   */
  readonly configuration?: JsonObject;
}

export interface PlayerContribution {
  readonly id: string;
  readonly displayName?: string;
}

/** Most specific first when several answer: id prefix, file extension, scheme, `*`. */
export interface SourceContribution {
  readonly id: string;
  readonly displayName?: string;
  /** URI schemes of two letters or more without the colon; `file` stands for local paths. `*` is any. */
  readonly schemes?: readonly string[];
  /** File extensions without the dot. */
  readonly extensions?: readonly string[];
  /** Beginnings of addresses, `tt` for instance. */
  readonly prefixes?: readonly string[];
  readonly search?: boolean;
}

export interface CommandContribution {
  /** The subcommand's name, one or two words: `torrent list`. */
  readonly command: string;
  readonly title: string;
  readonly args?: readonly {
    readonly name: string;
    readonly type?: CommandValueType;
    readonly description?: string;
    readonly required?: boolean;
    /** Takes all that is left; only the last one. */
    readonly variadic?: boolean;
  }[];
  readonly options?: readonly {
    /** Without dashes. */
    readonly name: string;
    readonly type?: CommandValueType | 'boolean';
    readonly description?: string;
    readonly default?: string | number | boolean;
  }[];
}

/** `path` is made absolute by the client against its own folder; `uri` is a path or an address. */
export type CommandValueType = 'string' | 'number' | 'path' | 'uri';

/** The id that a package name stands for when the manifest gives none: `@you/kinoport-plugin-x` is `x`. */
export function defaultPluginId(packageName: string): string {
  return packageName.replace(/^@[^/]*\//, '').replace(/^kinoport-plugin-/, '');
}
