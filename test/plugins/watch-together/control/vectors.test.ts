import { describe, expect, it } from 'vitest';
import {
  CLASSIC,
  ClassicPolicy,
  classicAction,
} from '../../../../plugins/watch-together/src/control/classic.ts';
import { Cooldown } from '../../../../plugins/watch-together/src/control/cooldown.ts';
import { DriftSamples } from '../../../../plugins/watch-together/src/control/driftSamples.ts';
import { glideFrom, leftOf } from '../../../../plugins/watch-together/src/control/glide.ts';
import { nextMode } from '../../../../plugins/watch-together/src/control/hysteresis.ts';
import {
  LearnedLatency,
  StartLatency,
} from '../../../../plugins/watch-together/src/control/learnedLatency.ts';
import { attainableRate, profileOf } from '../../../../plugins/watch-together/src/control/profile.ts';
import { SkewLearner } from '../../../../plugins/watch-together/src/control/skewLearner.ts';
import { hasHighLatency, syncStatus } from '../../../../plugins/watch-together/src/control/syncStatus.ts';
import {
  supersedes,
  timelinePosition,
  timelineReaches,
} from '../../../../plugins/watch-together/src/control/timeline.ts';
import { trimFactor } from '../../../../plugins/watch-together/src/control/trim.ts';
import { intentOf } from '../../../../plugins/watch-together/src/control/viewerIntent.ts';
import { FINE } from './simulatedPlayer.ts';

describe('a timeline', () => {
  const base = { seq: 7, phase: 'playing', position: 100, at: 5000, rate: 1 } as const;
  const vectors = [
    [base, 5000, 100],
    [base, 6500, 101.5],
    [base, 4000, 100],
    [{ ...base, rate: 1.5 }, 7000, 103],
    [{ ...base, phase: 'paused' }, 99_000, 100],
    [{ ...base, phase: 'waiting' }, 99_000, 100],
    [{ ...base, position: -3 }, 5000, 0],
  ] as const;
  for (const [timeline, at, position] of vectors)
    it(`${timeline.phase} from ${timeline.position} at ${timeline.rate}x is at ${position} at ${at}`, () => {
      expect(timelinePosition(timeline, at)).toBeCloseTo(position, 12);
    });

  it('says when it comes to a position', () => {
    expect(timelineReaches({ ...base, rate: 2 }, 104)).toBe(7000);
    expect(timelineReaches(base, 99)).toBeUndefined();
    expect(timelineReaches({ ...base, phase: 'paused' }, 104)).toBeUndefined();
  });

  it('gives way to a later one only', () => {
    expect(supersedes(base, undefined)).toBe(true);
    expect(supersedes({ ...base, seq: 8 }, base)).toBe(true);
    expect(supersedes({ ...base, position: 3 }, base)).toBe(false);
    expect(supersedes({ ...base, seq: 6 }, base)).toBe(false);
  });
});

describe('the speed that takes an error away', () => {
  const vectors = [
    [0, 0, 1],
    [0.002, 0, 0.996],
    [0.005, 0, 0.99],
    [0.015, 0, 0.99],
    [0.016, 0, 0.98],
    [0.04, 0, 0.98],
    [0.045, 0, 0.95],
    [3, 0, 0.95],
    [-0.002, 0, 1.004],
    [-0.02, 0, 1.02],
    [-3, 0, 1.05],
    [0, 0.0001, 0.9999],
    [-0.02, 0.0001, 1.0199],
  ] as const;
  for (const [error, skew, factor] of vectors)
    it(`of ${error * 1000} ms with ${skew * 1e6} ppm is ${factor}`, () => {
      expect(trimFactor(error, skew)).toBeCloseTo(factor, 12);
    });
});

describe('a glide', () => {
  const fine = profileOf(FINE);
  const coarse = profileOf({ ...FINE, rate: { min: 0.5, max: 2, fine: false } });
  const vectors = [
    // error, rate, skew: speed, seconds
    [fine, 0.005, 1, 0, 0.99, 0.5],
    [fine, 0.003, 1, 0, 0.994, 0.5],
    [fine, -0.012, 1, 0, 1.01, 1.2],
    [fine, 0.03, 1, 0, 0.98, 1.5],
    [fine, -0.2, 1, 0, 1.05, 4],
    [fine, 0.005, 2, 0, 1.98, 0.25],
    [fine, 0.005, 1, 0.0002, 0.9898, 0.5],
    [coarse, 0.05, 1, 0, 0.95, 1],
    [coarse, 0.009, 1, 0, 0.99, 0.9],
  ] as const;
  for (const [profile, error, rate, skew, speed, seconds] of vectors)
    it(`takes ${error * 1000} ms off at ${rate}x and ${skew * 1e6} ppm (${profile.name}) in ${seconds} s`, () => {
      const glide = glideFrom(profile, { at: 1000, error, rate, skew });
      expect(glide?.speed).toBeCloseTo(speed, 9);
      expect(((glide?.until ?? 0) - 1000) / 1000).toBeCloseTo(seconds, 9);
      expect(glide && leftOf(glide, 1000 + 500 * seconds)).toBeCloseTo(error / 2, 9);
    });

  it('is none where the player has no such speed', () => {
    const { rate: _, ...withoutRate } = FINE;
    const none = { at: 0, error: 0.01, rate: 1, skew: 0 };
    expect(glideFrom(profileOf(withoutRate), none)).toBeUndefined();
    expect(glideFrom(coarse, { ...none, error: -0.1, rate: 2 })).toBeUndefined();
    expect(glideFrom(fine, { ...none, error: 0 })).toBeUndefined();
  });
});

