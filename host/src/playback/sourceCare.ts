import {
  type Clock,
  type Disposable,
  isKinoportError,
  type PlayerState,
  type StreamStats,
} from '@kinoport/core';
import type { RemoteStream } from '../plugins/remoteSource.ts';

const NOTIFY_EVERY = 250;
const STATS_EVERY = 1_000;

/** What the source of a playing item is told and asked meanwhile: the position, and its figures. */
export class SourceCare implements Disposable {
  readonly #clock: Clock;
  readonly #stream: RemoteStream;
  readonly #asking: Disposable | undefined;
  #notified = Number.NEGATIVE_INFINITY;
  #epoch: number | undefined;
  #isAsked = false;
  #isOver = false;
  #stats: StreamStats | undefined;

  /** @param onStats there are new figures, whatever the player does or waits for */
  constructor(clock: Clock, stream: RemoteStream, onStats: () => void) {
    this.#clock = clock;
    this.#stream = stream;
    if (stream.record) this.#asking = clock.every(STATS_EVERY, () => this.#ask(onStats));
  }

  /** The latest figures. */
  get stats(): StreamStats | undefined {
    return this.#stats;
  }

  heard(state: PlayerState): void {
    const now = this.#clock.now();
    const sought = this.#epoch !== state.epoch;
    this.#epoch = state.epoch;
    const { source, id, record } = this.#stream;
    if (record && (sought || (state.status === 'playing' && now - this.#notified >= NOTIFY_EVERY))) {
      this.#notified = now;
      source.notifyPosition(id, { seconds: Math.max(0, state.position) });
    }
  }

  async dispose(): Promise<void> {
    this.#isOver = true;
    await this.#asking?.dispose();
  }

  #ask(onStats: () => void): void {
    // Of one that is being restarted there is nothing to ask for a moment.
    if (this.#isAsked || !this.#stream.source.plugin.peer) return;
    this.#isAsked = true;
    this.#stream.source
      .stats(this.#stream.id)
      .then(
        (stats) => {
          const known = Object.keys(stats).length > 0 ? stats : undefined;
          const isNews = known !== undefined || this.#stats !== undefined;
          this.#stats = known;
          if (!this.#isOver && isNews) onStats();
        },
        (error: unknown) => {
          // One that does not answer in time is told of by its heartbeat; a figure of before would lie.
          if (!isKinoportError(error, 'ABORTED')) this.#stats = undefined;
        },
      )
      .finally(() => {
        this.#isAsked = false;
      });
  }
}
