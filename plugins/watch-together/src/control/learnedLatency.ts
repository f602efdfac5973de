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

const REMEMBERED = 5;

/**
 * How long a player takes from the command to the first moving picture, seconds. A busy machine makes single starts
 * late and none early, and believing a late one makes the next too early: the second smallest of the last five counts,
 * of fewer the smallest.
 */
export class StartLatency {
  readonly #most: number;
  #measured: readonly number[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get mean(): number {
    const sorted = [...this.#measured].sort((a, b) => a - b);
    return sorted[this.#measured.length < REMEMBERED ? 0 : 1] ?? 0;
  }

  learn(seconds: number): void {
    if (!Number.isFinite(seconds)) return;
    const measured = Math.max(0, Math.min(this.#most, seconds));
    this.#measured = [...this.#measured, measured].slice(-REMEMBERED);
  }
}
