import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Clock, Emitter, type Event, isKinoportError, KinoportError, sleep } from '@kinoport/core';
import type { Home } from '../home/home.ts';
import { notWritable } from '../home/prepareHome.ts';
import { LOG_LIMIT, limitLog } from '../log/logLimit.ts';
import { pluginLogFile } from '../log/pluginLog.ts';
import type { ProcessGuard } from '../processes/guard.ts';
import { type CallOptions, Peer, pipeTransport } from '../rpc/peer.ts';
import type { InitializeParams, InitializeResult } from '../rpc/protocol.ts';
import { developmentFlags, hearDebugger } from './dev/development.ts';
import type { DiscoveredPlugin } from './discovery.ts';
import type { LoadedManifest } from './manifest.ts';
import { prepareLaunch } from './permissions/launch.ts';
import type { PluginNode } from './permissions/node.ts';
import type { PluginFolders } from './permissions/pluginFolders.ts';
import { CallMeter } from './profile/callMeter.ts';
import { checks } from './schemas.ts';

const ACTIVATE_TIMEOUT = 10_000;
const DEACTIVATE_TIMEOUT = 5_000;
const EXIT_PATIENCE = 2_000;
const ALIVE_TIMEOUT = 2_000;
const COMMAND_PATIENCE = 5_000;
const TAIL_BYTES = 8192;
/** MB of JavaScript objects. Node's own limit is several GB, before which it clears up for half a minute. */
const HEAP_LIMIT = 512;

/** Why a generation ended without being told to. */
export interface PluginCrash {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly error: KinoportError;
}

/** A plugin whose manifest could be read. */
export type PluginDefinition = DiscoveredPlugin & { readonly manifest: LoadedManifest };

export interface PluginProcessOptions {
  readonly plugin: PluginDefinition;
  readonly generation: number;
  readonly config: InitializeParams['config'];
  readonly home: Home;
  readonly clock: Clock;
  /** Ends it with the host even where it cannot end itself. */
  readonly guard?: Pick<ProcessGuard, 'watch'>;
  /** Registers what the plugin may call, before it runs. */
  readonly serve: (peer: Peer) => void;
  /** Milliseconds for loading and activating. */
  readonly activateTimeout?: number;
  /** The module that runs in the process; default: beside the host's own. */
  readonly runtime?: string;
  /** Default: the Node of the host. */
  readonly node?: PluginNode;
}

interface ProcessCallOptions extends CallOptions {
  /** Takes as long as people take, a command for instance: nobody waits for its end to replace the generation. */
  readonly long?: boolean;
}

