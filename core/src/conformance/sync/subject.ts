import type { Playback } from '../../playback.ts';
import type { Sync } from '../../sync.ts';

/** A sync to be judged, and what the suite needs to do so. What is left out has its clauses skipped. */
export interface SyncSubject {
  /** Two who can meet: the first opens rooms, the second joins them. Both may be of the same `Sync`. */
  readonly people: readonly [SyncPerson, SyncPerson];
  /** Addresses of two films of a minute or more that every `playback` opens. Default: what {@link MemoryPlayback} has. */
  readonly films?: readonly [string, string];
}

/** One who watches. */
export interface SyncPerson {
  readonly sync: Sync;
  /** The `ctx.playback` that the sync drives: {@link MemoryPlayback}, or that of a host. */
  readonly playback?: Playback;
  /** Moves the player of a session by so many seconds, as a stall does, without a word of it in a state's `cause`. */
  readonly slip?: (playbackId: string, seconds: number) => void | Promise<void>;
  /** The invitation as this person is to use it: at another address that leads to the same place, for instance. */
  readonly invitation?: (invitation: string) => string | Promise<string>;
  /** Cuts the connections of this person, and lets no new one through until `heal`. */
  readonly cut?: () => void | Promise<void>;
  readonly heal?: () => void | Promise<void>;
}
