/** Things handed over before the loop gets to serve others. */
const A_TURN = 128;

export interface TurnsOptions<T> {
  readonly take: (item: T) => void;
  /** What comes is more than can be taken at once: nothing shall come until `release`. */
  readonly hold?: () => void;
  readonly release?: () => void;
}

/**
 * Hands over one thing after the other, each when the promise reactions to the one before have run, so that who
 * awaits an answer is there for the note behind it. Who sends much does not keep the process from its other work.
 */
export class Turns<T> {
  readonly #options: TurnsOptions<T>;
  #waiting: T[] = [];
  #next = 0;
  #left = A_TURN;
  #isRunning = false;
  #isHeld = false;

  constructor(options: TurnsOptions<T>) {
    this.#options = options;
  }

  push(item: T): void {
    this.#waiting.push(item);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#left = A_TURN;
    this.#step();
  }

  /** Drops what waits. */
  clear(): void {
    this.#waiting = [];
    this.#next = 0;
  }

  readonly #step = (): void => {
    const waiting = this.#waiting;
    if (this.#next >= waiting.length) {
      this.#rest();
      return;
    }
    const item = waiting[this.#next++] as T;
    this.#left -= 1;
    if (this.#left > 0) queueMicrotask(this.#afterReactions);
    else this.#nextTurn();
    this.#options.take(item);
  };

  // The queue of ticks is looked at when that of microtasks is empty, whatever those have added to it.
  readonly #afterReactions = (): void => process.nextTick(this.#step);

  #nextTurn(): void {
    this.#left = A_TURN;
    if (!this.#isHeld) {
      this.#isHeld = true;
      this.#options.hold?.();
    }
    setImmediate(this.#step);
  }

  #rest(): void {
    this.clear();
    this.#isRunning = false;
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#options.release?.();
  }
}
