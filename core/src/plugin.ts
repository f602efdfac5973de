import type { Clock } from './clock.ts';
import type { CommandArguments, CommandHandler } from './commands.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Event } from './event.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { Disposable } from './lifecycle.ts';
import type { Playback } from './playback.ts';
import type { Player } from './player.ts';
import type { Source } from './source.ts';
import type { Streams } from './streams.ts';
import type { Sync } from './sync.ts';

/** What a plugin's entry module exports as default, made by {@link definePlugin}. */
export interface Plugin {
  /**
   * Registers everything the manifest declares, and resolves; at most 10 s. What was acquired through `ctx`
   * is given back by the host in reverse order when the plugin is deactivated.
   */
  activate(ctx: PluginContext): void | Promise<void>;
  /** Runs before the disposal; both together have 5 s. Rarely needed. */
  deactivate?(): void | Promise<void>;
}

/** Gives a plugin its type. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}

/** Registers implementations under the ids that the manifest declares. */
export interface Registry<T> {
  /** @throws KinoportError `PLUGIN_NOT_REGISTERED` when the manifest does not declare the id. */
  register(id: string, implementation: T): Disposable;
}

/** Everything a plugin has. One per generation of its process. */
export interface PluginContext {
  /** Id, version and folder of the plugin. */
  readonly plugin: { readonly id: string; readonly version: string; readonly root: string };
  /** Counts the processes that this plugin had, from 1. */
  readonly generation: number;
  /** Folders of the plugin's own, made before activation. `runtime` is short enough for sockets, mode 0700. */
  readonly folders: { readonly data: string; readonly cache: string; readonly runtime: string };
  readonly clock: Clock;
  readonly players: Registry<Player>;
  readonly sources: Registry<Source>;
  readonly syncs: Registry<Sync>;
  readonly commands: Registry<CommandHandler>;
  readonly playback: Playback;
  readonly config: PluginConfig;
  readonly storage: PluginStorage;
  readonly secrets: PluginSecrets;
  readonly attention: Attention;
  readonly diagnostics: Diagnostics;
  /** @experimental */
  readonly services: Services;
  readonly streams: Streams;
  readonly processes: Processes;
  readonly log: Log;
  /** Owned by the generation: disposed in reverse order at deactivation. */
  readonly subscriptions: { add<T extends Disposable>(item: T): T };
}

/** The plugin's slice of the config file, validated against its manifest, defaults filled in. */
export interface PluginConfig {
  readonly value: JsonObject;
  readonly onDidChange: Event<JsonObject>;
}

/** Small values that outlive the process. At most 1 MiB a plugin; keys of 1 to 200 characters. */
export interface PluginStorage {
  get(key: string): Promise<JsonValue | undefined>;
  /** `undefined` removes. @throws KinoportError `STORAGE_LIMIT` */
  set(key: string, value: JsonValue | undefined): Promise<void>;
  keys(): Promise<readonly string[]>;
}

/**
 * Small texts that must not lie about in files: tokens, passwords. In the keyring of the system where there is one,
 * else in a file that only the user can read. Each plugin sees its own only. Settings marked `"secret": true` are kept
 * in the same place and arrive in `ctx.config.value`.
 */
export interface PluginSecrets {
  get(name: string): Promise<string | undefined>;
  /**
   * On disk when it resolves. Names of 1 to 200 characters, values of at most 16 KiB, at most 100 of them; `undefined`
   * removes.
   * @throws KinoportError `STORAGE_LIMIT`, `INVALID_ARGUMENT`; both methods `SECRETS_LOCKED` while the keyring with the
   *   key to them cannot be read
   */
  set(name: string, value: string | undefined): Promise<void>;
}

/** Something that the user has to do before the plugin can work as it should. It goes on meanwhile. */
export interface AttentionRequest {
  /** Upper case letters, digits and underscores, 2 to 64 of them: `LOGIN_EXPIRED`. */
  readonly code: string;
  /** One sentence of what is the matter, at most 500 characters. */
  readonly message: string;
  /** What to do about it, at most 500 characters: a command to type, for instance. */
  readonly action?: string;
}

/** Shown with the plugin wherever its state is shown, until it is cleared or the plugin is restarted. */
export interface Attention {
  /** Replaces what was asked before. */
  request(request: AttentionRequest): void;
  clear(): void;
}

/**
 * What plugins offer each other: functions from plain data to plain data, under ids that the manifest contributes.
 * Who calls one names `service:<id>` among its dependencies.
 * @experimental
 */
export interface Services {
  /** @throws KinoportError `PLUGIN_NOT_REGISTERED` when the manifest does not declare the id. */
  register(id: string, methods: Readonly<Record<string, ServiceMethod>>): Disposable;
  /**
   * @throws KinoportError `SERVICE_UNKNOWN` when nobody contributes it, or it is not among the dependencies;
   *   `METHOD_NOT_FOUND`; whatever the method throws
   */
  call(id: string, method: string, params?: JsonValue, options?: ServiceCallOptions): Promise<JsonValue>;
}

export interface ServiceCallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; default 30 000. */
  readonly timeout?: number;
}

export type ServiceMethod = (
  params: JsonValue,
  options: { readonly signal: AbortSignal; readonly caller: string },
) => JsonValue | Promise<JsonValue>;

/** Lines into the plugin's own log file. Secrets do not belong there; those that the host gave are taken out. */
export interface Log {
  debug(message: string, data?: JsonObject): void;
  info(message: string, data?: JsonObject): void;
  warn(message: string, data?: JsonObject): void;
  error(message: string, data?: JsonObject): void;
}

/** Programs are started by the host on behalf of plugins. */
export interface Processes {
  /**
   * Runs a program to its end and gives what it printed (at most 1 MiB of each stream).
   * @throws KinoportError `PROCESS_SPAWN_FAILED` when it cannot be started, `ABORTED`
   */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /**
   * Starts a program that lives on its own: detached, standard input empty, output into a log file.
   * With `lifetime: 'session'` it belongs to the playback session and outlives plugin and host; with
   * `generation` it ends with the plugin's process.
   * @throws KinoportError `PROCESS_SPAWN_FAILED`
   */
  spawn(command: string, args: readonly string[], options: SpawnOptions): Promise<SpawnedProcess>;
  /**
   * Starts a `standalone` command that the plugin contributes itself, in the background: with the plugin's permissions
   * and folders, standard input empty, output into a log file, `--json` given. It needs no entry in `permissions.spawn`.
   * It outlives plugin and host, so it has to end by itself once nobody needs it; at most 8 at a time.
   * @param input no place for secrets: it stands in the environment of the process
   * @throws KinoportError `COMMAND_UNKNOWN`, `PROCESS_SPAWN_FAILED`
   */
  spawnCommand(command: string, input?: Partial<CommandArguments>): Promise<SpawnedProcess>;
  /** Where a program would be found on PATH; `undefined` when it is not. */
  which(command: string): Promise<string | undefined>;
}

export interface RunOptions {
  /** Milliseconds; default 10 000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  readonly lifetime: 'session' | 'generation';
  /** The `sessionId` of `Player.open`; needed with `lifetime: 'session'`. */
  readonly sessionId?: string;
  /** Recorded before the start, so that the session is found again after a crash. See `PlayerSession.endpoint`. */
  readonly endpoint?: JsonObject;
  /** Added to the environment of the host. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface SpawnedProcess {
  readonly pid: number;
  /** Resolves when the process has ended. Only the host that started it can tell; others watch the endpoint. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal; nothing happens when the process has ended. */
  kill(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface ProcessExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last lines of its output, at most 4 KiB. */
  readonly output: string;
}
