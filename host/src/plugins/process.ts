import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Clock, Emitter, type Event, isKinoportError, KinoportError, sleep } from '@kinoport/core';
import { limitLog } from '../log/logLimit.ts';
import type { ProcessGuard } from '../processes/guard.ts';
import { type CallOptions, Peer, pipeTransport } from '../rpc/peer.ts';
import type { InitializeParams, InitializeResult } from '../rpc/protocol.ts';
import { replacedWhileAsked } from './callErrors.ts';
import { hearDebugger } from './dev/development.ts';
import type { DiscoveredPlugin } from './discovery.ts';
import type { LoadedManifest } from './manifest.ts';
import { CallMeter } from './profile/callMeter.ts';
import { planRuntime, type RuntimeOptions, RuntimeProcess } from './runtimeProcess.ts';
import { checks } from './schemas.ts';
import type { Standby } from './standby.ts';

const ACTIVATE_TIMEOUT = 10_000;
const DEACTIVATE_TIMEOUT = 5_000;
const EXIT_PATIENCE = 2_000;
const ALIVE_TIMEOUT = 2_000;
const COMMAND_PATIENCE = 5_000;
const TAIL_BYTES = 8192;

/** Why a generation ended without being told to. */
export interface PluginCrash {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly error: KinoportError;
}

/** A plugin whose manifest could be read. */
export type PluginDefinition = DiscoveredPlugin & { readonly manifest: LoadedManifest };

export interface PluginProcessOptions extends RuntimeOptions {
  readonly plugin: PluginDefinition;
  readonly generation: number;
  readonly config: InitializeParams['config'];
  readonly clock: Clock;
  /** Where a process may be up already. */
  readonly standby?: Pick<Standby, 'take'>;
  /** Ends it with the host even where it cannot end itself. */
  readonly guard?: Pick<ProcessGuard, 'watch'>;
  /** Registers what the plugin may call, before it runs. */
  readonly serve: (peer: Peer) => void;
  /** Milliseconds for loading and activating. */
  readonly activateTimeout?: number;
}

interface ProcessCallOptions extends CallOptions {
  /** Takes as long as people take, a command for instance: nobody waits for its end to replace the generation. */
  readonly long?: boolean;
}

/** One generation of a plugin: its process, its pipe, and what it registered. */
export class PluginProcess {
  readonly generation: number;
  readonly peer: Peer;
  /** Its process was up before it was asked for. */
  readonly hasWaited: boolean;
  readonly #options: PluginProcessOptions;
  readonly #process: RuntimeProcess;
  /** Where in the log the lines of this generation begin. */
  #logStart: number;
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
    const { plugin, clock, guard, standby } = options;
    const plan = planRuntime(options);
    const waiting = standby?.take(plan);
    this.hasWaited = waiting !== undefined;
    this.#process = waiting ?? new RuntimeProcess(plan, guard);
    this.#logStart = this.#process.logStart;
    const limit = limitLog(plan.logFile, clock, () => {
      this.#logStart = 0;
    });
    void this.#process.exit.then(() => limit.dispose());
    this.peer = new Peer(pipeTransport(this.#process.pipe), { clock, name: `plugin "${plugin.id}"` });
    options.serve(this.peer);
    hearDebugger(this.peer, this.generation, plugin.development);
    this.peer.onDidClose((violation) => void this.#closed(violation));
    this.peer.listen();
  }

  get pid(): number | undefined {
    return this.#process.pid;
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
    const { data, cache, runtime } = this.#process.plan.folders;
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
    const log = `The log is ${this.#process.plan.logFile}.`;
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
      if (this.#ended) throw this.#ended.error;
      // It was not waited for any longer.
      throw long && this.#retired
        ? replacedWhileAsked(this.#options.plugin.id, 'Run the command again.')
        : error;
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
      await this.#process.exit;
      return;
    }
    this.#stopping = true;
    if (this.#activated && !this.peer.isClosed) {
      await this.peer.call('deactivate', {}, { timeout: DEACTIVATE_TIMEOUT }).catch(() => undefined);
    }
    this.peer.dispose();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (await this.#exited(EXIT_PATIENCE)) return;
      this.#process.kill(signal);
    }
    await this.#process.exit;
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

  /** Whether its process, which need not be active yet, answers at all. */
  async answers(): Promise<boolean> {
    return this.peer.call('ping', {}, { timeout: ALIVE_TIMEOUT, urgent: true }).then(
      () => true,
      () => false,
    );
  }

  /** Ends it for a reason of the host's; that counts as a crash. */
  end(because: string): void {
    this.#verdict ??= because;
    this.#process.kill('SIGKILL');
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    this.#stopping = true;
    this.peer.dispose();
    this.#process.kill('SIGKILL');
    await this.#process.exit;
  }

  async #exited(ms: number): Promise<boolean> {
    const abort = new AbortController();
    const gone = this.#process.exit.then(() => true);
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
    if (violation || !(await this.#exited(500))) this.#process.kill('SIGKILL');
    const { exitCode, signal } = await this.#process.exit;
    const { id } = this.#options.plugin;
    const how =
      violation?.message ??
      this.#verdict ??
      (signal ? `It was ended by ${signal}.` : `It ended with code ${exitCode}.`);
    const last = violation ? '' : lastLine(this.#process.plan.logFile, this.#logStart);
    const error = new KinoportError(
      'PLUGIN_CRASHED',
      `The plugin "${id}" broke down ${when}. ${how}${last ? ` Last line: ${last}` : ''}`,
      {
        hint: `The log is ${this.#process.plan.logFile}.`,
        ...(violation ? { cause: violation } : {}),
      },
    );
    return { exitCode, signal, error };
  }
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
