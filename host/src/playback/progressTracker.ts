import type { Clock, EndReason, Item, PlayerState } from '@kinoport/core';
import type { Config } from '../config/config.ts';
import type { ProgressStore } from '../storage/progress.ts';
import { isWatched } from './rules.ts';

/** While playing, the newest position reaches the database at least this often, milliseconds. */
const WRITE_EVERY = 450;

/** Which session owns the progress of an item that plays in two: the one with the later action of a person. */
export class ProgressOwners {
  readonly #owners = new Map<string, string>();

  claim(itemKey: string, sessionId: string): void {
    this.#owners.set(itemKey, sessionId);
  }

  owns(itemKey: string, sessionId: string): boolean {
    return (this.#owners.get(itemKey) ?? sessionId) === sessionId;
  }

  release(itemKey: string, sessionId: string): void {
    if (this.#owners.get(itemKey) === sessionId) this.#owners.delete(itemKey);
  }
}

export interface ProgressTrackerOptions {
  readonly clock: Clock;
  readonly store: ProgressStore;
  readonly owners: ProgressOwners;
  readonly rules: () => Config['progress'];
  readonly sessionId: string;
  readonly item: Item;
  readonly source: string;
  /** What could not be written, and why; once until it works again. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Writes the progress of one item while it plays: every 450 ms while the position moves, at once and durably on
 * pause, seek and end, and not at all while paused.
 */
export class ProgressTracker {
  readonly #options: ProgressTrackerOptions;
  #lastWrite = Number.NEGATIVE_INFINITY;
  #written: number | undefined;
  #previous: PlayerState | undefined;
  #state: PlayerState | undefined;
  #segmentStart: number | undefined;
  #watched = false;
  #watchedTold = false;
  #failing = false;
  #closed = false;

  constructor(options: ProgressTrackerOptions) {
    this.#options = options;
    options.owners.claim(options.item.key, options.sessionId);
  }

  /** Whether this playing of the item made it watched. */
  get watched(): boolean {
    return this.#watched;
  }

  /** The last position that was real. */
  get state(): PlayerState | undefined {
    return this.#state;
  }

  heard(state: PlayerState): void {
    const previous = this.#previous;
    this.#previous = state;
    if (this.#closed || state.status === 'opening' || state.status === 'failed') return;
    if (previous && previous.epoch !== state.epoch) {
      this.#segmentStart = undefined;
      if (state.cause === 'user') this.claim();
    }
    if (state.status === 'seeking') return;
    if (!(state.position > 0)) return;
    this.#state = state;
    this.#segmentStart = Math.min(this.#segmentStart ?? state.position, state.position);
    const settled = state.status === 'paused' || state.status === 'ended' || state.status === 'gone';
    const turned =
      previous === undefined || previous.status !== state.status || previous.epoch !== state.epoch;
    if (settled && turned) {
      if (state.cause === 'user' && state.status === 'paused') this.claim();
      this.#write(true);
    } else if (turned && previous?.status === 'seeking') this.#write(true);
    else if (state.status === 'playing' && this.#options.clock.now() - this.#lastWrite >= WRITE_EVERY)
      this.#write(false);
  }

  /** A person acted in this session: it owns the progress now. */
  claim(): void {
    this.#options.owners.claim(this.#options.item.key, this.#options.sessionId);
  }

  /** The last write, durable. Says whether the item is watched by this. */
  end(reason: EndReason, position: number, duration: number | undefined): boolean {
    if (this.#closed) return this.#watched;
    const at = position > 0 ? position : (this.#state?.position ?? 0);
    this.#write(true, { reason, position: at, duration });
    this.#closed = true;
    this.#options.owners.release(this.#options.item.key, this.#options.sessionId);
    return this.#watched;
  }

  /** Saves what is known, durably; for signals. */
  flush(): void {
    if (!this.#closed && this.#state) this.#write(true);
  }

  #write(
    durable: boolean,
    end?: { readonly reason: EndReason; readonly position: number; readonly duration: number | undefined },
  ): void {
    const { clock, store, owners, rules, sessionId, item, source } = this.#options;
    if (!owners.owns(item.key, sessionId)) return;
    const position = end?.position ?? this.#state?.position ?? 0;
    const duration = item.live ? undefined : (end?.duration ?? this.#state?.duration ?? item.duration);
    if (!(position > 0) && end?.reason !== 'finished') return;
    const watched = isWatched(
      {
        position,
        ...(duration === undefined ? {} : { duration }),
        ...(item.live === undefined ? {} : { live: item.live }),
        playedSinceSeek: Math.max(0, position - (this.#segmentStart ?? position)),
        ...(end ? { endReason: end.reason } : {}),
      },
      rules(),
    );
    if (end === undefined && durable && position === this.#written && !watched) return;
    this.#watched ||= watched;
    const tellsWatched = watched && (!this.#watchedTold || end?.reason === 'finished');
    try {
      store.update(item, source, {
        position,
        ...(duration === undefined ? {} : { duration }),
        // Told once: what a person takes away meanwhile is not set again by the next second of the credits.
        ...(tellsWatched ? { watched: true } : {}),
        at: clock.wall(),
        durable,
      });
      this.#written = position;
      this.#watchedTold ||= tellsWatched;
      this.#failing = false;
    } catch (error) {
      // A disk that is full must not keep a film from playing and from ending.
      if (!this.#failing) this.#options.onFault(error);
      this.#failing = true;
    }
    this.#lastWrite = clock.now();
  }
}
