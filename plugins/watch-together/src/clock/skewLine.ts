import type { ClockSample } from './exchange.ts';

/** One sample of so many milliseconds is kept, the fastest. */
const BUCKET = 10_000;
const MOST_BUCKETS = 60;
/** From here on a line means something, milliseconds. */
const SHORTEST = 60_000;
/** How far two machines' clocks usually run apart; a line less certain than this is believed less. */
const USUAL = 30e-6;
const WIDEST = 500e-6;
/** Milliseconds by which even the fastest sample is off. */
const FLOOR = 0.2;

/** How fast the room's clock runs away from the local one: a line through the fastest samples of ten minutes. */
export class SkewLine {
  readonly #buckets = new Map<number, ClockSample>();

  add(sample: ClockSample): void {
    const bucket = Math.floor(sample.at / BUCKET);
    const before = this.#buckets.get(bucket);
    if (before !== undefined && before.roundTrip <= sample.roundTrip) return;
    this.#buckets.set(bucket, sample);
    for (const old of this.#buckets.keys()) if (old <= bucket - MOST_BUCKETS) this.#buckets.delete(old);
  }

  /** Milliseconds by which the offset grows in a millisecond; 0 until a minute is known. */
  get slope(): number {
    const points = [...this.#buckets.values()];
    const instants = points.map(({ at }) => at);
    if (points.length < 4 || Math.max(...instants) - Math.min(...instants) < SHORTEST) return 0;
    const fastest = Math.min(...points.map(({ roundTrip }) => roundTrip));
    const weighed = points.map(({ at, offset, roundTrip }) => ({
      at,
      offset,
      weight: 1 / (FLOOR + (roundTrip - fastest) / 2) ** 2,
    }));
    const total = sum(weighed, ({ weight }) => weight);
    const middle = sum(weighed, ({ at, weight }) => at * weight) / total;
    const mean = sum(weighed, ({ offset, weight }) => offset * weight) / total;
    const spread = sum(weighed, ({ at, weight }) => weight * (at - middle) ** 2);
    if (!(spread > 0)) return 0;
    const slope = sum(weighed, ({ at, offset, weight }) => weight * (at - middle) * (offset - mean)) / spread;
    const trust = USUAL ** 2 / (USUAL ** 2 + 1 / spread);
    return Math.max(-WIDEST, Math.min(WIDEST, slope * trust));
  }

  clear(): void {
    this.#buckets.clear();
  }
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
