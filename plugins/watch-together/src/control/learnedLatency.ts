/** Share of a new measurement that is believed. */
const GAIN = 0.7;
const DEVIATION_GAIN = 0.4;

/** How long something takes, learned from each time it was done; seconds. */
export class LearnedLatency {
  #mean: number;
  #deviation: number;
  readonly #most: number;
  #count = 0;

  constructor(options: { readonly mean: number; readonly deviation: number; readonly most: number }) {
    this.#mean = options.mean;
    this.#deviation = options.deviation;
    this.#most = options.most;
  }

  get mean(): number {
    return this.#mean;
  }

  /** What it hardly ever exceeds. */
  get upper(): number {
    return Math.min(this.#most, this.#mean + 3 * this.#deviation);
  }

  get count(): number {
    return this.#count;
  }

  learn(seconds: number): void {
    if (!Number.isFinite(seconds)) return;
    const measured = Math.max(0, Math.min(this.#most, seconds));
    const surprise = Math.abs(measured - this.#mean);
    this.#count += 1;
    this.#deviation = this.#count === 1 ? surprise / 2 : mix(this.#deviation, surprise, DEVIATION_GAIN);
    // What was assumed before the first time is worth nothing.
    this.#mean = this.#count === 1 ? measured : mix(this.#mean, measured, GAIN);
  }
}

function mix(before: number, now: number, gain: number): number {
  return before + gain * (now - before);
}
