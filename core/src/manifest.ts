import type { JsonObject } from './json.ts';

/** A plugin's `package.json`, as far as the host reads it. Other members are left alone. */
export interface PluginPackage {
  /** By convention `kinoport-plugin-*`, or `@you/kinoport-plugin-*`, with the keyword `kinoport-plugin`. */
  readonly name: string;
  /** Shown in `plugin list`. Semver. */
  readonly version: string;
  /** Shown by `plugin search`. */
  readonly description?: string;
  /**
   * The entry module, when there is no `exports["."]`: a text, or the conditions `node`, `import` and `default`, the
   * first of them that is there. Default: `index.js`. It lies inside the folder. The condition `development` (the
   * sources of a package that is built) goes before the others outside of `node_modules`, where its file is there.
   */
  readonly main?: string;
  /** What the plugin runs on. */
  readonly engines: {
    /**
     * A semver range that the version of the API has to satisfy, else `PLUGIN_ENGINE_MISMATCH`. While that is 0.x,
     * `^0.1.0`.
     */
    readonly kinoport: string;
    /** For npm; the host does not look at it. */
    readonly node?: string;
  };
  /** What makes the package a plugin. */
  readonly kinoport: PluginManifest;
}

/**
 * The `kinoport` member of a plugin's `package.json`. Read and validated without running code. Unknown keys are errors,
 * so that a typing mistake does not go unseen.
 */
export interface PluginManifest {
  /**
   * Key in config, logs, storage. Default: the package name without scope and `kinoport-plugin-`. An id that another
   * plugin has is `PLUGIN_ID_CLASH`; `alias` in the config gives it another.
   */
  readonly id?: string;
  /** For people. */
  readonly displayName?: string;
  /** What the plugin adds. */
  readonly contributes?: Contributions;
  /**
   * When the plugin's process is started, besides what its contributions imply: `onStartup` (with the host),
   * `onPlayback` (with every film). Without it the plugin starts when one of its contributions is used.
   */
  readonly activationEvents?: readonly string[];
  /** What has to be there before this plugin is activated; it is restarted when one of them is replaced. */
  readonly dependencies?: readonly PluginDependency[];
  /** What it may do beyond its own folders. Without an entry it may not. */
  readonly permissions?: PluginPermissions;
  /** Members of the API marked `@experimental` that the plugin means to use; others refuse. */
  readonly experimental?: readonly ExperimentalApi[];
}

/** Parts of the API that may change in any release. */
export type ExperimentalApi = 'services';

/**
 * On a plugin by its id, or on whoever contributes something: `player`, `source`, `sync` (any of them), `player:mpv`,
 * `service:metadata`. An optional one gives only the order.
 */
export type PluginDependency =
  | {
      /** The id of a plugin. */
      readonly plugin: string;
      /** A semver range of its version. */
      readonly version?: string;
      /** Whether this plugin works without it. */
      readonly optional?: boolean;
    }
  | {
      /** What somebody contributes. */
      readonly contract: string;
      readonly optional?: boolean;
    };

/**
 * What a plugin asks for; the user grants it, all or less. What of it Node's permission model enforces depends on the
 * version of Node, and `doctor` says so.
 */
export interface PluginPermissions {
  /**
   * Absolute paths, `~/...`, or `*` for everything; a folder stands for all in it, and `write` includes reading. Its
   * own package, data, cache and runtime folder are always open.
   */
  readonly fs?: {
    /** What may be read, with all that lies in it. */
    readonly read?: readonly string[];
    /** What may be written. */
    readonly write?: readonly string[];
  };
  /** Programs that may be started through `ctx.processes`. */
  readonly spawn?: readonly SpawnPermission[];
  /**
   * Host names, `*.example.org`, or `*`. Unix sockets and `ctx.streams.publish` need an entry too: `loopback`. Shown to
   * the user; Node itself knows only all of the network or nothing of it.
   */
  readonly net?: readonly string[];
  /** Native addons. */
  readonly native?: boolean;
  /** `ctx.playback`: only to look, or also to steer. */
  readonly playback?: 'observe' | 'control';
  /** `ctx.playback.history`: what was ever played here. */
  readonly history?: boolean;
  /** Names of environment variables that it sees beside the usual ones (`PATH`, `HOME`, `LANG`, ...). */
  readonly environment?: readonly string[];
}

/** A program and what its arguments may be. */
export interface SpawnPermission {
  /** A name on PATH, an absolute path, `~/...`, or `${config.path}`: the value of a setting of the plugin. */
  readonly command: string;
  /**
   * Patterns, one of which each argument has to match: `*` stands for any text without a line break. Absent: any
   * arguments.
   */
  readonly args?: readonly string[];
  /** Names of environment variables that may be set for it, beside those of screen, sound and language. */
  readonly environment?: readonly string[];
}

