import type { Clock } from '@kinoport/core';

const WINDOW_MS = 5_000;
const SLOT_MS = 250;

/** Bytes per second over the last five seconds. */
export class RateMeter {
  readonly #clock: Clock;
  #slots: { readonly at: number; bytes: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(bytes: number): void {
    const now = this.#clock.now();
    const last = this.#slots.at(-1);
    if (last && now - last.at < SLOT_MS) last.bytes += bytes;
    else {
      this.#slots.push({ at: now, bytes });
      if (this.#slots.length > (2 * WINDOW_MS) / SLOT_MS) this.#forget(now);
    }
  }

  get bytesPerSecond(): number {
    const now = this.#clock.now();
    this.#forget(now);
    const first = this.#slots[0];
    if (!first) return 0;
    const total = this.#slots.reduce((sum, slot) => sum + slot.bytes, 0);
    return Math.round((total * 1000) / Math.max(1_000, now - first.at));
  }

  #forget(now: number): void {
    this.#slots = this.#slots.filter((slot) => now - slot.at < WINDOW_MS);
  }
}
