/** A way on which everything takes the same time and keeps its order. */
export class DelayLine<T> {
  readonly #delay: number;
  readonly #deliver: (value: T) => void;
  readonly #waiting: { readonly at: number; readonly value: T }[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param delay milliseconds; 0: nothing waits */
  constructor(delay: number, deliver: (value: T) => void) {
    this.#delay = delay;
    this.#deliver = deliver;
  }

  push(value: T): void {
    if (this.#delay === 0) {
      this.#deliver(value);
      return;
    }
    this.#waiting.push({ at: performance.now() + this.#delay, value });
    this.#timer ??= setTimeout(this.#arrive, this.#delay);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  readonly #arrive = (): void => {
    const now = performance.now();
    let count = 0;
    // Half a millisecond early is nearer than what a timer of whole milliseconds would do.
    while ((this.#waiting[count]?.at ?? Number.POSITIVE_INFINITY) <= now + 0.5) count += 1;
    const arrived = this.#waiting.splice(0, count);
    const next = this.#waiting[0];
    this.#timer = next ? setTimeout(this.#arrive, Math.max(0, next.at - now)) : undefined;
    for (const { value } of arrived) this.#deliver(value);
  };
}

interface Parcel {
  readonly length: number;
  readonly arrived: number;
  readonly send: () => void;
  doneAt: number;
}

/** A link of so many bytes a second: one parcel after the other, each as long as it takes. */
export class Link {
  /** Bytes a second. */
  rate: number;
  readonly #parcels: Parcel[] = [];
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(rate = Number.POSITIVE_INFINITY) {
    this.rate = rate;
  }

  /** @returns takes it back, unless it is on its way: then false */
  post(length: number, send: () => void): () => boolean {
    const parcel: Parcel = { length, arrived: performance.now(), send, doneAt: Number.NaN };
    this.#parcels.push(parcel);
    if (this.#timer === undefined) this.#run();
    return () => {
      const index = this.#parcels.indexOf(parcel);
      if (index < 0 || !Number.isNaN(parcel.doneAt)) return false;
      this.#parcels.splice(index, 1);
      return true;
    };
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#parcels.length = 0;
  }

  readonly #run = (): void => {
    this.#timer = undefined;
    for (;;) {
      const parcel = this.#parcels[0];
      if (parcel === undefined) return;
      // From when it could have begun, not from now: a late timer must not cost bandwidth.
      if (Number.isNaN(parcel.doneAt))
        parcel.doneAt = Math.max(parcel.arrived, this.#freeAt) + (parcel.length / this.rate) * 1000;
      const wait = parcel.doneAt - performance.now();
      if (wait > 0.5) {
        this.#timer = setTimeout(this.#run, wait);
        return;
      }
      this.#parcels.shift();
      this.#freeAt = parcel.doneAt;
      parcel.send();
    }
  };
}
