import { describe, expect, it } from 'vitest';
import { PrecisePolicy } from '../../../../plugins/watch-together/src/control/precise.ts';
import { profileOf } from '../../../../plugins/watch-together/src/control/profile.ts';
import { FINE } from './simulatedPlayer.ts';

describe('the precise policy', () => {
  /** What it does about errors that are measured every 100 ms, milliseconds after the first. */
  const corrections = (policy: PrecisePolicy, errorAt: (at: number, speed: number) => number, ms: number) => {
    const done: { readonly at: number; readonly speed: number }[] = [];
    let speed = policy.startRate(1);
    for (let at = 0; at <= ms; at += 100) {
      const error = errorAt(at, speed);
      const correction = policy.decide({ at, error, uncertainty: 0.0002, rate: 1, speed });
      if (correction.kind !== 'speed') continue;
      speed = correction.speed;
      done.push({ at, speed });
    }
    return done;
  };
  /** A player that was put `start` seconds off and has a sound clock that is off by `ppm`. */
  const player = (start: number, ppm = 0) => {
    let error = start;
    let last = 0;
    return (at: number, speed: number): number => {
      error += ((speed * (1 + ppm * 1e-6) - 1) * (at - last)) / 1000;
      last = at;
      return error;
    };
  };

  it('starts at a speed at which later changes are smooth, and leaves the room’s own alone', () => {
    const policy = new PrecisePolicy(profileOf(FINE));
    expect(policy.startRate(1)).toBeCloseTo(0.999995, 12);
    expect(policy.startRate(1.25)).toBe(1.25);
  });

  it('leaves a start alone that is within 2 ms', () => {
    const policy = new PrecisePolicy(profileOf(FINE));
    expect(corrections(policy, player(0.0019), 60_000)).toEqual([]);
  });

  it('takes a start that was 8 ms late off in 0.8 s, by two changes of speed', () => {
    const policy = new PrecisePolicy(profileOf(FINE));
    const errorAt = player(-0.008);
    expect(corrections(policy, errorAt, 60_000)).toEqual([
      { at: 300, speed: 1.01 },
      { at: 1100, speed: 0.999995 },
    ]);
    expect(Math.abs(errorAt(60_000, 1))).toBeLessThan(0.001);
  });

  it('leaves a settled player alone until it is 15 ms off', () => {
    const policy = new PrecisePolicy(profileOf(FINE));
    const steps = (at: number): number => (at < 1000 ? 0 : at < 5000 ? 0.0149 : 0.0151);
    expect(corrections(policy, steps, 5500)).toEqual([{ at: 5200, speed: expect.closeTo(0.98, 9) }]);
  });

  it('gives a sound clock that is 100 ppm fast one other speed, once', () => {
    const policy = new PrecisePolicy(profileOf(FINE));
    const errorAt = player(0, 100);
    const done = corrections(policy, errorAt, 600_000);
    expect(done).toEqual([{ at: expect.any(Number), speed: expect.closeTo(0.9999, 6) }]);
    expect(policy.skew * 1e6).toBeCloseTo(100, 0);
    expect(Math.abs(errorAt(600_000, 0.9999))).toBeLessThan(0.005);
  });

  it('does not take a clock that is put right for a skew', () => {
    const policy = new PrecisePolicy(profileOf(FINE));
    // The room's clock is moved by 2 ms, half a millisecond a second.
    const errorAt = (at: number): number => Math.min(0.002, Math.max(0, at - 2000) * 0.5e-6);
    expect(corrections(policy, errorAt, 40_000)).toEqual([]);
    expect(policy.skew).toBe(0);
  });
});