/** One generation of a plugin: its process, its pipe, and what it registered. */
export class PluginProcess {
  readonly generation: number;
  readonly peer: Peer;
  readonly #options: PluginProcessOptions;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  /** Where in it the lines of this generation begin. */
  #logStart: number;
  readonly #folders: PluginFolders;
  readonly #exit: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
  readonly #onDidCrash = new Emitter<PluginCrash>();
  readonly #over = Promise.withResolvers<void>();
  #registered: InitializeResult = {
    players: [],
    sources: [],
    syncs: [],
    commands: [],
    services: [],
  };
  #violation: KinoportError | undefined;
  #verdict: string | undefined;
  #ended: PluginCrash | undefined;
  #stopping = false;
  #activated = false;
  #retired = false;
  /** How long calls take, but for those that take as long as people do. */
  readonly calls = new CallMeter();
  /** Of the monotonic clock. */
  readonly spawnedAt: number;
  #activeAt: number | undefined;
  readonly #calls = new Set<Promise<unknown>>();
  readonly #longCalls = new Set<Promise<unknown>>();

  constructor(options: PluginProcessOptions) {
    this.#options = options;
    this.generation = options.generation;
    this.spawnedAt = options.clock.now();
    const { plugin, home, clock } = options;
    makeLogs(home);
    this.#logFile = pluginLogFile(home, plugin.id);
    const runtime = options.runtime ?? fileURLToPath(new URL('./runtime.js', import.meta.url));
    const launch = prepareLaunch({
      plugin,
      home,
      runtime,
      debug: this.isDebugged,
      ...(options.node ? { node: options.node } : {}),
    });
    this.#folders = launch.folders;
    const log = openLog(this.#logFile);
    this.#logStart = fstatSync(log).size;
    try {
      const flags = [
        `--max-old-space-size=${HEAP_LIMIT}`,
        ...developmentFlags(plugin.development),
        ...launch.flags,
      ];
      this.#child = spawn(launch.path, [...flags, runtime], {
        cwd: plugin.root,
        stdio: ['ignore', log, log, 'pipe'],
        env: launch.environment,
        windowsHide: true,
      });
    } finally {
      closeSync(log);
    }
    this.#exit = new Promise((resolve) => {
      this.#child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
      this.#child.once('error', () => resolve({ exitCode: null, signal: null }));
    });
    const limit = limitLog(this.#logFile, clock, () => {
      this.#logStart = 0;
    });
    void this.#exit.then(() => limit.dispose());
    if (this.#child.pid !== undefined) {
      const guarded = options.guard?.watch(this.#child.pid);
      void this.#exit.then(() => guarded?.dispose());
    }
    this.peer = new Peer(pipeTransport(this.#child.stdio[3] as Duplex), {
      clock,
      name: `plugin "${plugin.id}"`,
    });
    options.serve(this.peer);
    hearDebugger(this.peer, this.generation, plugin.development);
    this.peer.onDidClose((violation) => void this.#closed(violation));
    this.peer.listen();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get plugin(): PluginDefinition {
    return this.#options.plugin;
  }

  /** Somebody may hold it at a breakpoint: it is given all the time it takes. */
  get isDebugged(): boolean {
    return this.#options.plugin.development?.debug !== undefined;
  }

  /** Another generation has taken its place; it only finishes what it has begun. */
  get isRetired(): boolean {
    return this.#retired;
  }

  /** Milliseconds from the start of the process to active; 0 before. */
  get readyAfter(): number {
    return this.#activeAt === undefined ? 0 : this.#activeAt - this.spawnedAt;
  }

  /** Milliseconds since it became active; 0 before. */
  get uptime(): number {
    return this.#activeAt === undefined ? 0 : this.#options.clock.now() - this.#activeAt;
  }

  get registered(): InitializeResult {
    return this.#registered;
  }

  /** Resolves when the pipe is closed and a crash, if it was one, has been told. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** After activation, when the process ends or breaks the protocol by itself. */
  get onDidCrash(): Event<PluginCrash> {
    return this.#onDidCrash.event;
  }

  /**
   * Loads the plugin's code and runs `activate`.
   * @throws KinoportError `PLUGIN_LOAD_FAILED`, `PLUGIN_ACTIVATE_FAILED`, `PLUGIN_ACTIVATE_TIMEOUT`,
   *   `PLUGIN_NOT_REGISTERED`, `PLUGIN_CRASHED`, `PLUGIN_PROTOCOL`; the process is gone then.
   */
  async activate(): Promise<void> {
    const { plugin, config, generation, activateTimeout: timeout = ACTIVATE_TIMEOUT } = this.#options;
    const { data, cache, runtime } = this.#folders;
    const params: InitializeParams = {
      plugin: { id: plugin.id, version: plugin.manifest.package.version, root: plugin.root },
      entry: pathToFileURL(plugin.manifest.entry).href,
      generation,
      folders: { data, cache, runtime },
      config,
      contributes: plugin.manifest.package.kinoport.contributes ?? {},
      experimental: plugin.manifest.package.kinoport.experimental ?? [],
      access: plugin.access,
      ...(plugin.development ? { development: { wait: plugin.development.debug?.wait ?? false } } : {}),
    };
    try {
      const registered = await this.peer.call<unknown>('initialize', params, {
        timeout: this.isDebugged ? Number.POSITIVE_INFINITY : timeout,
      });
      if (!checks.initialize.is(registered)) {
        throw new KinoportError(
          'PLUGIN_PROTOCOL',
          `The plugin "${plugin.id}" answered its start with something else.`,
        );
      }
      this.#registered = registered;
      this.#activated = true;
      this.#activeAt = this.#options.clock.now();
    } catch (error) {
      const translated = await this.#activationError(error);
      await this.kill();
      throw translated;
    }
  }

  async #activationError(error: unknown): Promise<unknown> {
    const { activateTimeout: timeout = ACTIVATE_TIMEOUT } = this.#options;
    const { id } = this.#options.plugin;
    const log = `The log is ${this.#logFile}.`;
    if (!(error instanceof KinoportError)) return error;
    if (error.code === 'PLUGIN_CALL_TIMEOUT') {
      return new KinoportError(
        'PLUGIN_ACTIVATE_TIMEOUT',
        `The plugin "${id}" did not finish activate within ${timeout / 1000} s.`,
        { hint: `Probably activate awaits something that never comes. ${log}` },
      );
    }
    if (error.code === 'PLUGIN_CRASHED') return (await this.#crash('while it started')).error;
    const { code, message, hint, data } = error;
    return new KinoportError(code, `Plugin "${id}": ${message}`, {
      hint: hint ?? log,
      ...(data === undefined ? {} : { data }),
    });
  }

  /** @throws KinoportError as `Peer.call`; a `PLUGIN_CRASHED` says how it ended, once that is known */
  async call<T>(method: string, params: unknown, options: ProcessCallOptions = {}): Promise<T> {
    const { long, ...rest } = options;
    const calls = long ? this.#longCalls : this.#calls;
    const began = this.#options.clock.now();
    const call = this.peer.call<T>(method, params, rest);
    calls.add(call);
    try {
      return await call;
    } catch (error) {
      if (!this.peer.isClosed || !isKinoportError(error, 'PLUGIN_CRASHED')) throw error;
      await this.over;
      throw this.#ended?.error ?? error;
    } finally {
      calls.delete(call);
      if (!long) this.calls.note(this.#options.clock.now() - began);
    }
  }

  /** Resolves when every call has been answered, but for the long ones; at the latest after `patience` ms. */
  async idle(patience: number): Promise<void> {
    await this.#settled(this.#calls, patience);
  }

  /** Ends it in order behind the one that has taken its place; what it has begun may come to its end before. */
  async retire(): Promise<void> {
    this.#retired = true;
    await Promise.all([
      this.#settled(this.#calls, COMMAND_PATIENCE),
      this.#settled(this.#longCalls, COMMAND_PATIENCE),
    ]);
    await this.stop();
  }

  async #settled(calls: ReadonlySet<Promise<unknown>>, patience: number): Promise<void> {
    if (calls.size === 0) return;
    const abort = new AbortController();
    const late = sleep(this.#options.clock, patience, abort.signal).catch(() => undefined);
    await Promise.race([Promise.allSettled(calls), late]);
    abort.abort();
  }

  /** Deactivates, closes the pipe, then SIGTERM, then SIGKILL. Resolves when the process is gone. */
  async stop(): Promise<void> {
    if (this.#stopping) {
      await this.#exit;
      return;
    }
    this.#stopping = true;
    if (this.#activated && !this.peer.isClosed) {
      await this.peer.call('deactivate', {}, { timeout: DEACTIVATE_TIMEOUT }).catch(() => undefined);
    }
    this.peer.dispose();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (await this.#exited(EXIT_PATIENCE)) return;
      this.#child.kill(signal);
    }
    await this.#exit;
  }

  /**
   * Asks the process for any answer at all. One that gives none hangs: it is ended, which counts as a crash and is
   * known when this resolves.
   */
  async endIfHung(): Promise<void> {
    try {
      await this.peer.call('ping', {}, { timeout: ALIVE_TIMEOUT, urgent: true });
    } catch (error) {
      if (!isKinoportError(error, 'PLUGIN_CALL_TIMEOUT') || this.#stopping) return;
      this.end('It did not answer and was ended.');
      await this.over;
    }
  }

  /** Ends it for a reason of the host's; that counts as a crash. */
  end(because: string): void {
    this.#verdict ??= because;
    this.#child.kill('SIGKILL');
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    this.#stopping = true;
    this.peer.dispose();
    this.#child.kill('SIGKILL');
    await this.#exit;
  }

  async #exited(ms: number): Promise<boolean> {
    const abort = new AbortController();
    const gone = this.#exit.then(() => true);
    const late = sleep(this.#options.clock, ms, abort.signal).then(
      () => false,
      () => true,
    );
    const result = await Promise.race([gone, late]);
    abort.abort();
    return result;
  }

  async #closed(violation: KinoportError | undefined): Promise<void> {
    this.#violation = violation;
    if (!this.#stopping && this.#activated) {
      this.#stopping = true;
      this.#ended = await this.#crash('while it ran');
      this.#onDidCrash.fire(this.#ended);
    }
    this.#over.resolve();
  }

  async #crash(when: string): Promise<PluginCrash> {
    const violation = this.#violation;
    if (violation || !(await this.#exited(500))) this.#child.kill('SIGKILL');
    const { exitCode, signal } = await this.#exit;
    const { id } = this.#options.plugin;
    const how =
      violation?.message ??
      this.#verdict ??
      (signal ? `It was ended by ${signal}.` : `It ended with code ${exitCode}.`);
    const last = violation ? '' : lastLine(this.#logFile, this.#logStart);
    const error = new KinoportError(
      'PLUGIN_CRASHED',
      `The plugin "${id}" broke down ${when}. ${how}${last ? ` Last line: ${last}` : ''}`,
      {
        hint: `The log is ${this.#logFile}.`,
        ...(violation ? { cause: violation } : {}),
      },
    );
    return { exitCode, signal, error };
  }
}

function makeLogs({ logs }: Home): void {
  try {
    mkdirSync(logs, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notWritable(logs, error);
  }
}

function openLog(file: string): number {
  try {
    if (statSync(file).size > LOG_LIMIT) renameSync(file, `${file}.1`);
  } catch {
    // Not there yet.
  }
  return openSync(file, 'a', 0o600);
}

function lastLine(file: string, start: number): string {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    // Somebody has removed it; that it ended is to be told all the same.
    return '';
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(Math.max(0, size - start), TAIL_BYTES));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    const lines = buffer
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim());
    const error = lines.findLast((line) => /^([\w$]*(Error|Exception)|FATAL ERROR)\b/.test(line));
    return (error ?? lines.findLast((line) => line !== '' && !line.startsWith('Node.js v')) ?? '').slice(
      0,
      300,
    );
  } finally {
    closeSync(fd);
  }
}
