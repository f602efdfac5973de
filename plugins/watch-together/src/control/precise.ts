import { Cooldown } from './cooldown.ts';
import { DriftSamples } from './driftSamples.ts';
import { nextMode, type TrimMode } from './hysteresis.ts';
import type { Correction, DriftPolicy, DriftReading } from './policy.ts';
import { attainableRate, type ControlProfile } from './profile.ts';
import { SkewLearner } from './skewLearner.ts';
import { trimFactor } from './trim.ts';

/** Milliseconds after which a locked player may get another fixed speed, the first time and later. */
const FIRST_LEARNED = 8000;
const LATER_LEARNED = 60_000;
/** A skew that is worth a speed other than the room's own, at which players filter nothing: 15 ppm; 40 to begin. */
const NEGLIGIBLE = 15e-6;
const WORTH_LEARNING = 40e-6;
/** What is left of the error in lock is taken off over a minute, with 100 ppm at most. */
const CENTRE_OVER = 60;
const CENTRE_MOST = 1e-4;
/** A locked player is left alone while it will stay this near for another minute: share of `engage`. */
const NEAR = 0.6;
/** Changes of speed while trimming that are too small to be worth a command. */
const WORTH = 0.0005;
/** No player is trimmed nearer than this, seconds. */
const NEAREST = 0.001;
/** Large errors are confirmed by a second measurement. */
const CONFIRMATIONS = 2;

/**
 * Keeps the player within milliseconds: nothing while the error is small, small changes of speed above that, a jump
 * where it is large; what the player's own clock gains is learned and taken off its speed for good.
 */
export class PrecisePolicy implements DriftPolicy {
  readonly name = 'precise';
  readonly samples = true;
  readonly compensates = true;
  readonly #profile: ControlProfile;
  readonly #samples = new DriftSamples();
  readonly #learner = new SkewLearner();
  readonly #cooldown = new Cooldown();
  #mode: TrimMode = 'lock';
  #error: number | undefined;
  #lockedSince: number | undefined;
  #adjusted: number | undefined;
  #large = 0;

  constructor(profile: ControlProfile) {
    this.#profile = profile;
  }

  get period(): number {
    return this.#profile.period;
  }

  get mode(): TrimMode {
    return this.#mode;
  }

  get skew(): number {
    return this.#learner.value;
  }

  get error(): number | undefined {
    return this.#error;
  }

  restart(): void {
    this.#samples.clear();
    this.#learner.restart();
    this.#mode = 'lock';
    this.#error = undefined;
    this.#lockedSince = undefined;
    this.#adjusted = undefined;
    this.#large = 0;
  }

  startRate(rate: number): number {
    const skew = Math.abs(this.skew) < NEGLIGIBLE ? 0 : this.skew;
    return attainableRate(this.#profile, rate, 1 - skew);
  }

  decide(reading: DriftReading): Correction {
    const { at, rate, speed } = reading;
    if (!this.#samples.add(reading)) return { kind: 'again' };
    if (Math.abs(reading.error) > this.#profile.jump * rate) {
      this.#large += 1;
      if (this.#large < CONFIRMATIONS) return { kind: 'again' };
      if (this.#cooldown.allows(at)) return this.#jump(reading);
    } else {
      this.#large = 0;
    }
    const error = this.#samples.error(at, speed - rate * (1 - this.skew)) ?? reading.error;
    this.#error = error;
    const before = this.#mode;
    this.#mode = nextMode(before, error, this.#bands());
    if (before === 'lock' && this.#mode === 'lock') return this.#locked(reading, error);
    if (before === 'lock') return this.#leave(reading, error);
    if (this.#mode === 'trim') return this.#trim(reading, error);
    return this.#enter(reading);
  }

  #bands(): { readonly engage: number; readonly release: number } {
    const { engage, release } = this.#profile;
    const noise = this.#samples.uncertainty;
    // A player that says exactly where it is can be brought nearer before it is let go.
    const near = this.#profile.rateStep === 0 ? Math.max(NEAREST, 2 * noise) : release;
    return { engage: Math.max(engage, noise), release: Math.max(Math.min(release, near), noise / 3) };
  }

  #jump({ at, rate }: DriftReading): Correction {
    this.#cooldown.use(at);
    this.restart();
    return { kind: 'jump', speed: this.startRate(rate) };
  }

  #leave(reading: DriftReading, error: number): Correction {
    this.#learner.learn(biasOf(reading));
    this.#learner.restart();
    this.#lockedSince = undefined;
    return this.#trim(reading, error);
  }

  #trim({ rate, speed }: DriftReading, error: number): Correction {
    const wanted = attainableRate(this.#profile, rate, trimFactor(error, this.skew));
    return this.#change(wanted, speed, WORTH * rate);
  }

  #enter({ at, rate, speed }: DriftReading): Correction {
    this.#lockedSince = at;
    this.#learner.restart();
    const wanted = this.startRate(rate);
    return this.#change(wanted, speed, 0);
  }

  /** Looks whether the player stays by itself; gives it a slightly other speed where it does not. */
  #locked(reading: DriftReading, error: number): Correction {
    const { at, rate, speed } = reading;
    this.#lockedSince ??= at;
    this.#learner.add(at, reading.error);
    const since = Math.max(this.#lockedSince, this.#adjusted ?? this.#lockedSince);
    if (at - since < (this.#adjusted === undefined ? FIRST_LEARNED : LATER_LEARNED)) return { kind: 'none' };
    const slope = this.#learner.slope();
    if (slope === undefined) return { kind: 'none' };
    const near = NEAR * this.#bands().engage;
    const ahead = error + slope.value * (LATER_LEARNED / 1000);
    const isFirst = this.#adjusted === undefined && Math.abs(slope.value) > WORTH_LEARNING;
    if (!isFirst && Math.abs(ahead) < near && Math.abs(error) < near) return { kind: 'none' };
    if (!this.#learner.learn(biasOf(reading))) return { kind: 'none' };
    this.#learner.restart();
    this.#adjusted = at;
    if (isFirst) {
      // mpv (0.35.1) puts a filter in at the first speed that is not 1, which moves its sound by up to 20 ms: the
      // place is looked after as well, once.
      this.#mode = 'trim';
      return this.#change(this.startRate(rate), speed, 0);
    }
    const centre = Math.max(-CENTRE_MOST, Math.min(CENTRE_MOST, error / CENTRE_OVER));
    return this.#change(attainableRate(this.#profile, rate, 1 - this.skew - centre), speed, 0);
  }

  #change(wanted: number, speed: number, worth: number): Correction {
    if (Math.abs(wanted - speed) <= Math.max(1e-6, worth)) return { kind: 'none' };
    this.#samples.clear();
    return { kind: 'speed', speed: wanted };
  }
}

/** What is taken off the room's rate at this speed. */
function biasOf({ rate, speed }: DriftReading): number {
  return 1 - speed / rate;
}
