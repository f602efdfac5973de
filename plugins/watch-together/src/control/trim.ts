/** No error is taken away in less, seconds: a shorter change of speed could not be ended in time. */
const QUICKEST = 0.5;

/** Errors from `above` on (seconds) may be met with a change of speed of `cap`. */
const CAPS = [
  { above: 0.04, cap: 0.05 },
  { above: 0.015, cap: 0.02 },
  { above: 0, cap: 0.01 },
] as const;

/** How much faster or slower an error may be corrected; larger errors more quickly, since they are heard anyway. */
export function trimCap(error: number): number {
  return CAPS.find(({ above }) => Math.abs(error) > above)?.cap ?? CAPS[2].cap;
}

/**
 * The factor on the room's rate that takes an error away (player ahead is positive, seconds). `skew` is what the
 * player gains by itself, seconds a second.
 */
export function trimFactor(error: number, skew: number): number {
  const cap = trimCap(error);
  return 1 - Math.max(-cap, Math.min(cap, error / QUICKEST)) - skew;
}
