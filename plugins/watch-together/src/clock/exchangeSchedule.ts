import type { Clock, Disposable } from '@kinoport/core';

const BURST = 8;
/** Milliseconds between two questions of a burst, and between two later ones: from, to. */
const QUICK = [50, 100] as const;
const SLOW = [5000, 10_000] as const;

/** When to ask: eight times in quick succession, then every five to ten seconds. */
export class ExchangeSchedule implements Disposable {
  readonly #clock: Clock;
  readonly #ask: () => void;
  readonly #random: () => number;
  #timer: Disposable | undefined;
  #left = 0;

  constructor(options: { readonly clock: Clock; readonly ask: () => void; readonly random?: () => number }) {
    this.#clock = options.clock;
    this.#ask = options.ask;
    this.#random = options.random ?? Math.random;
  }

  /** Begins, or begins anew, with a burst; the first question is asked at once. */
  burst(): void {
    this.#left = BURST;
    this.#next();
  }

  dispose(): void {
    void this.#timer?.dispose();
    this.#timer = undefined;
  }

  #next(): void {
    void this.#timer?.dispose();
    this.#left = Math.max(0, this.#left - 1);
    const [from, to] = this.#left > 0 ? QUICK : SLOW;
    // Not in step with the others of the room, who may have come back at the same moment.
    this.#timer = this.#clock.after(from + (to - from) * this.#random(), () => this.#next());
    this.#ask();
  }
}
