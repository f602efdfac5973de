import { type CacheFreed, type CacheUsage, KinoportError, serializeError } from '@kinoport/core';
import type { CacheView } from '../api/cacheProtocol.ts';
import type { PluginManager } from '../plugins/manager.ts';
import { RemoteCache } from '../plugins/remoteCache.ts';
import type { PlaybackService } from './service.ts';
import type { PlaybackSession } from './session.ts';

export interface ClearOptions {
  /** Films that play from what is removed are stopped; else nothing is removed. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

/** What the sources keep on disk. */
export class SourceCaches {
  readonly #plugins: PluginManager;
  readonly #playback: PlaybackService;

  constructor(plugins: PluginManager, playback: PlaybackService) {
    this.#plugins = plugins;
    this.#playback = playback;
  }

  /**
   * Of one source, or of all that keep something; starts their plugins. One that fails keeps nothing from the others.
   * @throws KinoportError `SOURCE_UNKNOWN`, `SOURCE_UNSUPPORTED` of the one
   */
  async usage(source: string | undefined, signal?: AbortSignal): Promise<readonly CacheView[]> {
    if (source !== undefined) return [this.#view(source, await this.#cache(source).usage(signal))];
    const views = await Promise.all(this.#plugins.sourceIds.map((id) => this.#viewOf(id, signal)));
    return views.flatMap((view) => view ?? []);
  }

  /** @throws KinoportError `CACHE_IN_USE`, and those of the source */
  async clear(source: string, entries: readonly string[], options: ClearOptions = {}): Promise<CacheFreed> {
    const { force = false, signal } = options;
    const cache = this.#cache(source);
    const sessions = this.#reading(await cache.usage(signal), new Set(entries));
    if (sessions.length > 0 && !force) throw inUse(sessions.map(titleOf));
    // A session lets go of its stream, and of what it had the source fetch beforehand.
    await Promise.allSettled(sessions.map((session) => session.stop()));
    return cache.clear(entries, signal);
  }

  prune(source: string, signal?: AbortSignal): Promise<CacheFreed> {
    return this.#cache(source).prune(signal);
  }

  pin(source: string, entries: readonly string[], pinned: boolean, signal?: AbortSignal): Promise<void> {
    return this.#cache(source).pin(entries, pinned, signal);
  }

  #cache(source: string): RemoteCache {
    return new RemoteCache(this.#plugins.source(source));
  }

  async #viewOf(source: string, signal: AbortSignal | undefined): Promise<CacheView | undefined> {
    try {
      const cache = this.#cache(source);
      return (await cache.has()) ? this.#view(source, await cache.usage(signal)) : undefined;
    } catch (error) {
      const { stack: _, ...data } = serializeError(error);
      return { source, error: data };
    }
  }

  #view(source: string, { bytes, limit, entries }: CacheUsage): CacheView {
    return {
      source,
      bytes,
      limit: limit ?? null,
      entries: entries.map(({ id, title, bytes, size, usedAt, pinned, streams }) => ({
        id,
        title,
        bytes,
        size: size ?? null,
        usedAt: usedAt ?? null,
        pinned,
        playing: this.#on(streams).map(titleOf),
      })),
    };
  }

  #reading({ entries }: CacheUsage, ids: ReadonlySet<string>): readonly PlaybackSession[] {
    return this.#on(entries.flatMap(({ id, streams }) => (ids.has(id) ? streams : [])));
  }

  #on(streams: readonly string[]): readonly PlaybackSession[] {
    return this.#playback.sessions.filter(({ stream }) => stream && streams.includes(stream.id));
  }
}

function titleOf({ current }: PlaybackSession): string {
  return current?.entry.item.title ?? 'A film';
}

function inUse(titles: readonly string[]): KinoportError {
  const named = titles.map((title) => `"${title}"`).join(', ');
  return new KinoportError('CACHE_IN_USE', `${named} ${titles.length > 1 ? 'play' : 'plays'} from it.`, {
    hint: 'Stop that first; with --yes it is stopped.',
    data: { titles: [...titles] },
  });
}
