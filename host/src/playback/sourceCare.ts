import { type Clock, type Item, type PlayerState, type StreamStats, toKinoportError } from '@kinoport/core';
import type { Logger } from '../log/logger.ts';
import type { RemoteSource, RemoteStream } from '../plugins/remoteSource.ts';

const NOTIFY_EVERY = 250;
const STATS_EVERY = 1_000;
const PREFETCH_BEFORE = 60;

/** What the source of a playing item is told and asked meanwhile: the position, its figures, what comes next. */
export class SourceCare {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stream: RemoteStream;
  #notified = Number.NEGATIVE_INFINITY;
  #asked = Number.NEGATIVE_INFINITY;
  #epoch: number | undefined;
  #prefetched = false;
  #stats: StreamStats | undefined;

  constructor(clock: Clock, log: Logger, stream: RemoteStream) {
    this.#clock = clock;
    this.#log = log;
    this.#stream = stream;
  }

  /** The latest figures. */
  get stats(): StreamStats | undefined {
    return this.#stats;
  }

  heard(
    state: PlayerState,
    next: { readonly item: Item; readonly source: () => RemoteSource } | undefined,
  ): void {
    const now = this.#clock.now();
    const sought = this.#epoch !== state.epoch;
    this.#epoch = state.epoch;
    const { source, id, record } = this.#stream;
    if (record && (sought || (state.status === 'playing' && now - this.#notified >= NOTIFY_EVERY))) {
      this.#notified = now;
      source.notifyPosition(id, { seconds: Math.max(0, state.position) });
    }
    if (record && state.status === 'playing' && now - this.#asked >= STATS_EVERY) {
      this.#asked = now;
      source.stats(id).then(
        (stats) => {
          this.#stats = stats;
        },
        // A source that is being restarted has no figures for a moment.
        () => undefined,
      );
    }
    const left = state.duration === undefined ? Number.POSITIVE_INFINITY : state.duration - state.position;
    if (next && !this.#prefetched && state.status === 'playing' && left < PREFETCH_BEFORE) {
      this.#prefetched = true;
      next
        .source()
        .prefetch(next.item, 'next')
        .catch((error) =>
          this.#log.warn('the next item could not be prefetched', {
            message: toKinoportError(error).message,
          }),
        );
    }
  }
}
