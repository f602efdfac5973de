import type { Item } from './item.ts';
import type { JsonObject } from './json.ts';
import type { SubtitleFile } from './player.ts';
import type { SourceCache } from './sourceCache.ts';

/**
 * The source contract: from an address to items, from an item to bytes. What addresses a source answers
 * for stands in its manifest, so routing runs no plugin code. Whatever is given a signal that has fired already rejects
 * with `ABORTED`. `@kinoport/core/conformance` has this contract as clauses to run against an implementation.
 */
export interface Source {
  /**
   * What an address leads to. A folder or playlist gives all its items in playing order. Given up after 120 s in which
   * `stats` told no `activity`; so is `open`, after 60 s.
   * @throws KinoportError `SOURCE_NOT_FOUND`, `SOURCE_NOT_MEDIA`, `SOURCE_EMPTY`, `SOURCE_FORBIDDEN`,
   *   `SOURCE_UNREACHABLE`, `SOURCE_FAILED`, `SOURCE_NOT_CACHED`, `ABORTED`; any code with a {@link ConsentRequest}
   */
  resolve(uri: string, options: ResolveOptions): Promise<ResolveResult>;

  /** One page of a container, in order. Without `cursor` the first page; one of another source rejects with a code. */
  list?(container: string, options: ListOptions): Promise<Page<Item>>;

  /** Items that match; only called when the manifest says `search`. */
  search?(query: string, options: ListOptions): Promise<Page<Item>>;

  /** The run of items that `item` is part of (the episodes of its season), itself once, for *next* and *previous*. */
  siblings?(item: Item, options: { readonly signal?: AbortSignal }): Promise<readonly Item[]>;

  /**
   * Makes an item readable, by a local path or through `ctx.streams.publish`.
   * @throws KinoportError as `resolve`
   */
  open(item: Item, options: SourceOpenOptions): Promise<SourceStream>;

  /**
   * The same stream again after the plugin's process was replaced, from the `record` that `open` returned:
   * publishes under the same `streamId` with size and validators unchanged.
   * @throws KinoportError `SOURCE_CHANGED` when the content is another now
   */
  reopen?(record: StreamRecord, options: { readonly signal?: AbortSignal }): Promise<SourceStream>;

  /** Gets ready for an item that will be opened soon: `next` follows at once, `warm` is the one after. */
  prefetch?(item: Item, level: 'next' | 'warm', options: { readonly signal?: AbortSignal }): Promise<void>;

  /** What `prefetch` was told of is not what follows: what it holds may go. Of any other item: nothing happens. */
  forget?(item: Item): Promise<void>;

  /** A hint where the viewer is. At most 4 times a second, and at once on a seek. Never blocks, never throws. */
  notifyPosition?(
    streamId: string,
    position: { readonly seconds: number; readonly byteOffset?: number },
  ): void;

  /**
   * Figures for the status line, once a second: of an open stream, and of one that is being opened or resolved under
   * that id. Cheap. None for any other.
   */
  stats?(streamId: string): Promise<StreamStats>;

  /** What it keeps on disk of what it has fetched. */
  readonly cache?: SourceCache;

  /** Nobody reads the stream any more: it is unpublished. Of one that is not open: nothing happens. */
  release(streamId: string): Promise<void>;
}

export interface ResolveOptions {
  readonly signal?: AbortSignal;
  /** What `stats` is asked by while this is under way. */
  readonly statsId?: string;
  /**
   * Only what is known here counts: whoever would have to ask strangers and to wait for them rejects with
   * `SOURCE_NOT_CACHED`, and needs no agreement; `data: {keyPrefix}` of that error, what the content keys of its items
   * begin with, lets their progress be found all the same. A source that answers by itself need not look at this.
   */
  readonly onlyIfCached?: boolean;
}

export interface ResolveResult {
  /** `single`: one item · `playlist`: a list somebody made, played through · `folder`: a collection. */
  readonly kind: 'single' | 'playlist' | 'folder';
  /** Title of the playlist or folder. */
  readonly title?: string;
  /** In playing order; at most 10 000. */
  readonly items: readonly Item[];
  /** Of several items, a viewer who named none is asked for one, where there is a terminal to ask on. */
  readonly ask?: boolean;
}

export interface ListOptions {
  readonly cursor?: string;
  /** 1 to 1000. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

export interface SourceOpenOptions {
  /** The host's id for the stream, to be passed to `ctx.streams.publish`. 128 random bits. */
  readonly streamId: string;
  readonly signal?: AbortSignal;
}

/** Validators of HTTP: the bytes are the same while these are. */
export interface Validators {
  /** A strong entity tag with its quotes. */
  readonly etag?: string;
  /** An HTTP date. */
  readonly lastModified?: string;
}

/** An item opened for reading. */
export interface SourceStream {
  /** `path`: the player opens the file itself · `published`: through the stream front. */
  readonly location: { readonly type: 'path'; readonly path: string } | { readonly type: 'published' };
  readonly size?: number;
  readonly mime?: string;
  readonly validators?: Validators;
  readonly duration?: number;
  readonly hints?: { /** Bits per second. */ readonly bitrate?: number };
  readonly subtitles?: readonly SubtitleFile[];
  /** For `reopen` after a crash. Stored by the host; at most 16 KiB of JSON, no secrets. */
  readonly record?: JsonObject;
}

/** What the host kept of an open stream. */
export interface StreamRecord {
  readonly streamId: string;
  readonly item: Item;
  readonly size?: number;
  readonly validators?: Validators;
  readonly record: JsonObject;
}

export interface StreamStats {
  /** Bytes per second, now. */
  readonly downloadRate?: number;
  readonly uploadRate?: number;
  readonly peers?: number;
  /** Seconds of media ready beyond the playhead. */
  readonly bufferedSeconds?: number;
  /** What is waited for while nothing comes, in a few words: `looking for peers`. At most 100 characters. */
  readonly activity?: string;
}
