import { Cooldown } from './cooldown.ts';
import { DriftSamples } from './driftSamples.ts';
import { type Glide, glideFrom, leftOf } from './glide.ts';
import { nextMode, type TrimMode } from './hysteresis.ts';
import type { Correction, DriftPolicy, DriftReading } from './policy.ts';
import { attainableRate, type ControlProfile } from './profile.ts';
import { SkewLearner } from './skewLearner.ts';

/** Measurements before the place of a player that was just started or moved is judged. */
const JUDGED_BY = 4;
/** Corrections in a row after which a player that stays within `engage` is let go, wherever it is. */
const MOST_AIMS = 3;
/**
 * mpv (0.35.1) tells of the sound that it has buffered, 0.4 s, as if it had been made for the new speed: while the speed
 * is another one, errors are measured wrong by so many milliseconds of the change.
 */
const SWALLOWED = 400;
/** Nobody is brought nearer than this, seconds. */
const NEAREST = 0.002;
/** A skew that is not worth another speed: 15 ppm. */
const NEGLIGIBLE = 15e-6;
/**
 * mpv (0.35.1) puts a filter in at the first speed that is not 1 and takes it out at 1, and both move its sound by
 * 10 to 30 ms. At 5 ppm from 1 it passes the sound on as it is, and every later change of speed is smooth.
 */
const PREPARED = 5e-6;
/** A player in lock is left alone while it will stay within this share of `engage` for so many seconds. */
const NEAR = 0.6;
const FORESEEN = 60;
/** Further off than this share of `engage`, its place is mended together with its speed. */
const ASIDE = 0.33;
/** Large errors are confirmed by a second measurement. */
const CONFIRMATIONS = 2;

/**
 * Keeps the player within milliseconds. After a start or a jump it is measured, brought near by one other speed for as
 * long as that takes, and measured again; then it is left alone until it is `engage` away. What the player's own clock
 * gains is learned and taken off its speed for good. Large errors are jumped over.
 */
export class PrecisePolicy implements DriftPolicy {
  readonly name = 'precise';
  readonly samples = true;
  readonly compensates = true;
  readonly #profile: ControlProfile;
  readonly #samples = new DriftSamples();
  readonly #learner = new SkewLearner();
  readonly #cooldown = new Cooldown();
  /** `trim`: it is being brought near. */
  #near: TrimMode = 'trim';
  #glide: Glide | undefined;
  #aims = 0;
  #error: number | undefined;
  #quietUntil = Number.NEGATIVE_INFINITY;
  #large = 0;

  constructor(profile: ControlProfile) {
    this.#profile = profile;
  }

  get period(): number {
    return this.#profile.period;
  }

  get mode(): TrimMode {
    return this.#glide === undefined ? 'lock' : 'trim';
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
    this.#aim();
    this.#aims = 0;
    this.#error = undefined;
    this.#quietUntil = Number.NEGATIVE_INFINITY;
    this.#large = 0;
  }

