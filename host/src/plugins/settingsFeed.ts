import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '@kinoport/core';
import type { PluginProcess } from './process.ts';

/** Keeps the generations of a plugin at the newest slice of the config, and tells each what it does not know yet. */
export class SettingsFeed {
  #newest: JsonObject | undefined;
  /** What each generation takes for the newest. */
  readonly #told = new WeakMap<PluginProcess, JsonObject>();

  /** From now on this is the newest. */
  set newest(config: JsonObject) {
    this.#newest = config;
  }

  /** It was started with this. */
  startedWith(generation: PluginProcess, config: JsonObject): void {
    this.#told.set(generation, config);
  }

  tell(generation: PluginProcess): void {
    const config = this.#newest;
    if (config === undefined || isDeepStrictEqual(this.#told.get(generation), config)) return;
    this.#told.set(generation, config);
    generation.peer.notify('config/changed', config).catch(() => undefined);
  }
}
