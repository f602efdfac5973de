import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  abortedError,
  type Clock,
  type Disposable,
  Emitter,
  type Event,
  isKinoportError,
  type JsonObject,
  KinoportError,
  sleep,
  toDisposable,
  toKinoportError,
} from '@kinoport/core';
import type { PluginView } from '../api/protocol.ts';
import type { Home } from '../home/home.ts';
import type { Logger } from '../log/logger.ts';
import type { Peer } from '../rpc/peer.ts';
import type { DiscoveredPlugin } from './discovery.ts';
import type { LoadedManifest } from './manifest.ts';
import { type PluginCrash, PluginProcess, type PluginProcessOptions } from './process.ts';

const FIRST_BACKOFF = 100;
const LONGEST_BACKOFF = 30_000;
const HEALTHY_AFTER = 60_000;

/** Something of the host's that outlives a generation and goes over to the next before anyone is routed to it. */
export interface Survivor {
  takeOver(next: PluginProcess): Promise<void>;
}

/** What of a process is set from outside. */
export type PluginProcessDefaults = Pick<PluginProcessOptions, 'activateTimeout' | 'runtime'>;

export interface PluginOptions {
  readonly plugin: DiscoveredPlugin & { readonly manifest: LoadedManifest };
  readonly config: JsonObject;
  readonly home: Home;
  readonly clock: Clock;
  readonly log: Logger;
  readonly serve: (peer: Peer, plugin: Plugin) => void;
  readonly processes?: PluginProcessDefaults;
}

/**
 * A plugin over all its generations: started on demand, restarted when it crashes while something of the host's
 * lives on it, stopped in order.
 */
export class Plugin {
  readonly id: string;
  readonly #options: PluginOptions;
  readonly #survivors = new Set<Survivor>();
  readonly #onDidChange = new Emitter<void>();
  readonly #stop = new AbortController();
  #config: JsonObject;
  #state: PluginView['state'] = 'resolved';
  #generation = 0;
  #process: PluginProcess | undefined;
  #starting: Promise<PluginProcess> | undefined;
  #error: KinoportError | undefined;
  #crashes = 0;
  #lastCrash = Number.NEGATIVE_INFINITY;

  constructor(options: PluginOptions) {
    this.#options = options;
    this.#config = options.config;
    this.id = options.plugin.id;
  }