/**
 * What a plugin adds, and `activate` registers. A player, source or command that another plugin contributes already is
 * `PLUGIN_CONTRIBUTION_CLASH`: the second plugin (built-in ones come first, then the order of the config) is not loaded.
 */
export interface Contributions {
  /** Things with a window or a speaker. */
  readonly players?: readonly PlayerContribution[];
  /** Where media comes from. */
  readonly sources?: readonly SourceContribution[];
  /** Rooms in which people share one timeline. */
  readonly syncs?: readonly {
    /** Under which it is registered. */
    readonly id: string;
    /** For people. */
    readonly displayName?: string;
  }[];
  /** Subcommands of `kinoport`. The program's own cannot be taken. */
  readonly commands?: readonly CommandContribution[];
  /** What other plugins may call, see `ctx.services`. @experimental */
  readonly services?: readonly {
    /** Under which it is registered and called. */
    readonly id: string;
    /** What it is good for. */
    readonly description?: string;
  }[];
  /** Whether `kinoport doctor` starts the plugin and shows what it tells of itself, see `ctx.diagnostics`. */
  readonly diagnostics?: boolean;
  /**
   * JSON Schema of the plugin's slice of the config; `type: object` with `properties` and defaults. A property with
   * `"secret": true` (a string) is kept in the keyring, not in the config file.
   */
  readonly configuration?: JsonObject;
}

/** A player, used with `--player ID`. */
export interface PlayerContribution {
  /** Under which it is registered. */
  readonly id: string;
  /** For people. */
  readonly displayName?: string;
}

/**
 * What a source answers. When several answer for an address the most specific declaration wins: prefix, extension,
 * scheme, `*`. Among equals the user's `routing` in the config, then built-in plugins, then the order of the config.
 * `--source ID` overrides all.
 */
export interface SourceContribution {
  /** Under which it is registered. */
  readonly id: string;
  /** For people. */
  readonly displayName?: string;
  /** URI schemes of two letters or more without the colon; `file` stands for local paths. `*` is any. */
  readonly schemes?: readonly string[];
  /**
   * File extensions without the dot: in its schemes, and in local files and http(s) addresses unless it names one of
   * these schemes itself.
   */
  readonly extensions?: readonly string[];
  /** Beginnings of addresses, `tt` for instance. */
  readonly prefixes?: readonly string[];
  /** Whether `search` is implemented. */
  readonly search?: boolean;
}

/**
 * A subcommand, and its help. Types: `string` (default), `number`, `path` (made absolute against the caller's folder),
 * `uri` (a path or an address), `text-file` (the caller names a file, the handler gets what is in it), and `boolean` for
 * options.
 */
export interface CommandContribution {
  /** The subcommand's name, one or two words: `torrent list`. */
  readonly command: string;
  /** One line of help. */
  readonly title: string;
  /**
   * A module of the package, as a key of `exports` (`./relay`) or a file (`./relay.js`), whose default export runs the
   * command in a process of its own, without a host. It is not registered in `activate`.
   */
  readonly standalone?: string;
  /** What stands behind it, in order. */
  readonly args?: readonly {
    /** In the handler's `args`. */
    readonly name: string;
    /** What it is. */
    readonly type?: CommandValueType;
    /** For the help. */
    readonly description?: string;
    /** Without it the command is refused. */
    readonly required?: boolean;
    /** Takes all that is left; only the last one. */
    readonly variadic?: boolean;
  }[];
  /** With dashes, in any order. */
  readonly options?: readonly {
    /** Without dashes. */
    readonly name: string;
    /** What it is. */
    readonly type?: CommandValueType | 'boolean';
    /** For the help. */
    readonly description?: string;
    /** When it is absent. */
    readonly default?: string | number | boolean;
    /**
     * Name of the caller's environment variable that stands for it when it is absent, as if it had been typed: the
     * host's own are of another terminal. Among `permissions.environment` as well; not for `boolean`.
     */
    readonly env?: string;
  }[];
}

/**
 * `path` is made absolute by the client against its own folder; `uri` is a path or an address. `text-file`: the client
 * reads the file, which the plugin need not be able to, and hands over its text: UTF-8, at most 64 KiB, without the end
 * of its last line. For passwords, which do not belong on a command line.
 */
export type CommandValueType = 'string' | 'number' | 'path' | 'uri' | 'text-file';

/** The id that a package name stands for when the manifest gives none: `@you/kinoport-plugin-x` is `x`. */
export function defaultPluginId(packageName: string): string {
  return packageName.replace(/^@[^/]*\//, '').replace(/^kinoport-plugin-/, '');
}
