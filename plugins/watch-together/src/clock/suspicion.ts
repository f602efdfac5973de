import type { ClockExchange, ClockSample } from './exchange.ts';

/**
 * What is wrong with an answer. `malformed`: no usable numbers · `unasked`: nobody asked · `backwards`: the relay's
 * clock has gone back · `impossible`: it claims to have worked longer than the whole exchange took · `jumped`: no
 * delay explains the offset · `rebased`: several in a row agree on a new time, which is taken from now on.
 */
export type ClockFault = 'malformed' | 'unasked' | 'backwards' | 'impossible' | 'jumped' | 'rebased';

/** Instants beyond this are no monotonic clock's: 30 000 years in milliseconds. */
const LARGEST = 1e15;
/** Milliseconds by which a round trip may come out negative: clocks have a grain. */
const GRAIN = 0.5;
/** What two clocks may drift apart at worst: 500 ppm. */
const DRIFT = 500e-6;

/** Whether the numbers of an answer can be those of an honest clock. */
export function examineExchange(
  exchange: ClockExchange,
  latestR3: number | undefined,
): ClockFault | undefined {
  const { c1, r2, r3, c4 } = exchange;
  if (![c1, r2, r3, c4].every((value) => Number.isFinite(value) && Math.abs(value) < LARGEST))
    return 'malformed';
  if (r3 < r2 || (latestR3 !== undefined && r2 < latestR3 - GRAIN)) return 'backwards';
  if (c4 - c1 - (r3 - r2) < -GRAIN) return 'impossible';
  return undefined;
}

/** Whether a delay alone can explain the difference between two samples. */
export function agree(a: ClockSample, b: ClockSample): boolean {
  const allowed = (a.roundTrip + b.roundTrip) / 2 + Math.abs(a.at - b.at) * DRIFT + 2 * GRAIN;
  return Math.abs(a.offset - b.offset) <= allowed;
}
