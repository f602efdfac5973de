import type { Clock } from '@kinoport/core';

const WINDOW = 5 * 60_000;
const LIMIT = 5;
const FIRST_BACKOFF = 100;
const LONGEST_BACKOFF = 30_000;
const HEALTHY_AFTER = 60_000;
/** A delay is drawn from this part around it, so that plugins that fell together do not rise together. */
const JITTER = 0.2;

/**
 * How often a plugin may break down, and how long it waits before it is started again: not at all after the first
 * time, then 100 ms, 200 ms, ... up to 30 s, each 20 % more or less. 60 s of health begin the row anew. With the
 * fifth time within 5 minutes the budget is used up until `reset`.
 */
export class CrashBudget {
  readonly #clock: Clock;
  readonly #random: () => number;
  #times: number[] = [];
  #row = 0;
  #startedAt: number | undefined;
  #isExhausted = false;

  /** @param random 0 up to 1, without 1 */
  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Within the last 5 minutes, or since `reset`. */
  get crashes(): number {
    this.#forget();
    return this.#times.length;
  }

  /** Stays so, however much time goes by. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /** It has become active. */
  started(): void {
    this.#startedAt = this.#clock.now();
  }

  /** It ended without being told to, or did not start. Milliseconds until the next start; `undefined`: none. */
  crashed(): number | undefined {
    const now = this.#clock.now();
    if (this.#startedAt !== undefined && now - this.#startedAt >= HEALTHY_AFTER) this.#row = 0;
    this.#startedAt = undefined;
    this.#row += 1;
    this.#times.push(now);
    this.#forget();
    this.#isExhausted ||= this.#times.length >= LIMIT;
    if (this.#isExhausted) return undefined;
    if (this.#row === 1) return 0;
    const delay = FIRST_BACKOFF * 2 ** (this.#row - 2);
    return Math.min(LONGEST_BACKOFF, delay * (1 - JITTER + 2 * JITTER * this.#random()));
  }

  /** Somebody wants it in spite of all: reloaded, enabled, changed. */
  reset(): void {
    this.#times = [];
    this.#row = 0;
    this.#startedAt = undefined;
    this.#isExhausted = false;
  }

  #forget(): void {
    const oldest = this.#clock.now() - WINDOW;
    this.#times = this.#times.filter((time) => time > oldest);
  }
}