describe('the hysteresis', () => {
  const bands = { engage: 0.015, release: 0.004 };
  const vectors = [
    ['lock', 0.015, 'lock'],
    ['lock', 0.0151, 'trim'],
    ['lock', -0.0151, 'trim'],
    ['trim', 0.0151, 'trim'],
    ['trim', 0.004, 'trim'],
    ['trim', -0.004, 'trim'],
    ['trim', 0.0039, 'lock'],
    ['lock', 0.0039, 'lock'],
  ] as const;
  for (const [from, error, to] of vectors)
    it(`goes from ${from} at ${error * 1000} ms to ${to}`, () => {
      expect(nextMode(from, error, bands)).toBe(to);
    });
});

describe('the classic policy', () => {
  it('has the constants of the reference', () => {
    expect(CLASSIC).toEqual({
      seekThreshold: 2,
      slowdownKickIn: 0.35,
      slowdownReset: 0.1,
      slowdownRate: 0.95,
      speedupRate: 1.05,
      rewindThreshold: 4,
      fastForwardThreshold: 5,
      seekCooldown: 1200,
    });
  });

  const vectors = [
    [4.01, { kind: 'seek' }],
    [-5.01, { kind: 'seek' }],
    [2.01, { kind: 'seek' }],
    [-2.01, { kind: 'seek' }],
    [2, { kind: 'rate', factor: 0.95 }],
    [0.36, { kind: 'rate', factor: 0.95 }],
    [0.35, { kind: 'keep' }],
    [0.1, { kind: 'keep' }],
    [0.09, { kind: 'rate', factor: 1 }],
    [0, { kind: 'rate', factor: 1 }],
    [-0.09, { kind: 'rate', factor: 1 }],
    [-0.1, { kind: 'keep' }],
    [-0.35, { kind: 'keep' }],
    [-0.36, { kind: 'rate', factor: 1.05 }],
    [-2, { kind: 'rate', factor: 1.05 }],
  ] as const;
  for (const [difference, action] of vectors)
    it(`does ${JSON.stringify(action)} about ${difference} s`, () => {
      expect(classicAction(difference)).toEqual(action);
    });

  it('seeks once in 1200 ms, and keeps its speed between the bands', () => {
    const policy = new ClassicPolicy();
    const decide = (at: number, error: number, speed: number) =>
      policy.decide({ at, error, speed, rate: 1, uncertainty: 0 });
    expect(decide(0, 3, 1)).toEqual({ kind: 'jump', speed: 1 });
    expect(decide(1199, 3, 1)).toEqual({ kind: 'none' });
    expect(decide(1200, 3, 1)).toEqual({ kind: 'jump', speed: 1 });
    expect(decide(2000, 0.4, 1)).toEqual({ kind: 'speed', speed: 0.95 });
    expect(decide(3000, 0.2, 0.95)).toEqual({ kind: 'none' });
    expect(decide(4000, 0.05, 0.95)).toEqual({ kind: 'speed', speed: 1 });
  });
});

describe('what is asked of a player', () => {
  it('depends on its flags', () => {
    const { rate: _, ...withoutRate } = FINE;
    expect(profileOf(FINE)).toMatchObject({ name: 'fine', engage: 0.015, release: 0.004, jump: 0.25 });
    const { scheduled: __, ...unscheduled } = FINE;
    expect(profileOf({ ...unscheduled, positionPrecision: 0.01 })).toMatchObject({
      name: 'smooth',
      engage: 0.025,
    });
    const vlc = {
      ...FINE,
      exactSeek: false,
      positionPrecision: 0.25,
      rate: { min: 0.1, max: 4, fine: false },
    };
    expect(profileOf(vlc)).toMatchObject({ name: 'coarse', period: 250, engage: 0.375, jump: 0.75 });
    expect(profileOf({ ...withoutRate, positionPrecision: 0.05 })).toMatchObject({
      name: 'seek-only',
      jump: 0.4,
    });
  });

  it('is a rate that it can have', () => {
    const coarse = profileOf({ ...FINE, rate: { min: 0.5, max: 2, fine: false } });
    expect(attainableRate(coarse, 1, 0.9964)).toBe(1);
    expect(attainableRate(coarse, 1, 1.026)).toBeCloseTo(1.03, 12);
    expect(attainableRate(coarse, 2, 1.05)).toBe(2);
    expect(attainableRate(profileOf(FINE), 1.25, 1.0004)).toBeCloseTo(1.2505, 12);
  });
});

