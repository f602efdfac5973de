import { type Clock, type Disposable, KinoportError, sleep } from '@kinoport/core';

/** Milliseconds that a request waits for a store that is away. */
export const PATIENCE = 1500;

const away = (cause?: unknown): KinoportError =>
  new KinoportError(
    'RELAY_STORE',
    'The relay cannot reach its rooms just now. The film goes on; try again.',
    { data: { retryAfter: 1000 }, ...(cause === undefined ? {} : { cause }) },
  );

export interface AvailabilityOptions {
  readonly clock: Clock;
  /** It does not answer any more. Called once, until it is back. */
  readonly lost: (why: unknown) => void;
  /** It has not answered for {@link PATIENCE}. */
  readonly away: () => void;
}

/** Whether the store answers, and those who wait until it does. */
export class Availability implements Disposable {
  readonly #options: AvailabilityOptions;
  readonly #waiting = new Set<() => void>();
  #telling: Disposable | undefined;
  #isUp = false;
  #over = false;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** For requests from now on: not, until what was missed is made up for. */
  hold(): void {
    this.#isUp = false;
  }

  /** It answers, and what was missed is made up for. */
  back(): void {
    this.#isUp = true;
    for (const wake of [...this.#waiting]) wake();
  }

  lost(why: unknown): void {
    if (!this.#isUp || this.#over) return;
    this.#isUp = false;
    this.#options.lost(why);
    this.#telling ??= this.#options.clock.after(PATIENCE, () => {
      this.#telling = undefined;
      if (!this.#isUp) this.#options.away();
    });
  }

  /** Until when a request that comes now waits: milliseconds of the process's clock. */
  deadline(): number {
    return this.#options.clock.now() + PATIENCE;
  }

  /** @throws KinoportError `RELAY_STORE` when it is not back by then */
  async ready(deadline: number): Promise<void> {
    if (this.#isUp) return;
    const { clock } = this.#options;
    const giveUp = new AbortController();
    const back = new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      giveUp.signal.addEventListener('abort', wake, { once: true });
    });
    const left = Math.max(0, deadline - clock.now());
    await Promise.race([back, sleep(clock, left, giveUp.signal).catch(() => undefined)]);
    giveUp.abort();
    if (!this.#isUp) throw away();
  }

  /** What the store answers. @throws KinoportError `RELAY_STORE` */
  async answered<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      // Whether it was done nobody knows: members are told what there is, once it answers again.
      this.lost(cause);
      throw away(cause);
    }
  }

  dispose(): void {
    this.#over = true;
    this.#isUp = false;
    void this.#telling?.dispose();
  }
}
