/** Milliseconds. */
const FIRST = 100;
const LONGEST = 10_000;

/** How long to wait before the next try: twice as long each time, and not all at the same instant. */
export class Backoff {
  readonly #random: () => number;
  #tries = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds. */
  next(): number {
    const longest = Math.min(LONGEST, FIRST * 2 ** this.#tries);
    this.#tries += 1;
    return longest * (0.5 + 0.5 * this.#random());
  }

  reset(): void {
    this.#tries = 0;
  }
}
