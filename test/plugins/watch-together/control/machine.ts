import type { Clock, Disposable } from '@kinoport/core';

/** The clock of one machine in a simulation: a base clock that is `offset` milliseconds off and runs `ppm` faster. */
export class MachineClock implements Clock {
  readonly #base: Clock;
  readonly #offset: number;
  readonly #factor: number;

  constructor(base: Clock, options: { readonly offset?: number; readonly ppm?: number } = {}) {
    this.#base = base;
    this.#offset = options.offset ?? 0;
    this.#factor = 1 + (options.ppm ?? 0) * 1e-6;
  }

  now(): number {
    return this.#base.now() * this.#factor + this.#offset;
  }

  wall(): number {
    return this.#base.wall();
  }

  after(ms: number, run: () => void): Disposable {
    return this.#base.after(ms / this.#factor, run);
  }

  every(ms: number, run: () => void): Disposable {
    return this.#base.every(ms / this.#factor, run);
  }
}