  startRate(rate: number): number {
    const { skew } = this;
    if (Math.abs(skew) >= NEGLIGIBLE) return attainableRate(this.#profile, rate, 1 - skew);
    return attainableRate(this.#profile, rate, rate === 1 ? 1 - PREPARED : 1);
  }

  decide(reading: DriftReading): Correction {
    const { at, rate, speed } = reading;
    if (this.#glide !== undefined && at >= this.#glide.until - this.period / 2) return this.#arrive(reading);
    if (!this.#samples.add(reading)) return { kind: 'again' };
    if (Math.abs(reading.error) > this.#profile.jump * rate) {
      this.#large += 1;
      if (this.#large < CONFIRMATIONS) return { kind: 'again' };
      if (this.#cooldown.allows(at)) return this.#jump(reading);
    } else {
      this.#large = 0;
    }
    if (at < this.#quietUntil) {
      this.#samples.clear();
      return { kind: 'none' };
    }
    const error = this.#samples.error(at, speed - rate * (1 - this.skew)) ?? reading.error;
    this.#error = error;
    if (this.#glide !== undefined) return this.#watch(reading, error, this.#glide);
    return this.#near === 'lock' ? this.#locked(reading, error) : this.#judge(reading, error);
  }

  #bands(): { readonly engage: number; readonly release: number } {
    const { engage, release, rateStep } = this.#profile;
    const noise = this.#samples.uncertainty;
    return {
      engage: Math.max(engage, noise),
      release: Math.max(rateStep === 0 ? NEAREST : release, noise / 2),
    };
  }

  #aim(): void {
    this.#near = 'trim';
    this.#glide = undefined;
  }

  #jump({ at, rate }: DriftReading): Correction {
    this.#cooldown.use(at);
    this.restart();
    return { kind: 'jump', speed: this.startRate(rate) };
  }

  /** Whether the player is where it belongs after a start, a jump or a correction. */
  #judge(reading: DriftReading, error: number): Correction {
    if (this.#samples.size < JUDGED_BY) return { kind: 'none' };
    const bands = this.#bands();
    this.#near = nextMode('trim', error, bands);
    if (this.#near === 'trim' && (this.#aims < MOST_AIMS || Math.abs(error) > bands.engage))
      return this.#correct(reading, error);
    this.#settle();
    return { kind: 'none' };
  }

  #settle(): void {
    this.#near = 'lock';
    this.#aims = 0;
    this.#learner.restart();
  }

  /** A glide that goes as it should is left alone. */
  #watch(reading: DriftReading, error: number, glide: Glide): Correction {
    const { at } = reading;
    if (at < glide.from + SWALLOWED || this.#samples.size < JUDGED_BY) return { kind: 'none' };
    const bound = this.#bands().engage + (Math.abs(glide.gain) * SWALLOWED) / 1000;
    return Math.abs(error - leftOf(glide, at)) > bound ? this.#correct(reading, error) : { kind: 'none' };
  }

  #arrive({ at, rate, speed }: DriftReading): Correction {
    this.#aim();
    this.#quietUntil = at + SWALLOWED;
    return this.#change(this.startRate(rate), speed);
  }

  #correct({ at, rate, speed }: DriftReading, error: number): Correction {
    this.#near = 'trim';
    this.#glide = glideFrom(this.#profile, { at, error, rate, skew: this.skew });
    this.#aims += 1;
    if (this.#glide !== undefined) return this.#change(this.#glide.speed, speed);
    this.#settle();
    return { kind: 'none' };
  }

  /** Looks whether the player stays by itself; gives it a slightly other speed where it does not. */
  #locked(reading: DriftReading, error: number): Correction {
    const { at, rate, speed } = reading;
    const { engage } = this.#bands();
    this.#learner.add(at, reading.error);
    if (nextMode('lock', error, this.#bands()) === 'trim') {
      this.#learner.learn(biasOf(reading));
      return this.#correct(reading, error);
    }
    const slope = this.#learner.slope();
    if (slope === undefined || !slope.isClear) return { kind: 'none' };
    const ahead = Math.abs(error + slope.value * FORESEEN);
    if (ahead < NEAR * engage && Math.abs(error) < NEAR * engage) return { kind: 'none' };
    if (!this.#learner.learn(biasOf(reading))) return { kind: 'none' };
    this.#learner.restart();
    if (Math.abs(error) > ASIDE * engage) return this.#correct(reading, error);
    // A speed that brings a filter in moves the sound, so the place is looked after.
    if (speed === 1) this.#aim();
    return this.#change(this.startRate(rate), speed);
  }

  #change(wanted: number, speed: number): Correction {
    if (Math.abs(wanted - speed) <= 1e-6) return { kind: 'none' };
    this.#samples.clear();
    return { kind: 'speed', speed: wanted };
  }
}

/** What is taken off the room's rate at this speed. */
function biasOf({ rate, speed }: DriftReading): number {
  return 1 - speed / rate;
}
