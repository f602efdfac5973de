import type { Event } from './event.ts';
import type { Item, SeriesInfo } from './item.ts';
import type { EndReason, PlayerCapabilities, PlayerCommands, PlayerState } from './player.ts';

/** How one item is begun. */
export interface PlaybackLoadOptions {
  /** Id of a source; default: by the manifests. */
  readonly source?: string;
  /** Seconds; default: where the viewer stopped. */
  readonly start?: number;
  readonly paused?: boolean;
  /** Begin at 0 whatever the progress says. */
  readonly ignoreResume?: boolean;
  readonly signal?: AbortSignal;
}

/** What to open and how. */
export interface PlaybackOpenOptions extends PlaybackLoadOptions {
  /** Id of a player; default: the one of the config. */
  readonly player?: string;
  readonly fullscreen?: boolean;
  /** Which item of a folder or playlist: its number from 0, or a part of its name. */
  readonly file?: string;
  /** Where the viewer's screen and sound are: `io.display` of a command. Default: those of the host. */
  readonly display?: Readonly<Record<string, string>>;
  /** As `PlaybackHandle.setWaitAtEnd`. */
  readonly waitAtEnd?: boolean;
}

/** A playback session at one moment. */
export interface PlaybackSnapshot {
  readonly id: string;
  readonly player: string;
  readonly source: string;
  readonly capabilities: PlayerCapabilities;
  readonly item: Item;
  /** Place of the item in the queue, from 0. */
  readonly index: number;
  readonly queue: readonly Item[];
  readonly state: PlayerState;
}

/** Something that this machine has played, or been told of by an import of progress. */
export interface PlayedItem {
  /** The main content key. */
  readonly key: string;
  /** All content keys, the main one among them. */
  readonly keys: readonly string[];
  /** By which `open` and `load` find it, unless it has moved since. */
  readonly uri: string;
  readonly title: string;
  readonly kind: 'video' | 'audio';
  readonly series?: SeriesInfo;
  readonly ids?: Item['ids'];
  readonly source: string;
  /** Bytes; of what lay at `uri`. */
  readonly size?: number;
  /** Seconds; where the viewer stopped. */
  readonly position: number;
  /** Seconds. */
  readonly duration?: number;
  readonly watched: boolean;
  /** Wall clock, milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** Which of what was played; without `keys` and `uri` the newest. */
export interface PlayedQuery {
  /** Only what has one of these content keys; at most 100. */
  readonly keys?: readonly string[];
  /** Only what was last played from this address. */
  readonly uri?: string;
  /** At most so many, newest first; 1 to 1000, default 100. */
  readonly limit?: number;
}

export interface PlaybackItemEnd {
  readonly id: string;
  readonly item: Item;
  readonly reason: EndReason;
  readonly position: number;
  readonly duration?: number;
  readonly watched: boolean;
}

/**
 * A session of the host, seen from a plugin. Commands are those of the player contract, and refuse what is not of it
 * with `INVALID_ARGUMENT`; an instant `at` is at most a day ahead.
 */
export interface PlaybackHandle extends PlayerCommands {
  readonly id: string;
  snapshot(): Promise<PlaybackSnapshot>;
  next(): Promise<void>;
  previous(): Promise<void>;
  /**
   * What an address leads to (the first item of several), now, in the same window. It takes its place in the queue
   * behind the item that played.
   * @throws KinoportError as `Source.resolve`, `Source.open` and `PlayerSession.load`
   */
  load(uri: string, options?: PlaybackLoadOptions): Promise<void>;
  /**
   * What follows the present item, in place of what did: at most 1000 addresses, none for nothing. They are resolved
   * now and opened when it is their turn, by `next` or by themselves (`autoplayNext` of the config).
   * @throws KinoportError as `Source.resolve`
   */
  setUpcoming(uris: readonly string[], options?: { readonly source?: string }): Promise<void>;
  /**
   * With `true` nothing follows by itself when an item is over, and the window stays: whoever holds the session says
   * what is next, by `load`, `next` or `stop`.
   */
  setWaitAtEnd(wait: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** `ctx.playback`: what plays on this machine, for rooms, scrobblers and remotes. */
export interface Playback {
  list(): Promise<readonly PlaybackSnapshot[]>;
  get(id: string): PlaybackHandle;
  /**
   * Several addresses, at most 1000, are a queue.
   * @throws KinoportError as `Source.resolve` and `Player.open`
   */
  open(uri: string | readonly string[], options?: PlaybackOpenOptions): Promise<PlaybackHandle>;
  /** What this machine has played. Needs the permission `history`. */
  history(query?: PlayedQuery): Promise<readonly PlayedItem[]>;
  /** A new item has begun in a session. */
  readonly onDidStart: Event<PlaybackSnapshot>;
  /** Coalesced: the latest state of each session. */
  readonly onDidChangeState: Event<{ readonly id: string; readonly state: PlayerState }>;
  /** An item has ended; in order, none left out. */
  readonly onDidEnd: Event<PlaybackItemEnd>;
  /** The session is over. */
  readonly onDidClose: Event<{ readonly id: string }>;
}
