import { activateUnless } from './activateUnless.ts';
import type { PluginOptions } from './blueprint.ts';
import type { Plugin } from './plugin.ts';
import { type PluginDefinition, PluginProcess } from './process.ts';
import { planRuntime, RuntimeProcess } from './runtimeProcess.ts';
import type { SettingsFeed } from './settingsFeed.ts';
import { Standby } from './standby.ts';

export interface LauncherOptions {
  readonly plugin: Plugin;
  readonly options: PluginOptions;
  readonly settings: SettingsFeed;
  /** Ends what is not active yet. */
  readonly stop: AbortSignal;
  /** The settings were found good enough for a start. */
  readonly onSettings: () => void;
}

/** Starts the generations of a plugin, one after the other, and numbers them. */
export class Launcher {
  readonly #options: LauncherOptions;
  readonly #standby: Standby;
  #number: number;
  #launched: PluginProcess | undefined;

  /** @param number that of the last generation that a plugin of this id had */
  constructor(options: LauncherOptions, number: number) {
    this.#options = options;
    this.#standby = new Standby(options.options.clock);
    this.#number = number;
  }

  /** Number of the last generation. */
  get number(): number {
    return this.#number;
  }

  /** A generation that nobody is routed to yet. */
  get launched(): PluginProcess | undefined {
    return this.#launched;
  }

  /**
   * A new generation, active, that nobody is routed to.
   * @throws KinoportError of its settings, its providers, and as `PluginProcess.activate`; `ABORTED`
   */
  async launch(definition: PluginDefinition, signal?: AbortSignal): Promise<PluginProcess> {
    const { plugin, settings, stop, onSettings } = this.#options;
    const { home, clock, serve, prepare, processes, config: configOf } = this.#options.options;
    await prepare?.(definition);
    const config = await configOf(definition);
    onSettings();
    settings.newest = config;
    this.#number += 1;
    const start = (standby?: Standby): PluginProcess =>
      new PluginProcess({
        ...processes,
        plugin: definition,
        generation: this.#number,
        config,
        home,
        clock,
        ...(standby ? { standby } : {}),
        serve: (peer) => serve(peer, plugin, definition.access),
      });
    let next = start(this.#standby);
    // That it has ended since may not have been heard of yet.
    if (next.hasWaited && !(await next.answers())) {
      await next.kill();
      next = start();
    }
    settings.startedWith(next, config);
    this.#launched = next;
    await activateUnless(next, [stop, signal]);
    return next;
  }

  /** Somebody works on the plugin: the next generation is to be there soon after it is asked for. */
  standBy(definition: PluginDefinition): void {
    // What a debugger is let into from its start is for the generation that it belongs to.
    if (definition.development?.debug || this.#options.stop.aborted) return;
    const { home, processes = {} } = this.#options.options;
    try {
      this.#standby.prepare(
        () => new RuntimeProcess(planRuntime({ ...processes, plugin: definition, home }), processes.guard),
      );
    } catch {
      // Whoever asks for the next generation is told.
    }
  }

  async dispose(): Promise<void> {
    await this.#standby.dispose();
  }

  /** Somebody is routed to it, or it is given up. */
  settled(): void {
    this.#launched = undefined;
  }
}
