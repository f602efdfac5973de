import { type Item, isKinoportError, type PlayerState, toKinoportError } from '@kinoport/core';
import type { Logger } from '../log/logger.ts';
import type { RemoteSource } from '../plugins/remoteSource.ts';
import type { QueueEntry } from './queue.ts';

/** Seconds of the viewer's time. */
const PREFETCH_BEFORE = 60;

export interface AheadServices {
  readonly log: Logger;
  readonly source: (id: string) => RemoteSource;
  /** What follows an item, nearest first; two are enough. */
  readonly following: (entry: QueueEntry) => Promise<readonly QueueEntry[]>;
}

/**
 * Has sources get ready for what follows: near the end of an item the next one, and once that is done the one after.
 * What does not follow any more they are told to forget.
 */
export class Ahead {
  readonly #services: AheadServices;
  /** What sources were told to get ready for, by content key. */
  readonly #told = new Map<string, QueueEntry>();
  #current: QueueEntry | undefined;
  #begunFor: QueueEntry | undefined;

  constructor(services: AheadServices) {
    this.#services = services;
  }

  /** Another item is the one that plays. */
  entered(entry: QueueEntry): void {
    this.#current = entry;
    this.#begunFor = undefined;
    this.#told.delete(entry.item.key);
    // What stands behind it may be the one that was to come after: it is asked for first.
    if (this.#told.size > 0) this.#later(this.#keepFollowing(entry));
  }

  heard(state: PlayerState): void {
    const { duration, position, rate, status } = state;
    const entry = this.#current;
    if (!entry || this.#begunFor === entry || status !== 'playing' || duration === undefined) return;
    if ((duration - position) / Math.max(rate, 0.01) >= PREFETCH_BEFORE) return;
    this.#begunFor = entry;
    this.#later(this.#getReady(entry));
  }

  /** Nothing follows. */
  stop(): void {
    this.#current = undefined;
    for (const entry of this.#told.values()) this.#forget(entry);
  }

  async #getReady(entry: QueueEntry): Promise<void> {
    const [next, after] = await this.#services.following(entry);
    await this.#prefetch(entry, next, 'next');
    await this.#prefetch(entry, after, 'warm');
  }

  async #prefetch(during: QueueEntry, entry: QueueEntry | undefined, level: 'next' | 'warm'): Promise<void> {
    if (!entry || this.#current !== during) return;
    this.#told.set(entry.item.key, entry);
    await this.#services.source(entry.source).prefetch(entry.item, level);
  }

  async #keepFollowing(entry: QueueEntry): Promise<void> {
    const following = await this.#services.following(entry);
    if (this.#current !== entry) return;
    const kept = new Set(following.map(({ item }) => item.key));
    for (const told of this.#told.values()) if (!kept.has(told.item.key)) this.#forget(told);
  }

  #forget({ item, source }: QueueEntry): void {
    this.#told.delete(item.key);
    this.#later(this.#tellForget(item, source));
  }

  async #tellForget(item: Item, source: string): Promise<void> {
    await this.#services.source(source).forget(item);
  }

  #later(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (isKinoportError(error, 'ABORTED')) return;
      this.#services.log.warn('a source could not get ready for what follows', {
        message: toKinoportError(error).message,
      });
    });
  }
}
