import type { PlayerCapabilities } from '@kinoport/core';

/** How closely a player can follow. Seconds, unless said otherwise. */
export interface ControlProfile {
  readonly name: 'fine' | 'smooth' | 'coarse' | 'seek-only';
  /** Between two measurements, milliseconds. */
  readonly period: number;
  /** An error above `engage` is corrected until it is below `release`. */
  readonly engage: number;
  readonly release: number;
  /** From here on the player jumps. */
  readonly jump: number;
  /** Steps in which the rate can be set; 0: any. */
  readonly rateStep: number;
  readonly minRate: number;
  readonly maxRate: number;
  /** `play` and `pause` honour an instant. */
  readonly scheduled: boolean;
  readonly exactSeek: boolean;
}

/** The bands of players that can change their rate in small steps and say where they are. */
const FINE = { name: 'fine', period: 100, engage: 0.015, release: 0.004, jump: 0.25, rateStep: 0 } as const;
/** The same without scheduled starts, as in a browser. */
const SMOOTH = { ...FINE, name: 'smooth', engage: 0.025, release: 0.008, rateStep: 0.001 } as const;
/** Rate changes cost a moment and come in whole percents: VLC. */
const COARSE = {
  name: 'coarse',
  period: 250,
  engage: 0.12,
  release: 0.04,
  jump: 0.4,
  rateStep: 0.01,
} as const;
/** No rate at all: a jump is heard, so only where the error is worse. */
const SEEK_ONLY = {
  name: 'seek-only',
  period: 250,
  engage: 0.4,
  release: 0.4,
  jump: 0.4,
  rateStep: 1,
} as const;

/** What can be asked of a player, by its flags alone. */
export function profileOf(capabilities: PlayerCapabilities): ControlProfile {
  const { rate, exactSeek, scheduled, positionPrecision } = capabilities;
  const bands = !rate ? SEEK_ONLY : !rate.fine ? COARSE : exactSeek && scheduled ? FINE : SMOOTH;
  // Players that only know their position roughly cannot be held closer; a fine one tells of each measurement how
  // good it is.
  const known = Number.isFinite(positionPrecision) ? Math.max(0, positionPrecision) : 1;
  const least = bands.name === 'fine' ? 0 : known;
  return {
    ...bands,
    engage: Math.max(bands.engage, 1.5 * least),
    release: Math.max(bands.release, 0.5 * least),
    jump: Math.max(bands.jump, 3 * least),
    minRate: rate?.min ?? 1,
    maxRate: rate?.max ?? 1,
    scheduled: scheduled !== undefined,
    exactSeek,
  };
}

/** The nearest rate that the player takes; `rate` itself is the room's, which is set as it is. */
export function attainableRate(profile: ControlProfile, rate: number, factor: number): number {
  const { rateStep, minRate, maxRate } = profile;
  const stepped = rateStep > 0 ? Math.round((factor - 1) / rateStep) * rateStep : factor - 1;
  return Math.max(minRate, Math.min(maxRate, rate * (1 + stepped)));
}