describe('what is learned', () => {
  it('is the first latency whole and later ones by seven tenths', () => {
    const latency = new LearnedLatency({ mean: 0.12, deviation: 0.06, most: 5 });
    expect(latency.upper).toBeCloseTo(0.3, 12);
    latency.learn(0.05);
    expect(latency.mean).toBeCloseTo(0.05, 12);
    latency.learn(0.15);
    expect(latency.mean).toBeCloseTo(0.12, 12);
    latency.learn(Number.NaN);
    latency.learn(99);
    expect(latency.mean).toBeLessThanOrEqual(5);
    expect(latency.upper).toBe(5);
  });

  it('is a start’s latency, of which two late starts say nothing', () => {
    const latency = new StartLatency(0.5);
    expect(latency.mean).toBe(0);
    const means = [0.3, 0.09, 0.08, 0.21, 0.085, 9].map((seconds) => {
      latency.learn(seconds);
      return latency.mean;
    });
    expect(means).toEqual([0.3, 0.09, 0.08, 0.08, 0.085, 0.085]);
  });

  it('is a skew out of a line, on top of what was taken off already', () => {
    const learner = new SkewLearner();
    for (let at = 0; at < 7000; at += 100) learner.add(at, 0.001);
    expect(learner.slope()).toBeUndefined();
    for (let at = 7000; at < 20_000; at += 100) learner.add(at, 0.001);
    expect(learner.slope()?.value).toBeCloseTo(0, 9);
    learner.restart();
    for (let at = 0; at < 20_000; at += 100) learner.add(at, (at / 1000) * 50e-6);
    expect(learner.learn(100e-6)).toBe(true);
    expect(learner.value * 1e6).toBeCloseTo(150, 3);
  });

  it('is nothing out of noise', () => {
    const learner = new SkewLearner();
    for (let at = 0; at < 10_000; at += 100) learner.add(at, at % 200 === 0 ? 0.005 : -0.005);
    expect(learner.learn(0)).toBe(false);
    expect(learner.value).toBe(0);
  });
});

describe('several measurements', () => {
  const sample = (at: number, error: number, uncertainty = 0.001) => ({ at, error, uncertainty });

  it('count by how good they are', () => {
    const samples = new DriftSamples();
    for (const [at, error, uncertainty] of [
      [0, 0.001, 0.0005],
      [100, 0.002, 0.0005],
      [200, 0.09, 0.0024],
    ] as const)
      samples.add(sample(at, error, uncertainty));
    expect(samples.error(200, 0)).toBe(0.002);
  });

  it('are carried on by how fast the player gains', () => {
    const samples = new DriftSamples();
    samples.add(sample(0, 0.1));
    samples.add(sample(1000, 0.05));
    samples.add(sample(2000, 0));
    expect(samples.error(2000, -0.05)).toBeCloseTo(0, 12);
  });

  it('leave out what is far worse than usual, but not for ever', () => {
    const samples = new DriftSamples();
    expect(samples.add(sample(0, 0, 0.0002))).toBe(true);
    const taken = Array.from({ length: 6 }, (_, index) => samples.add(sample(index, 1, 0.5)));
    expect(taken).toEqual([false, false, false, false, false, true]);
  });
});

describe('the cooldown of jumps', () => {
  it('is 1.2 s, doubles while they go on, and is forgiven', () => {
    const cooldown = new Cooldown();
    const waits: number[] = [];
    let at = 0;
    for (let jump = 0; jump < 6; jump += 1) {
      cooldown.use(at);
      const from = at;
      while (!cooldown.allows(at)) at += 100;
      waits.push(at - from);
    }
    expect(waits).toEqual([1200, 2400, 4800, 9600, 19_200, 20_000]);
    at += 40_000;
    cooldown.use(at);
    expect(cooldown.allows(at + 1200)).toBe(true);
  });
});

describe('what is shown', () => {
  it('is how fresh the room is', () => {
    expect(syncStatus(true, 4999)).toBe('synced');
    expect(syncStatus(true, 5000)).toBe('syncing');
    expect(syncStatus(true, 9999)).toBe('syncing');
    expect(syncStatus(true, 10_000)).toBe('lost');
    expect(syncStatus(false, 0)).toBe('lost');
    expect(syncStatus(true, Number.NaN)).toBe('lost');
    expect([500, 500.1].map(hasHighLatency)).toEqual([false, true]);
  });
});

describe('the rate that a viewer meant', () => {
  const rateOf = (rate: number, room: number, told: number) =>
    intentOf({ kind: 'rate', rate }, 0, { room, told });
  it('is the one that was set, or the key press without our correction', () => {
    expect(rateOf(1.5, 1, 1.003)).toEqual({ kind: 'rate', rate: 1.5 });
    expect(rateOf(1.1033, 1, 1.003)).toEqual({ kind: 'rate', rate: 1.1 });
    expect(rateOf(1.25 * 0.95 * 0.9091, 1.25, 1.25 * 0.95)).toEqual({ kind: 'rate', rate: 1.136 });
  });
});
