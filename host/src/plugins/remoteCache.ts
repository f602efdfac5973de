import type { CacheFreed, CacheUsage } from '@kinoport/core';
import { KinoportError } from '@kinoport/core';
import type { SourceVerb } from '../rpc/protocol.ts';
import { believed } from './answers.ts';
import type { RemoteSource } from './remoteSource.ts';
import { checks } from './schemas.ts';
import type { CheckedSchema } from './validation.ts';

/** Disks are slow, and caches large. */
const TIMEOUT = 120_000;

type CacheVerb = Extract<SourceVerb, `cache.${string}`>;

/** What a source of a plugin keeps on disk. What it answers is checked. */
export class RemoteCache {
  readonly #source: RemoteSource;

  constructor(source: RemoteSource) {
    this.#source = source;
  }

  /** Whether the source has such a part; starts its plugin. */
  async has(verb: CacheVerb = 'cache.usage'): Promise<boolean> {
    const { plugin, id } = this.#source;
    const { registered } = await plugin.current();
    return registered.sources.find((each) => each.id === id)?.verbs.includes(verb) ?? false;
  }

  usage(signal?: AbortSignal): Promise<CacheUsage> {
    return this.#call('cache.usage', [], checks.cacheUsage, signal);
  }

  clear(entries: readonly string[], signal?: AbortSignal): Promise<CacheFreed> {
    return this.#call('cache.clear', [entries], checks.cacheFreed, signal);
  }

  prune(signal?: AbortSignal): Promise<CacheFreed> {
    return this.#call('cache.prune', [], checks.cacheFreed, signal);
  }

  /** @throws KinoportError `SOURCE_UNSUPPORTED` */
  async pin(entries: readonly string[], pinned: boolean, signal?: AbortSignal): Promise<void> {
    await this.#call('cache.pin', [entries, pinned], undefined, signal);
  }

  async #call<T>(
    verb: CacheVerb,
    args: readonly unknown[],
    check: CheckedSchema<T> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { plugin, id } = this.#source;
    if (!(await this.has(verb))) {
      const what = verb === 'cache.pin' ? 'pins nothing' : 'keeps nothing on disk';
      throw new KinoportError('SOURCE_UNSUPPORTED', `The source "${id}" ${what}.`);
    }
    const options = { timeout: TIMEOUT, ...(signal ? { signal } : {}) };
    const answer = await plugin.call<unknown>('source/call', { source: id, verb, args }, options);
    return check ? believed(check, answer, `Source "${id}"`, verb) : (answer as T);
  }
}
