import {
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
import { pluginLogFile } from '../log/pluginLog.ts';
import type { Peer } from '../rpc/peer.ts';
import { abortable } from './abortable.ts';
import type { PluginCallOptions, PluginChange, PluginOptions } from './blueprint.ts';
import { faultOf, replacedWhileAsked } from './callErrors.ts';
import { handOver, type Survivor } from './handover.ts';
import { Launcher } from './launcher.ts';
import { type PluginCrash, type PluginDefinition, PluginProcess } from './process.ts';
import { SETTINGS_FAULTS } from './settings.ts';
import { SettingsFeed } from './settingsFeed.ts';
import { Supervisor } from './supervision/supervisor.ts';

/** Milliseconds that calls under way have to end before a generation is replaced in spite of them. */
const REPLACE_PATIENCE = 1_000;

/**
 * A plugin over all its generations: started on demand, restarted when it crashes while something of the host's
 * lives on it, replaced by a new generation beside it, stopped in order.
 */
export class Plugin {
  readonly id: string;
  readonly #options: PluginOptions;
  readonly #survivors = new Set<Survivor>();
  readonly #onDidChange = new Emitter<void>();
  readonly #onDidReplace = new Emitter<void>();
  readonly #stop = new AbortController();
  readonly #supervisor: Supervisor;
  readonly #settings = new SettingsFeed();
  readonly #launcher: Launcher;
  readonly #retiring = new Set<Promise<void>>();
  #definition: PluginDefinition;
  #state: PluginView['state'] = 'resolved';
  #process: PluginProcess | undefined;
  #starting: Promise<PluginProcess> | undefined;
  #replacing: Promise<void> = Promise.resolve();
  /** Resolves when the replacement under way has come to its end. */
  #replacement: Promise<void> | undefined;
  /** While routing switches from one generation to the next. */
  #gate: Promise<void> | undefined;
  #error: KinoportError | undefined;
  #hasRun = false;

  /** @param generation the number of the last one that a plugin of this id had */
  constructor(options: PluginOptions, generation = 0) {
    this.#options = options;
    this.#definition = options.plugin;
    this.id = options.plugin.id;
    const { clock, log, failures, home, processes } = options;
    const logFile = pluginLogFile(home, this.id);
    this.#supervisor = new Supervisor(
      { clock, log, failures, logFile, ...(processes?.heartbeat ? { heartbeat: processes.heartbeat } : {}) },
      options.plugin,
    );
    this.#launcher = new Launcher(
      {
        plugin: this,
        options,
        settings: this.#settings,
        stop: this.#stop.signal,
        onSettings: () => {
          if (isKinoportError(this.#error, ...SETTINGS_FAULTS)) this.#error = undefined;
        },
      },
      generation,
    );
    this.#supervisor.onDidChange(() => this.#onDidChange.fire());
    if (this.#supervisor.failed) this.#state = 'failed';
  }

  get state(): PluginView['state'] {
    return this.#state;
  }

  /** Runs or is about to, with what was known of it when it was started. */
  get isUp(): boolean {
    return this.isLaunched || this.#starting !== undefined;
  }

  /** Has a process, be it active yet or not. */
  get isLaunched(): boolean {
    return this.#process !== undefined || this.#launcher.launched !== undefined;
  }

  /** Of the running one; of the last one when none runs. */
  get generation(): number {
    return this.#process?.generation ?? this.#launcher.number;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Why it is not running, why it crashed last, or why the last replacement did not come about. */
  get error(): KinoportError | undefined {
    return this.#supervisor.failed ?? this.#error;
  }

  /** Has not answered for 3 s. */
  get isUnresponsive(): boolean {
    return this.#supervisor.isUnresponsive;
  }

  /** Ends within the last 5 minutes that nobody asked for. */
  get crashes(): number {
    return this.#supervisor.crashes;
  }

  /** What it is made of: manifest and folder. */
  get definition(): PluginDefinition {
    return this.#definition;
  }

  get onDidChange(): Event<void> {
    return this.#onDidChange.event;
  }

  /** Another generation has taken over, after a crash or in its stead; not told of the first one. */
  get onDidReplace(): Event<void> {
    return this.#onDidReplace.event;
  }

  /** What the running generation has registered. */
  get registered(): PluginProcess['registered'] | undefined {
    return this.#process?.registered;
  }

  /** The running generation's pipe, without starting anything. */
  get peer(): Peer | undefined {
    return this.#process?.peer;
  }

  /** The running generation, without starting anything. */
  get running(): PluginProcess | undefined {
    return this.#process;
  }

  /** Kept alive across generations until disposed. */
  adopt(survivor: Survivor): Disposable {
    this.#survivors.add(survivor);
    return toDisposable(() => {
      this.#survivors.delete(survivor);
    });
  }

  /**
   * The active generation; starts the plugin when it does not run, waits while it is being restarted or routing
   * switches.
   * @throws KinoportError as `PluginProcess.activate`; `PLUGIN_FAILED`, `HOST_STOPPING`, `ABORTED`
   */
  async current(signal?: AbortSignal): Promise<PluginProcess> {
    for (;;) {
      if (this.#stop.signal.aborted) throw new KinoportError('HOST_STOPPING', 'The plugin is shutting down.');
      if (this.#gate) {
        await abortable(this.#gate, signal);
        continue;
      }
      const running = this.#starting ? undefined : this.#process;
      if (!running) {
        if (this.#supervisor.failed) throw this.#supervisor.failed;
        this.#starting ??= this.#start(0);
        return abortable(this.#starting, signal);
      }
      if (!running.peer.isClosed) return running;
      // It has just died, and how is not known yet.
      await running.over;
      if (this.#process === running) this.#process = undefined;
    }
  }

  /**
   * Calls the active generation. One that crashes meanwhile fails the call with `PLUGIN_CRASHED`; where it was
   * replaced the next one is asked.
   */
  async call<T>(method: string, params: unknown, options: PluginCallOptions = {}): Promise<T> {
    const { onRouted, repeat = true, ...rest } = options;
    const generation = await this.current(options.signal);
    onRouted?.(generation);
    try {
      return await generation.call<T>(method, params, rest);
    } catch (error) {
      if (isKinoportError(error, 'INTERNAL'))
        throw faultOf(this.id, pluginLogFile(this.#options.home, this.id), error);
      if (!generation.isRetired || !isKinoportError(error, 'PLUGIN_CRASHED')) throw error;
      if (repeat) return this.call<T>(method, params, { ...options, repeat: false });
      throw replacedWhileAsked(this.id);
    }
  }

  /** A generation that hangs is ended as one that crashes is, so that the next can take over. */
  async endIfHung(): Promise<void> {
    await this.#process?.endIfHung();
  }

  /** A new slice of the config; a running generation is told. */
  configure(config: JsonObject): void {
    this.#settings.newest = config;
    if (this.#process) this.#settings.tell(this.#process);
  }

  /**
   * Puts a new generation in the place of the present one, which serves until the new one is active and has taken
   * over every session and stream. Starts the plugin when it does not run. One after the other.
   * @throws KinoportError of the start, or of what could not be taken over; the present one goes on then
   */
  replace(change: PluginChange = {}): Promise<void> {
    const replacing = this.#replacing.then(() => this.#replace(change));
    this.#replacing = replacing.catch(() => undefined);
    return replacing;
  }

  /** What the next generation is made of, where none runs. */
  redefine(definition: PluginDefinition): void {
    this.#definition = definition;
    if (!this.#supervisor.failed) return;
    this.#error = undefined;
    this.#supervisor.forgive(definition);
    this.#setState('resolved');
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#launcher.launched?.kill();
    await this.#starting?.catch(() => undefined);
    await this.#replacing;
    if (this.#process) {
      this.#setState('stopping');
      await this.#process.stop();
      this.#process = undefined;
    }
    await Promise.allSettled(this.#retiring);
    await this.#launcher.dispose();
    this.#supervisor.dispose();
    this.#setState('resolved');
    this.#onDidChange.dispose();
    this.#onDidReplace.dispose();
  }

  // --- starting -------------------------------------------------------------------------------------------

  async #start(delay: number, signal?: AbortSignal): Promise<PluginProcess> {
    const { clock, log } = this.#options;
    try {
      if (delay > 0) {
        this.#setState('backoff');
        await sleep(clock, delay, this.#stop.signal);
      }
      this.#setState('starting');
      const next = await this.#launcher.launch(this.#definition, signal);
      const fault = this.#watch(next);
      for (const error of (await handOver(this.#survivors, next, 'crash')).failures) {
        const { code, message } = toKinoportError(error);
        log.warn(`plugin ${this.id}: something could not be taken over`, { code, message });
      }
      await fault();
      this.#becomes(next);
      return next;
    } catch (error) {
      this.#error = toKinoportError(error);
      log.error(`plugin ${this.id} did not start`, { code: this.#error.code, message: this.#error.message });
      this.#setState('failed');
      throw error;
    } finally {
      this.#launcher.settled();
      this.#starting = undefined;
    }
  }

  /** From now on a crash counts. @returns throws when it has crashed already, before anybody was routed to it */
  #watch(next: PluginProcess): () => Promise<void> {
    let early: PluginCrash | undefined;
    next.onDidCrash((crash) => {
      if (this.#process === next) this.#crashed(next, crash);
      else early = crash;
    });
    return async () => {
      if (!next.peer.isClosed) return;
      await next.over;
      throw early?.error ?? new KinoportError('PLUGIN_CRASHED', `The plugin "${this.id}" ended.`);
    };
  }

  #becomes(next: PluginProcess): void {
    this.#process = next;
    this.#launcher.settled();
    // What the config says may have changed while it started.
    this.#settings.tell(next);
    this.#supervisor.watch(next);
    this.#options.log.info(`plugin ${this.id} is active`, {
      generation: next.generation,
      pid: next.pid ?? -1,
    });
    this.#setState('active');
    if (this.#hasRun) this.#onDidReplace.fire();
    this.#hasRun = true;
  }

  // --- replacing ------------------------------------------------------------------------------------------

  async #replace(change: PluginChange): Promise<void> {
    const before = await this.#settled();
    if (this.#stop.signal.aborted) throw new KinoportError('HOST_STOPPING', 'The plugin is shutting down.');
    const definition = change.definition ?? this.#definition;
    if (!before) {
      this.#definition = definition;
      this.#error = undefined;
      this.#supervisor.forgive(definition);
      this.#starting ??= this.#start(0, change.signal);
      await this.#starting;
      return;
    }
    const over = Promise.withResolvers<void>();
    this.#replacement = over.promise;
    try {
      const next = await this.#launcher.launch(definition, change.signal);
      try {
        await this.#switch(before, next, definition);
      } catch (error) {
        await next.kill();
        throw error;
      }
    } catch (error) {
      this.#error = toKinoportError(error);
      const { code, message } = this.#error;
      this.#options.log.error(`plugin ${this.id} was not replaced`, { code, message });
      this.#launcher.standBy(definition);
      // The one before may have gone while its successor failed.
      if (!this.#process) this.#restart(0);
      this.#onDidChange.fire();
      throw error;
    } finally {
      this.#launcher.settled();
      this.#replacement = undefined;
      this.#gate = undefined;
      over.resolve();
    }
  }

  /** The running generation, once no start is under way and it is known how one that has just died ended. */
  async #settled(): Promise<PluginProcess | undefined> {
    for (;;) {
      await this.#starting?.catch(() => undefined);
      const running = this.#process;
      if (!running?.peer.isClosed) return running;
      await running.over;
      if (this.#process === running) this.#process = undefined;
    }
  }

  /** No call is routed to either of them meanwhile. */
  async #switch(before: PluginProcess, next: PluginProcess, definition: PluginDefinition): Promise<void> {
    const fault = this.#watch(next);
    this.#gate = this.#replacement;
    await before.idle(REPLACE_PATIENCE);
    const { failures, commit } = await handOver(
      this.#survivors,
      next,
      before.peer.isClosed ? 'crash' : 'replace',
    );
    if (failures.length > 0) throw failures[0];
    await fault();
    commit();
    this.#definition = definition;
    this.#error = undefined;
    this.#supervisor.forgive(definition);
    this.#becomes(next);
    const retiring = before.retire().finally(() => {
      this.#retiring.delete(retiring);
      this.#launcher.standBy(definition);
    });
    this.#retiring.add(retiring);
  }

  // --- crashing -------------------------------------------------------------------------------------------

  /** Whether something lives on it, or it watches what happens and asks for nothing. */
  get #isNeeded(): boolean {
    const events = this.definition.manifest.package.kinoport.activationEvents ?? [];
    return this.#survivors.size > 0 || events.includes('onStartup') || events.includes('onPlayback');
  }

  #crashed(generation: PluginProcess, crash: PluginCrash): void {
    const { log } = this.#options;
    this.#process = undefined;
    this.#error = crash.error;
    log.error(`plugin ${this.id} crashed`, {
      message: crash.error.message,
      generation: generation.generation,
    });
    if (this.#replacement) {
      // Its successor is about to take its place.
      this.#setState('resolved');
      this.#gate = this.#replacement;
      return;
    }
    this.#brokeDown(crash.error);
  }

  /** Starts it again when that is wanted and still allowed. */
  #brokeDown(error: KinoportError): void {
    const delay = this.#supervisor.broke(error);
    this.#setState(delay === undefined ? 'failed' : 'resolved');
    if (delay === undefined) {
      const { code, message } = this.#supervisor.failed ?? error;
      this.#options.log.error(`plugin ${this.id} is given up`, { code, message });
    } else this.#restart(delay);
  }

  /** One that does not start is tried again while something waits for it. */
  #restart(delay: number): void {
    if (!this.#isNeeded || this.#stop.signal.aborted || this.#starting) return;
    this.#starting = this.#start(delay);
    this.#starting.catch((error) => {
      // The user has to do something first; it did not break down.
      if (isKinoportError(error, ...SETTINGS_FAULTS)) return;
      if (this.#isNeeded && !this.#stop.signal.aborted) this.#brokeDown(toKinoportError(error));
    });
  }

  #setState(state: PluginView['state']): void {
    this.#state = state;
    this.#onDidChange.fire();
  }
}
