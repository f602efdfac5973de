import { type Clock, KinoportError, sleep } from '@kinoport/core';

/** Time without a byte after which a read gives up. */
export const GIVE_UP_MS = 20_000;
/** After a long stall there is still time for one more attempt. */
const LAST_CHANCE_MS = 8_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;
/** So many bytes make the next failure a new one, not a repetition. */
const RECOVERED_BYTES = 65_536;

/** A failure that may pass: what to report if it does not, and how long the server asks to wait. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
  readonly error: KinoportError;
  readonly retryAfterMs: number | undefined;

  constructor(error: KinoportError, retryAfterMs?: number) {
    super(error.message);
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Backoff with jitter within a bounded time without progress. One for each read. */
export class Patience {
  readonly #clock: Clock;
  readonly #random: () => number;
  #lastByteAt: number;
  #deadline: number | undefined;
  #failures = 0;
  #received = 0;

  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
    this.#lastByteAt = clock.now();
  }

  progress(bytes: number): void {
    this.#lastByteAt = this.#clock.now();
    this.#deadline = undefined;
    this.#received += bytes;
    if (this.#received >= RECOVERED_BYTES) this.#failures = 0;
  }

  /** Milliseconds that one attempt may take now. */
  get attemptMs(): number {
    const left = this.#deadline === undefined ? LAST_CHANCE_MS : this.#deadline - this.#clock.now();
    return Math.min(LAST_CHANCE_MS, Math.max(1_000, left));
  }

  /** Waits before the next attempt. @throws the failure's error when the time is up, `ABORTED` */
  async wait(failure: TransientFailure, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    this.#deadline ??= Math.max(this.#lastByteAt + GIVE_UP_MS, now + LAST_CHANCE_MS);
    const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    const wait = Math.max(failure.retryAfterMs ?? 0, backoff * (0.5 + this.#random() / 2));
    if (now + wait >= this.#deadline) throw failure.error;
    this.#failures++;
    this.#received = 0;
    await sleep(this.#clock, wait, signal);
  }
}
