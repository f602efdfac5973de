/**
 * What a source keeps on disk of what it has fetched, so that it is not fetched again; an optional part of the source
 * contract. `kinoport cache` shows and clears it, whatever source it is of.
 */
export interface SourceCache {
  /** All that is kept, the entry used last first. */
  usage(options: CacheOptions): Promise<CacheUsage>;

  /**
   * Removes entries, pinned ones too. Whatever still reads or fetches them ends first, and nothing else does. Of an id
   * that there is none of: nothing happens.
   */
  clear(entries: readonly string[], options: CacheOptions): Promise<CacheFreed>;

  /** Removes at once what would go by itself: what is over the limit or too old, and neither pinned nor read. */
  prune(options: CacheOptions): Promise<CacheFreed>;

  /**
   * Pinned entries go neither to make room nor with age, over restarts too, until they are unpinned or cleared. On disk
   * when it resolves. Of an id that there is none of: nothing happens.
   */
  pin?(entries: readonly string[], pinned: boolean, options: CacheOptions): Promise<void>;
}

export interface CacheOptions {
  readonly signal?: AbortSignal;
}

export interface CacheUsage {
  /** Bytes on disk, of entries that are not listed too. */
  readonly bytes: number;
  /** Most bytes that are kept; absent: no limit. */
  readonly limit?: number;
  /** At most 5000. */
  readonly entries: readonly CacheEntry[];
}

export interface CacheEntry {
  /** Stands for the entry in `clear` and `pin`: 1 to 200 visible signs of ASCII, the same as long as it is there. */
  readonly id: string;
  /** For people; at most 200 characters. */
  readonly title: string;
  /** On disk. */
  readonly bytes: number;
  /** Of all that there is to fetch of it, where that is known. */
  readonly size?: number;
  /** Milliseconds of the wall clock. */
  readonly usedAt?: number;
  readonly pinned: boolean;
  /** Ids of open streams that read it, as `Source.open` was given them; at most 100. */
  readonly streams: readonly string[];
}

export interface CacheFreed {
  /** Bytes on disk. */
  readonly bytes: number;
}
