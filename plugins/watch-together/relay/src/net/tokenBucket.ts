// A rate times its time is not exactly 1.
const WHOLE = 1 - 1e-9;

/** So many at once, and then so many a second. Costs nothing while it is not asked. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #at: number;

  /** @param perSecond may be below 1 */
  constructor(options: { readonly burst: number; readonly perSecond: number; readonly now: number }) {
    this.#burst = options.burst;
    this.#perMs = options.perSecond / 1000;
    this.#tokens = options.burst;
    this.#at = options.now;
  }

  /** Whether there was one to take. */
  take(now: number): boolean {
    this.#fill(now);
    if (this.#tokens < WHOLE) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until there is one; 0: there is. */
  wait(now: number): number {
    this.#fill(now);
    return this.#tokens >= WHOLE ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
  }

  /** How many of the burst are gone now. */
  used(now: number): number {
    this.#fill(now);
    return Math.ceil(this.#burst - this.#tokens - 1e-9);
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
