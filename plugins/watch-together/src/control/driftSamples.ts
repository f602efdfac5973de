/** One measurement of the drift: player ahead is positive, seconds; instant in milliseconds. */
export interface DriftSample {
  readonly at: number;
  readonly error: number;
  readonly uncertainty: number;
}

const MOST = 5;
/** Measurements this much worse than the best of the last ones are left out, and how many in a row at most. */
const WORSE = 4;
const GRAIN = 0.002;
const MOST_REFUSED = 5;
const REMEMBERED = 50;

/** The last measurements, and what they say together. */
export class DriftSamples {
  #samples: readonly DriftSample[] = [];
  #uncertainties: readonly number[] = [];
  #refused = 0;

  /** @returns false when the measurement is so much worse than usual that it is left out */
  add(sample: DriftSample): boolean {
    const usual = Math.min(...this.#uncertainties, sample.uncertainty);
    this.#uncertainties = [...this.#uncertainties, sample.uncertainty].slice(-REMEMBERED);
    if (sample.uncertainty > WORSE * usual + GRAIN && this.#refused < MOST_REFUSED) {
      this.#refused += 1;
      return false;
    }
    this.#refused = 0;
    this.#samples = [...this.#samples, sample].slice(-MOST);
    return true;
  }

  /**
   * The error at an instant: the weighted median of the last `count` measurements, each carried on by how fast the
   * player gains on the timeline (seconds a second). `undefined` when there are none.
   */
  error(now: number, gain: number, count = MOST): number | undefined {
    const carried = this.#samples.slice(-count).map(({ at, error, uncertainty }) => ({
      error: error + (gain * (now - at)) / 1000,
      weight: 1 / Math.max(1e-4, uncertainty),
    }));
    return weightedMedian(carried);
  }

  get size(): number {
    return this.#samples.length;
  }

  /** The typical uncertainty of one measurement. */
  get uncertainty(): number {
    const sorted = [...this.#uncertainties].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }

  /** The player was moved or changed its speed: what was measured before says nothing now. */
  clear(): void {
    this.#samples = [];
  }
}

function weightedMedian(
  values: readonly { readonly error: number; readonly weight: number }[],
): number | undefined {
  const sorted = [...values].sort((a, b) => a.error - b.error);
  const half = sorted.reduce((total, { weight }) => total + weight, 0) / 2;
  let below = 0;
  for (const [index, { error, weight }] of sorted.entries()) {
    below += weight;
    if (below > half) return error;
    // Exactly in the middle: between the two.
    if (below === half) return (error + (sorted[index + 1]?.error ?? error)) / 2;
  }
  return undefined;
}
