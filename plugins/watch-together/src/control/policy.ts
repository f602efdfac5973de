import type { TrimMode } from './hysteresis.ts';

/** One measurement, as a policy gets it. */
export interface DriftReading {
  /** Milliseconds: the instant at which the error was so. */
  readonly at: number;
  /** Seconds; the player ahead is positive. */
  readonly error: number;
  readonly uncertainty: number;
  /** The room's rate, and what the player runs at. */
  readonly rate: number;
  readonly speed: number;
}

export type Correction =
  | { readonly kind: 'none' }
  | { readonly kind: 'speed'; readonly speed: number }
  /** To where the timeline is, at `speed`. */
  | { readonly kind: 'jump'; readonly speed: number }
  /** The measurement is so large that another one at once has to confirm it. */
  | { readonly kind: 'again' };

/** How a player that plays is kept on a timeline that plays. Pure: gets measurements, gives corrections. */
export interface DriftPolicy {
  readonly name: 'precise' | 'classic';
  /** Milliseconds between two measurements. */
  readonly period: number;
  /** Whether errors are measured by `samplePosition`, else by the state alone. */
  readonly samples: boolean;
  /** Whether jumps make use of learned latencies and scheduled starts. */
  readonly compensates: boolean;
  readonly mode: TrimMode;
  /** What the player gains by itself, seconds a second, as far as it is known. */
  readonly skew: number;
  /** The error that it acts on, seconds; `undefined` until one was measured. */
  readonly error: number | undefined;
  /** The player was moved, stopped or started by somebody. */
  restart(): void;
  decide(reading: DriftReading): Correction;
  /** The rate to play with at a start. */
  startRate(rate: number): number;
}
