import type { Event } from './event.ts';
import type { Item } from './item.ts';
import type {
  CommandOptions,
  EndReason,
  PlayerCapabilities,
  PlayerState,
  PositionSample,
  ScheduledOptions,
} from './player.ts';

/** What to open and how. */
export interface PlaybackOpenOptions {
  /** Id of a player; default: the one of the config. */
  readonly player?: string;
  /** Id of a source; default: by the manifests. */
  readonly source?: string;
  /** Seconds; default: where the viewer stopped. */
  readonly start?: number;
  readonly paused?: boolean;
  /** Begin at 0 whatever the progress says. */
  readonly ignoreResume?: boolean;
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

export interface PlaybackItemEnd {
  readonly id: string;
  readonly item: Item;
  readonly reason: EndReason;
  readonly position: number;
  readonly duration?: number;
  readonly watched: boolean;
}

/** A session of the host, seen from a plugin. Commands are those of the player contract. */
export interface PlaybackHandle {
  readonly id: string;
  snapshot(): Promise<PlaybackSnapshot>;
  play(options?: ScheduledOptions): Promise<void>;
  pause(options?: ScheduledOptions): Promise<void>;
  seek(position: number, options?: CommandOptions & { readonly exact?: boolean }): Promise<void>;
  setRate(rate: number, options?: CommandOptions): Promise<void>;
  samplePosition(): Promise<PositionSample>;
  showMessage(text: string, seconds: number): Promise<void>;
  next(): Promise<void>;
  previous(): Promise<void>;
  stop(): Promise<void>;
}

/** `ctx.playback`: what plays on this machine, for rooms, scrobblers and remotes. */
export interface Playback {
  list(): Promise<readonly PlaybackSnapshot[]>;
  get(id: string): PlaybackHandle;
  /** @throws KinoportError as `Source.resolve` and `Player.open` */
  open(uri: string, options?: PlaybackOpenOptions): Promise<PlaybackHandle>;
  /** A new item has begun in a session. */
  readonly onDidStart: Event<PlaybackSnapshot>;
  /** Coalesced: the latest state of each session. */
  readonly onDidChangeState: Event<{ readonly id: string; readonly state: PlayerState }>;
  /** An item has ended; in order, none left out. */
  readonly onDidEnd: Event<PlaybackItemEnd>;
  /** The session is over. */
  readonly onDidClose: Event<{ readonly id: string }>;
}
