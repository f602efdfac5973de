import type { Clock } from '@kinoport/core';

/** Milliseconds until what failed is tried again, doubled up to the longest. */
const RETRY = 1000;
const LONGEST_RETRY = 15_000;

/** One thing at a time that is done to the player; a new one takes the place of the one before. */
export class Attempts {
  readonly #clock: Clock;
  readonly #onFault: (error: unknown) => void;
  #running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #retryAt: number | undefined;
  #failures = 0;

  constructor(clock: Clock, onFault: (error: unknown) => void) {
    this.#clock = clock;
    this.#onFault = onFault;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Something has failed and is not tried again yet. */
  get waits(): boolean {
    return this.#retryAt !== undefined;
  }

  isDue(now: number): boolean {
    return this.#retryAt !== undefined && now >= this.#retryAt;
  }

  begin(run: (signal: AbortSignal) => Promise<void>): void {
    this.stop();
    const abort = new AbortController();
    const done = run(abort.signal)
      .then(
        () => {
          if (!abort.signal.aborted) this.#failures = 0;
        },
        (error: unknown) => {
          if (!abort.signal.aborted) this.#onFault(error);
        },
      )
      .finally(() => {
        if (this.#running?.abort === abort) this.#running = undefined;
      });
    this.#running = { abort, done };
  }

  stop(): void {
    this.#running?.abort.abort();
    this.#running = undefined;
  }

  /** It is to be tried again later, the later the more often it has failed. */
  failed(): void {
    this.#retryAt = this.#clock.now() + Math.min(LONGEST_RETRY, RETRY * 2 ** this.#failures);
    this.#failures += 1;
  }

  /** What is tried now is not tried again. */
  retried(): void {
    this.#retryAt = undefined;
  }

  forgive(): void {
    this.#failures = 0;
  }

  async whenIdle(): Promise<void> {
    while (this.#running !== undefined) await this.#running.done;
  }
}
