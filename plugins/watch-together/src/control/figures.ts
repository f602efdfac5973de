import { type Clock, type Disposable, DisposableStore, Emitter } from '@kinoport/core';
import type { ClockEstimate } from '../clock/roomClock.ts';

/**
 * What the control is doing. `idle`: the room plays nothing · `clock`: the room's clock is not known yet · `opening`:
 * the player has no picture yet · `standing` · `approaching`: it is being placed · `settling`: it has just been
 * started or moved · `lock`: close enough · `trim`: its speed is changed · `held`: the viewer did something, and the
 * room is asked · `stalled` · `ended` · `gone`.
 */
export type FollowMode =
  | 'idle'
  | 'clock'
  | 'opening'
  | 'standing'
  | 'approaching'
  | 'settling'
  | 'lock'
  | 'trim'
  | 'held'
  | 'stalled'
  | 'ended'
  | 'gone';

/** A correction of the drift, in the words of `SyncStatus`. */
export interface AppliedCorrection {
  readonly kind: 'seek' | 'rate';
  /** Seconds that the player was moved by, or the factor on the room's rate. */
  readonly amount: number;
  /** Local instant, milliseconds. */
  readonly at: number;
  /** What was corrected: the drift before it, seconds. */
  readonly drift: number;
}

/** What a person can be shown of how well the player follows. */
export interface FollowFigures {
  readonly policy: 'precise' | 'classic';
  /** Which bands the player's capabilities allow. */
  readonly profile: string;
  readonly mode: FollowMode;
  /** Player minus room, seconds; absent while nothing is measured. */
  readonly drift?: number;
  readonly speed: number;
  /** How much faster the player's sound runs than the room's clock, parts per million. */
  readonly skew: number;
  readonly ownOffset: number;
  /** Seconds that a seek of this player takes. */
  readonly seekLatency: number;
  readonly speedChanges: number;
  readonly jumps: number;
  readonly lastCorrection?: AppliedCorrection;
}

const PERIOD = 1000;

/** Keeps count of the corrections, and tells the figures when something has changed and once a second. */
export class FigureBook implements Disposable {
  readonly #clock: Clock;
  readonly #read: () => FollowFigures;
  readonly #changes = new Emitter<FollowFigures>();
  readonly #owned = new DisposableStore();
  #speedChanges = 0;
  #jumps = 0;
  #last: AppliedCorrection | undefined;

  readonly onDidChange = this.#changes.event;

  constructor(clock: Clock, read: () => FollowFigures) {
    this.#clock = clock;
    this.#read = read;
    this.#owned.add(this.#changes);
    this.#owned.add(clock.every(PERIOD, () => this.changed()));
  }

  get totals(): Pick<FollowFigures, 'speedChanges' | 'jumps' | 'lastCorrection'> {
    const last = this.#last === undefined ? {} : { lastCorrection: this.#last };
    return { speedChanges: this.#speedChanges, jumps: this.#jumps, ...last };
  }

  /** `amount` and `drift` as in `AppliedCorrection`. */
  note(kind: AppliedCorrection['kind'], amount: number, drift: number): void {
    if (kind === 'rate') this.#speedChanges += 1;
    else this.#jumps += 1;
    this.#last = { kind, amount, at: this.#clock.now(), drift };
    this.changed();
  }

  changed(): void {
    if (this.#changes.hasListeners) this.#changes.fire(this.#read());
  }

  dispose(): Promise<void> {
    return this.#owned.dispose();
  }
}

/** One line for a person: drift, clock, speed. */
export function describeFigures(figures: FollowFigures, clock: ClockEstimate | undefined): string {
  const { mode, drift, speed, lastCorrection } = figures;
  const parts: string[] = [mode];
  if (drift !== undefined) parts.push(`drift ${signed(drift * 1000, 1)} ms`);
  parts.push(`speed ${speed.toFixed(4)}`);
  if (clock !== undefined) {
    parts.push(`clock ${signed(clock.offset, 1)} ± ${clock.bound.toFixed(1)} ms`);
    parts.push(`round trip ${clock.latestRoundTrip.toFixed(1)} ms`);
  }
  if (lastCorrection !== undefined) {
    parts.push(`last ${lastCorrection.kind} for ${signed(lastCorrection.drift * 1000, 1)} ms`);
  }
  return parts.join(', ');
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}