  get state(): PluginView['state'] {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Why it is not running, or why it crashed last. */
  get error(): KinoportError | undefined {
    return this.#error;
  }

  get discovered(): PluginOptions['plugin'] {
    return this.#options.plugin;
  }

  get onDidChange(): Event<void> {
    return this.#onDidChange.event;
  }

  /** Kept alive across generations until disposed. */
  adopt(survivor: Survivor): Disposable {
    this.#survivors.add(survivor);
    return toDisposable(() => {
      this.#survivors.delete(survivor);
    });
  }

  /**
   * The active generation; starts the plugin when it does not run, waits while it is being restarted.
   * @throws KinoportError as `PluginProcess.activate`; `HOST_STOPPING`, `ABORTED`
   */
  async current(signal?: AbortSignal): Promise<PluginProcess> {
    while (this.#process && !this.#starting) {
      if (!this.#process.peer.isClosed) return this.#process;
      // It has just died, and how is not known yet.
      await this.#process.over;
      if (this.#process?.peer.isClosed) break;
    }
    if (this.#stop.signal.aborted) throw new KinoportError('HOST_STOPPING', 'The host is shutting down.');
    this.#starting ??= this.#start(0);
    return signal ? abortable(this.#starting, signal) : this.#starting;
  }

  /** Calls the active generation. One that crashes meanwhile fails the call with `PLUGIN_CRASHED`. */
  async call<T>(
    method: string,
    params: unknown,
    options: { signal?: AbortSignal; timeout?: number } = {},
  ): Promise<T> {
    const generation = await this.current(options.signal);
    try {
      return await generation.peer.call<T>(method, params, options);
    } catch (error) {
      throw isKinoportError(error, 'INTERNAL') ? this.#faultOf(error) : error;
    }
  }

  /** A generation that hangs is ended as one that crashes is, so that the next can take over. */
  async endIfHung(): Promise<void> {
    await this.#process?.endIfHung();
  }

  /** What the running generation has registered. */
  get registered(): PluginProcess['registered'] | undefined {
    return this.#process?.registered;
  }

  /** The running generation's pipe, without starting anything. */
  get peer(): Peer | undefined {
    return this.#process?.peer;
  }

  /** A new slice of the config; a running generation is told. */
  configure(config: JsonObject): void {
    if (isDeepStrictEqual(config, this.#config)) return;
    this.#config = config;
    this.peer?.notify('config/changed', config).catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#starting?.catch(() => undefined);
    if (this.#process) {
      this.#setState('stopping');
      await this.#process.stop();
      this.#process = undefined;
    }
    this.#setState('resolved');
    this.#onDidChange.dispose();
  }

  /** Something a plugin threw that is no error of the contract. */
  #faultOf(error: KinoportError): KinoportError {
    const log = join(this.#options.home.logs, `plugin-${this.id}.log`);
    return new KinoportError('INTERNAL', `The plugin "${this.id}" failed: ${error.message}`, {
      hint: `Report it to the author of the plugin; its log is ${log}.`,
      cause: error,
    });
  }

  async #start(delay: number): Promise<PluginProcess> {
    const { plugin, home, clock, log, serve, processes } = this.#options;
    try {
      if (delay > 0) {
        this.#setState('backoff');
        await sleep(clock, delay, this.#stop.signal);
      }
      this.#setState('starting');
      this.#generation += 1;
      const next = new PluginProcess({
        ...processes,
        plugin,
        generation: this.#generation,
        config: this.#config,
        home,
        clock,
        serve: (peer) => serve(peer, this),
      });
      await next.activate();
      if (this.#stop.signal.aborted) {
        await next.kill();
        throw abortedError();
      }
      let early: PluginCrash | undefined;
      next.onDidCrash((crash) => {
        if (this.#process === next) this.#crashed(next, crash);
        else early = crash;
      });
      await this.#takeOver(next);
      if (next.peer.isClosed) {
        await next.over;
        throw early?.error ?? new KinoportError('PLUGIN_CRASHED', `The plugin "${this.id}" ended.`);
      }
      this.#process = next;
      this.#setState('active');
      log.info(`plugin ${this.id} is active`, { generation: this.#generation, pid: next.pid ?? -1 });
      return next;
    } catch (error) {
      this.#error = toKinoportError(error);
      log.error(`plugin ${this.id} did not start`, { code: this.#error.code, message: this.#error.message });
      this.#setState('failed');
      throw error;
    } finally {
      this.#starting = undefined;
    }
  }

  async #takeOver(next: PluginProcess): Promise<void> {
    const results = await Promise.allSettled([...this.#survivors].map((survivor) => survivor.takeOver(next)));
    for (const result of results) {
      if (result.status === 'rejected') {
        const { code, message } = toKinoportError(result.reason);
        this.#options.log.warn(`plugin ${this.id}: something could not be taken over`, { code, message });
      }
    }
  }

  /** Whether something lives on it, or it watches what happens and asks for nothing. */
  get #isNeeded(): boolean {
    const events = this.#options.plugin.manifest.package.kinoport.activationEvents ?? [];
    return this.#survivors.size > 0 || events.includes('onStartup') || events.includes('onPlayback');
  }

  #crashed(generation: PluginProcess, crash: PluginCrash): void {
    const { clock, log } = this.#options;
    this.#process = undefined;
    this.#error = crash.error;
    log.error(`plugin ${this.id} crashed`, {
      message: crash.error.message,
      generation: generation.generation,
    });
    const now = clock.now();
    this.#crashes = now - this.#lastCrash > HEALTHY_AFTER ? 0 : this.#crashes + 1;
    this.#lastCrash = now;
    this.#setState('resolved');
    if (!this.#isNeeded || this.#stop.signal.aborted) return;
    const delay =
      this.#crashes === 0 ? 0 : Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (this.#crashes - 1));
    this.#starting = this.#start(delay);
    this.#starting.catch(() => this.#retry());
  }

  /** A restart that failed is tried again while something waits for it. */
  #retry(): void {
    if (!this.#isNeeded || this.#stop.signal.aborted) return;
    this.#crashes += 1;
    this.#starting = this.#start(Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** this.#crashes));
    this.#starting.catch(() => this.#retry());
  }

  #setState(state: PluginView['state']): void {
    this.#state = state;
    this.#onDidChange.fire();
  }
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortedError());
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
