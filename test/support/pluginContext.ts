/** A context for unit tests of plugins: real processes, real folders, a log that is kept. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  type Clock,
  DisposableStore,
  Emitter,
  type JsonObject,
  type JsonValue,
  KinoportError,
  type Player,
  type PluginContext,
  type ProcessExit,
  type Processes,
  type Registry,
  type Source,
  type SpawnOptions,
  systemClock,
} from '@kinoport/core';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly data: JsonObject | undefined;
}

export interface SpawnRecord {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions;
  readonly pid: number;
}

export interface TestPluginContext {
  readonly ctx: PluginContext;
  readonly root: string;
  readonly log: readonly LogLine[];
  /** Programs started with `spawn`, and with `run`. */
  readonly spawned: readonly SpawnRecord[];
  readonly ran: readonly { readonly command: string; readonly args: readonly string[] }[];
  readonly players: ReadonlyMap<string, Player>;
  readonly sources: ReadonlyMap<string, Source>;
  setConfig(value: JsonObject): void;
  /** What deactivation does: gives back what the plugin acquired. Its players live on. */
  deactivate(): Promise<void>;
  /** Deactivates, kills what still runs of the programs that it started, removes its folders. */
  dispose(): Promise<void>;
}

export interface TestPluginContextOptions {
  readonly id: string;
  /** The plugin's folder. */
  readonly root: string;
  readonly config?: JsonObject;
  readonly clock?: Clock;
  /** Shared by several generations of one plugin: the folders of an earlier context. */
  readonly like?: TestPluginContext;
  /** Added to the environment of every program. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Overrides single members. */
  readonly members?: Partial<PluginContext>;
}

export async function createPluginContext(options: TestPluginContextOptions): Promise<TestPluginContext> {
  // Short, because a unix socket's path has 107 characters.
  const root = options.like?.root ?? mkdtempSync(join(tmpdir(), 'kp-'));
  const folders = {
    data: join(root, 'data'),
    cache: join(root, 'cache'),
    runtime: join(root, 'run'),
  };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 });
  const log: LogLine[] = [];
  const ran: { command: string; args: readonly string[] }[] = [];
  const spawned: SpawnRecord[] = [];
  const children = new Set<ChildProcess>();
  const subscriptions = new DisposableStore();
  const config = { value: options.config ?? {}, change: new Emitter<JsonObject>() };
  const environment = { ...process.env, ...options.environment };
  const stored = new Map<string, JsonValue>();
  const line = (level: LogLine['level']) => (message: string, data?: JsonObject) => {
    log.push({ level, message, data });
  };
  const players = new Map<string, Player>();
  const sources = new Map<string, Source>();

  const processes: Processes = {
    run: (command, args, settings = {}) =>
      new Promise((resolve, reject) => {
        ran.push({ command, args });
        execFile(
          command,
          [...args],
          {
            timeout: settings.timeout ?? 10_000,
            maxBuffer: 1024 * 1024,
            env: environment,
            ...(settings.signal === undefined ? {} : { signal: settings.signal }),
          },
          (error, stdout, stderr) => {
            if (settings.signal?.aborted) reject(new KinoportError('ABORTED', 'Cancelled.'));
            else if (error !== null && typeof error.code === 'string')
              reject(
                new KinoportError('PROCESS_SPAWN_FAILED', `${command} cannot be started: ${error.code}.`),
              );
            else {
              const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
              resolve({ exitCode, signal: error?.signal ?? null, stdout, stderr });
            }
          },
        );
      }),
    spawnCommand: async (command) => {
      throw new KinoportError('COMMAND_UNKNOWN', `There is no command "${command}" here.`);
    },
    async spawn(command, args, settings) {
      const output = join(root, `output-${spawned.length}-${children.size}.log`);
      const file = await open(output, 'a', 0o600);
      try {
        const child = spawn(command, [...args], {
          detached: true,
          stdio: ['ignore', file.fd, file.fd],
          env: { ...environment, ...settings.environment },
        });
        const exited = new Promise<ProcessExit>((resolve) => {
          child.once('exit', (exitCode, signal) => {
            children.delete(child);
            resolve({ exitCode, signal, output: readFileSync(output, 'utf8').slice(-4096) });
          });
        });
        await new Promise<void>((resolve, reject) => {
          child.once('spawn', resolve);
          child.once('error', (error) =>
            reject(
              new KinoportError('PROCESS_SPAWN_FAILED', `${command} cannot be started: ${error.message}.`),
            ),
          );
        });
        children.add(child);
        const pid = child.pid ?? 0;
        spawned.push({ command, args, options: settings, pid });
        return {
          pid,
          exited,
          async kill(signal = 'SIGTERM') {
            child.kill(signal);
          },
        };
      } finally {
        await file.close();
      }
    },
    async which(command) {
      for (const folder of (environment.PATH ?? '').split(delimiter)) {
        const path = join(folder, command);
        try {
          accessSync(path, constants.X_OK);
          return path;
        } catch {
          // Not in this folder.
        }
      }
      return undefined;
    },
  };

  const ctx: PluginContext = {
    plugin: { id: options.id, version: '0.0.0', root: options.root },
    generation: 1,
    folders,
    clock: options.clock ?? systemClock,
    players: registry(players),
    sources: registry(sources),
    syncs: registry(new Map()),
    commands: registry(new Map()),
    config: {
      get value() {
        return config.value;
      },
      onDidChange: config.change.event,
    },
    storage: {
      get: async (key) => stored.get(key),
      set: async (key, value) => {
        if (value === undefined) stored.delete(key);
        else stored.set(key, value);
      },
      keys: async () => [...stored.keys()],
    },
    processes,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    subscriptions,
    get services(): never {
      throw new Error('This test context has no services; give them in members.');
    },
    get secrets(): never {
      throw new Error('This test context has no secrets; give them in members.');
    },
    get diagnostics(): never {
      throw new Error('This test context has no diagnostics; give them in members.');
    },
    get attention(): never {
      throw new Error('This test context has no attention; give it in members.');
    },
    get playback(): never {
      throw new Error('This test context has no playback; give one in members.');
    },
    get streams(): never {
      throw new Error('This test context has no streams; give them in members.');
    },
  };
  // Not a spread: that would run the getters.
  if (options.members) Object.defineProperties(ctx, Object.getOwnPropertyDescriptors(options.members));

  return {
    ctx,
    root,
    log,
    spawned,
    ran,
    players,
    sources,
    setConfig(value) {
      config.value = value;
      config.change.fire(value);
    },
    deactivate: () => subscriptions.dispose(),
    async dispose() {
      await subscriptions.dispose();
      const left = [...children].map(
        (child) =>
          new Promise<void>((resolve) => {
            if (child.exitCode !== null || child.signalCode !== null) return resolve();
            child.once('exit', () => resolve());
            child.kill('SIGKILL');
          }),
      );
      await Promise.all(left);
      if (options.like === undefined) rmSync(root, { recursive: true, force: true });
    },
  };
}

function registry<T>(entries: Map<string, T>): Registry<T> {
  return {
    register(id, implementation) {
      entries.set(id, implementation);
      return {
        dispose: () => {
          entries.delete(id);
        },
      };
    },
  };
}
