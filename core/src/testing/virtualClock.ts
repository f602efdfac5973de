import type { Clock } from '../clock.ts';
import { type Disposable, toDisposable } from '../lifecycle.ts';

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
  readonly period?: number;
}

/** A {@link Clock} moved by `advance`; timers fire in order of their instants, `now()` being theirs. */
export class VirtualClock implements Clock {
  #now: number;
  #wall: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(options: { readonly now?: number; readonly wall?: number } = {}) {
    this.#now = options.now ?? 1_000_000;
    this.#wall = options.wall ?? 1_750_000_000_000;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wall;
  }

  /** Steps the wall clock alone, as a user or NTP does. */
  stepWall(ms: number): void {
    this.#wall += ms;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  after(ms: number, run: () => void): Disposable {
    return this.#add({ due: this.#now + Math.max(0, ms), order: this.#order++, run });
  }

  every(ms: number, run: () => void): Disposable {
    const period = Math.max(1, ms);
    let current: Timer | undefined;
    const arm = (due: number): void => {
      current = {
        due,
        order: this.#order++,
        run: () => {
          arm(due + period);
          run();
        },
      };
      this.#timers.add(current);
    };
    arm(this.#now + period);
    return toDisposable(() => {
      if (current) this.#timers.delete(current);
    });
  }

  /** Moves time on by `ms`, firing what falls due, and lets promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = [...this.#timers]
        .filter((t) => t.due <= end)
        .sort((a, b) => a.due - b.due || a.order - b.order)[0];
      if (!next) break;
      this.#timers.delete(next);
      this.#wall += next.due - this.#now;
      this.#now = next.due;
      next.run();
      await settle();
    }
    this.#wall += end - this.#now;
    this.#now = end;
    await settle();
  }

  #add(timer: Timer): Disposable {
    this.#timers.add(timer);
    return toDisposable(() => {
      this.#timers.delete(timer);
    });
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
