import { type Clock, type Disposable, type PlayerState, positionAt, type StreamStats } from '@kinoport/core';
import type { PlaybackEvent } from '../../api/protocol.ts';
import { errorView, type Output } from '../terminal/output.ts';
import type { PlayView } from './view.ts';
import { endError } from './words.ts';

/** A `state` line comes at least this often, milliseconds. */
const LONGEST_PAUSE = 1000;
/** States that differ in nothing but the position come at most this often. */
const SHORTEST_PAUSE = 250;

/** One JSON object a line on standard output, as docs and scripts rely on it. Remarks go to standard error. */
export class JsonView implements PlayView {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #timer: Disposable;
  #isOver = false;
  #state: PlayerState | undefined;
  #stats: StreamStats | undefined;
  #printedAt = 0;
  #printed: PlayerState | undefined;

  constructor(output: Output, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
    // A little faster than the promise, so that a late timer does not break it.
    this.#timer = clock.every(100, () => this.#tick());
  }

  event(event: PlaybackEvent): void {
    switch (event.type) {
      case 'opening':
        if (event.stats) this.#output.value({ event: 'opening', title: event.title, stats: event.stats });
        break;
      case 'started':
        this.#isOver = false;
        this.#output.value({
          event: 'started',
          player: event.player,
          uri: event.item.uri,
          itemKey: event.item.key,
          start: event.start,
        });
        break;
      case 'state':
        // What the window does after the end (still there, closing) is no news of a film.
        if (this.#isOver) break;
        this.#state = event.state;
        this.#stats = event.stats;
        if (this.#isNews(event.state)) this.#print(event.state);
        break;
      case 'notice':
        this.note(event.message);
        break;
      case 'ended': {
        this.#isOver = true;
        this.#state = undefined;
        this.#output.value({
          event: 'ended',
          reason: event.reason,
          position: event.position,
          duration: event.duration,
          watched: event.watched,
        });
        const error = endError(event);
        if (error) this.#output.value({ event: 'error', ...errorView(error) });
        break;
      }
    }
  }

  note(text: string): void {
    this.#output.note(text);
  }

  flash(text: string): void {
    this.note(text);
  }

  suspend(): void {}

  resume(): void {}

  async dispose(): Promise<void> {
    await this.#timer.dispose();
  }

  #tick(): void {
    if (this.#state && this.#clock.now() - this.#printedAt >= LONGEST_PAUSE - 100) this.#print(this.#state);
  }

  #isNews(state: PlayerState): boolean {
    const last = this.#printed;
    return (
      last?.status !== state.status ||
      last.epoch !== state.epoch ||
      last.duration !== state.duration ||
      this.#clock.now() - this.#printedAt >= SHORTEST_PAUSE
    );
  }

  #print(state: PlayerState): void {
    const now = this.#clock.now();
    this.#printed = state;
    this.#printedAt = now;
    this.#output.value({
      event: 'state',
      status: state.status,
      position: Math.round(positionAt(state, now) * 1000) / 1000,
      duration: state.duration ?? null,
      ...(this.#stats === undefined ? {} : { stats: this.#stats }),
    });
  }
}
