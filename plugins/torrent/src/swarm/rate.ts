import type { Clock } from '@kinoport/core';

const SECONDS = 5;

/** Bytes a second, over the last five. */
export class Rate {
  readonly #clock: Clock;
  readonly #began: number;
  readonly #buckets = new Float64Array(SECONDS + 1);
  #second = 0;
  #total = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#began = clock.now();
  }

  get total(): number {
    return this.#total;
  }

  add(bytes: number): void {
    this.#turn();
    this.#total += bytes;
    const at = this.#second % this.#buckets.length;
    this.#buckets[at] = (this.#buckets[at] ?? 0) + bytes;
  }

  get perSecond(): number {
    this.#turn();
    const elapsed = (this.#clock.now() - this.#began) / 1000;
    const span = SECONDS + (elapsed - Math.floor(elapsed));
    return this.#buckets.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, Math.min(elapsed, span));
  }

  #turn(): void {
    const second = Math.floor((this.#clock.now() - this.#began) / 1000);
    const steps = Math.min(second - this.#second, this.#buckets.length);
    for (let step = 1; step <= steps; step += 1)
      this.#buckets[(second - steps + step) % this.#buckets.length] = 0;
    this.#second = second;
  }
}
