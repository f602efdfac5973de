import type { Item } from '../../item.ts';
import type { Source, Validators } from '../../source.ts';

/** A source to be judged, and what the suite needs to do so. What is left out has its clauses skipped. */
export interface SourceSubject {
  readonly source: Source;
  /** Addresses that lead to something; the first one to a single item whose bytes are known. */
  readonly samples: readonly [SourceSample, ...SourceSample[]];
  /** How what the source opens is read: {@link MemoryStreams}, or the front of a host. */
  readonly streams: StreamAccess;
  /** An address of the source that leads nowhere. */
  readonly missing?: string;
  /** An address that leads to a folder or playlist without anything to play. */
  readonly empty?: string;
  /** A container that has more than three entries, for `list`. */
  readonly container?: string;
  /** A text that `search` finds more than one item for. */
  readonly query?: string;
  /** Changes the bytes behind the first sample, so that its open stream is of another content; called last. */
  readonly change?: () => Promise<void>;
  /** The same source in a new process of its plugin, to reopen with. Default: `source`. */
  readonly again?: () => Promise<Source>;
}

export interface SourceSample {
  readonly uri: string;
  readonly kind?: 'single' | 'playlist' | 'folder';
  /** Titles of all its items, in order. */
  readonly titles?: readonly string[];
  /** All bytes of the only item. */
  readonly bytes?: Uint8Array;
}

/** What is read of an open stream, as a player does through the stream front. */
export interface StreamAccess {
  /** What was published under an id; `undefined`: nothing is. */
  look(streamId: string): Published | undefined | Promise<Published | undefined>;
  /** The bytes from `start` up to, not including, `end`; `undefined`: to the end. */
  read(
    streamId: string,
    start: number,
    end: number | undefined,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /** Reads under way, where that can be told. */
  readers?(streamId: string): number;
  /** The same of a file, for streams whose location is a path. */
  readFile?(path: string, start: number, end: number | undefined): AsyncIterable<Uint8Array>;
}

export interface Published {
  readonly size?: number;
  readonly validators?: Validators;
}

/** The item that a clause is about, and its bytes. */
export interface KnownItem {
  readonly item: Item;
  readonly bytes: Uint8Array;
}
