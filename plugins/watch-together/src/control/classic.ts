import type { TrimMode } from './hysteresis.ts';
import type { Correction, DriftPolicy, DriftReading } from './policy.ts';

/** Seconds, but for the rates and the milliseconds of the cooldown. */
export const CLASSIC = {
  seekThreshold: 2,
  slowdownKickIn: 0.35,
  slowdownReset: 0.1,
  slowdownRate: 0.95,
  speedupRate: 1.05,
  rewindThreshold: 4,
  fastForwardThreshold: 5,
  seekCooldown: 1200,
} as const;

export type ClassicAction =
  | { readonly kind: 'seek' }
  | { readonly kind: 'rate'; readonly factor: number }
  | { readonly kind: 'keep' };

/** What is done about a difference (estimated minus room position, seconds), tier by tier. */
export function classicAction(difference: number): ClassicAction {
  if (difference > CLASSIC.rewindThreshold || difference < -CLASSIC.fastForwardThreshold)
    return { kind: 'seek' };
  if (Math.abs(difference) > CLASSIC.seekThreshold) return { kind: 'seek' };
  if (difference > CLASSIC.slowdownKickIn) return { kind: 'rate', factor: CLASSIC.slowdownRate };
  if (difference < -CLASSIC.slowdownKickIn) return { kind: 'rate', factor: CLASSIC.speedupRate };
  if (Math.abs(difference) < CLASSIC.slowdownReset) return { kind: 'rate', factor: 1 };
  return { kind: 'keep' };
}

/** Wide bands, five percent, and seeks: loose, and known to work with every player. */
export class ClassicPolicy implements DriftPolicy {
  readonly name = 'classic';
  readonly period = 1000;
  readonly samples = false;
  readonly compensates = false;
  readonly skew = 0;
  #error: number | undefined;
  #lastSeek: number | undefined;
  #factor = 1;

  get mode(): TrimMode {
    return this.#factor === 1 ? 'lock' : 'trim';
  }

  get error(): number | undefined {
    return this.#error;
  }

  restart(): void {
    this.#error = undefined;
    this.#factor = 1;
  }

  startRate(rate: number): number {
    return rate;
  }

  decide({ at, error, rate, speed }: DriftReading): Correction {
    this.#error = error;
    const action = classicAction(error);
    if (action.kind === 'keep') return { kind: 'none' };
    if (action.kind === 'seek') {
      if (this.#lastSeek !== undefined && at - this.#lastSeek < CLASSIC.seekCooldown) return { kind: 'none' };
      this.#lastSeek = at;
      this.#factor = 1;
      return { kind: 'jump', speed: rate };
    }
    this.#factor = action.factor;
    const wanted = rate * action.factor;
    return Math.abs(wanted - speed) < 1e-6 ? { kind: 'none' } : { kind: 'speed', speed: wanted };
  }
}
