import { attainableRate, type ControlProfile } from './profile.ts';
import { trimFactor } from './trim.ts';

/** One speed, held for as long as it takes to bring an error to nothing: two changes of speed in all. */
export interface Glide {
  readonly speed: number;
  /** Milliseconds. */
  readonly from: number;
  readonly until: number;
  /** The error at `from`, seconds, and what is added to it in a second. */
  readonly error: number;
  readonly gain: number;
}

/** `undefined` where the player has no speed that would take the error away. */
export function glideFrom(
  profile: ControlProfile,
  is: { readonly at: number; readonly error: number; readonly rate: number; readonly skew: number },
): Glide | undefined {
  const { at, error, rate, skew } = is;
  const speed = attainableRate(profile, rate, trimFactor(error, skew));
  const gain = speed - rate * (1 - skew);
  const seconds = -error / gain;
  if (!Number.isFinite(seconds) || seconds <= 0) return undefined;
  return { speed, from: at, until: at + seconds * 1000, error, gain };
}

/** What is left of the error at an instant. */
export function leftOf({ from, error, gain }: Glide, at: number): number {
  return error + (gain * (at - from)) / 1000;
}
