import type { CacheFreed, CacheOptions, CacheUsage, SourceCache } from '@kinoport/core';
import type { PieceCache } from './store/ports.ts';

export interface TorrentCacheOptions {
  readonly cache: () => Promise<PieceCache>;
  /** Ids of the open streams of a torrent. */
  readonly streams: (infohash: string) => readonly string[];
  /** Ends what is read or fetched of a torrent, and leaves its swarm. */
  readonly release: (infohash: string) => Promise<void>;
}

const MOST_ENTRIES = 5_000;
const LONGEST_TITLE = 200;

/** The pieces on disk as the host sees them: an entry for each torrent, by its infohash. */
export class TorrentCache implements SourceCache {
  readonly #options: TorrentCacheOptions;

  constructor(options: TorrentCacheOptions) {
    this.#options = options;
  }

  async usage(): Promise<CacheUsage> {
    const cache = await this.#options.cache();
    const all = await cache.list();
    return {
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      limit: cache.limits.size,
      entries: all.slice(0, MOST_ENTRIES).map(({ infohash, name, bytes, length, usedAt, isPinned }) => ({
        id: infohash,
        title: name.slice(0, LONGEST_TITLE) || infohash,
        bytes,
        size: length,
        usedAt,
        pinned: isPinned,
        streams: this.#options.streams(infohash).slice(0, 100),
      })),
    };
  }

  async clear(entries: readonly string[], { signal }: CacheOptions): Promise<CacheFreed> {
    const cache = await this.#options.cache();
    const before = new Map((await cache.list()).map(({ infohash, bytes }) => [infohash, bytes]));
    let bytes = 0;
    for (const infohash of entries) {
      signal?.throwIfAborted();
      if (!before.has(infohash)) continue;
      await this.#options.release(infohash);
      await cache.remove(infohash);
      bytes += before.get(infohash) ?? 0;
    }
    return { bytes };
  }

  async prune(): Promise<CacheFreed> {
    return { bytes: await (await this.#options.cache()).evict() };
  }

  async pin(entries: readonly string[], pinned: boolean): Promise<void> {
    const cache = await this.#options.cache();
    for (const infohash of entries) await cache.pin(infohash, pinned);
  }
}
