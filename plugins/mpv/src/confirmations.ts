import type { Clock, PlayerState } from '@kinoport/core';

/** Longer than mpv needs to report what it has already confirmed. */
const TIMEOUT = 2000;

/** Those who wait for the state to show what a command has brought about. */
export class Confirmations {
  readonly #clock: Clock;
  readonly #state: () => PlayerState;
  readonly #isClosed: () => boolean;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock, state: () => PlayerState, isClosed: () => boolean) {
    this.#clock = clock;
    this.#state = state;
    this.#isClosed = isClosed;
  }

  /** Resolves when the state is as wanted; also after a while, since mpv has confirmed the command already. */
  until(accept: (state: PlayerState) => boolean): Promise<void> {
    if (accept(this.#state()) || this.#isClosed()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        void timer.dispose();
        this.#waiting.delete(check);
        resolve();
      };
      const check = (): void => {
        if (accept(this.#state()) || this.#isClosed()) finish();
      };
      const timer = this.#clock.after(TIMEOUT, finish);
      this.#waiting.add(check);
    });
  }

  /** The state may have changed. */
  check(): void {
    for (const check of [...this.#waiting]) check();
  }
}
