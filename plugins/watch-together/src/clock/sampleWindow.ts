import type { ClockSample } from './exchange.ts';

const MOST = 32;
/** Milliseconds. */
const OLDEST = 120_000;
/** What two clocks may drift apart while nothing is known of it: 30 ppm. */
const DRIFT = 30e-6;
/** A sample slower than this many times the fastest says nothing. */
const SLOW = 3;
/** Below this the fastest round trip is a matter of scheduling, not of the way; milliseconds. */
const FASTEST = 1;

/** The latest good exchanges: at most 32, none older than two minutes. */
export class SampleWindow {
  #samples: readonly ClockSample[] = [];

  get size(): number {
    return this.#samples.length;
  }

  get minRoundTrip(): number {
    return Math.min(...this.#samples.map(({ roundTrip }) => roundTrip));
  }

  isSlow(sample: ClockSample): boolean {
    return this.size > 0 && sample.roundTrip > SLOW * Math.max(FASTEST, this.minRoundTrip);
  }

  add(sample: ClockSample): void {
    this.#samples = [...this.#samples, sample].slice(-MOST);
    this.expire(sample.at);
  }

  /** Lets go of what is too old; the newest stays, for want of a better one. */
  expire(now: number): void {
    const newest = this.#samples.at(-1);
    this.#samples = this.#samples.filter((sample) => sample === newest || now - sample.at <= OLDEST);
  }

  /** The sample that says most of the offset at `now`: queues only ever lengthen a round trip. */
  best(now: number): ClockSample | undefined {
    let best: ClockSample | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const sample of this.#samples) {
      const error = Math.max(0, sample.roundTrip) / 2 + Math.max(0, now - sample.at) * DRIFT;
      if (error >= least) continue;
      least = error;
      best = sample;
    }
    return best;
  }

  clear(): void {
    this.#samples = [];
  }
}
