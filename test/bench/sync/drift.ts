import type { SoundSample } from './soundClock.ts';

/** How far apart two players were at an instant: seconds, positive when the second is ahead; milliseconds. */
export interface Drift {
  readonly at: number;
  readonly drift: number;
}

/** Milliseconds between two points of the grid, and the widest gap that is interpolated over. */
const GRID = 25;
const WIDEST = 120;

/** The drift on a grid of instants between `from` and `to`, both sides interpolated; gaps are left out. */
export function driftBetween(
  first: readonly SoundSample[],
  second: readonly SoundSample[],
  from: number,
  to: number,
): readonly Drift[] {
  const [a, b] = [interpolator(first), interpolator(second)];
  const drifts: Drift[] = [];
  for (let at = from; at <= to; at += GRID) {
    const [one, other] = [a(at), b(at)];
    if (one !== undefined && other !== undefined) drifts.push({ at, drift: other - one });
  }
  return drifts;
}

/** Sizes in milliseconds: median, 95th percentile, largest; NaN where there is nothing. */
export function sizesOf(drifts: readonly Drift[]): {
  readonly median: number;
  readonly p95: number;
  readonly max: number;
} {
  const sizes = drifts.map(({ drift }) => Math.abs(drift) * 1000).sort((x, y) => x - y);
  const at = (share: number): number =>
    sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * share))] ?? Number.NaN;
  return { median: at(0.5), p95: at(0.95), max: at(1) };
}

/** Milliseconds after `from` from which on the drift stays below `bound` (milliseconds); NaN: it never does. */
export function timeUntilBelow(drifts: readonly Drift[], from: number, bound: number): number {
  const last = drifts.findLast(({ drift }) => Math.abs(drift) * 1000 > bound);
  if (last === undefined) return 0;
  return last === drifts.at(-1) ? Number.NaN : last.at + GRID - from;
}

/** For instants that only grow. */
function interpolator(samples: readonly SoundSample[]): (at: number) => number | undefined {
  let index = 0;
  return (at) => {
    while ((samples[index + 1]?.at ?? Number.POSITIVE_INFINITY) < at) index += 1;
    const [before, after] = [samples[index], samples[index + 1]];
    if (!before || !after || before.at > at || after.at - before.at > WIDEST) return undefined;
    const share = (at - before.at) / (after.at - before.at);
    return before.position + share * (after.position - before.position);
  };
}
