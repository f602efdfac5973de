import { VirtualClock } from '@kinoport/core/testing';
import { beforeEach, expect, it } from 'vitest';
import { CrashBudget } from '../../../../host/src/plugins/supervision/crashBudget.ts';

let clock: VirtualClock;
let budget: CrashBudget;

beforeEach(() => {
  clock = new VirtualClock();
  budget = new CrashBudget(clock, () => 0.5);
});

const pass = (seconds: number): Promise<void> => clock.advance(seconds * 1000);

it('lets a plugin rise at once, then after 100, 200 and 400 ms, and no more after the fifth time', () => {
  const delays = Array.from({ length: 5 }, () => budget.crashed());
  expect(delays).toEqual([0, 100, 200, 400, undefined]);
  expect([budget.isExhausted, budget.crashes]).toEqual([true, 5]);
});

it('keeps to its word, however late it is, until it is reset', async () => {
  for (let i = 0; i < 5; i += 1) budget.crashed();
  await pass(3600);
  expect([budget.isExhausted, budget.crashes]).toEqual([true, 0]);
  expect(budget.crashed()).toBeUndefined();
  budget.reset();
  expect([budget.isExhausted, budget.crashes]).toEqual([false, 0]);
  expect(budget.crashed()).toBe(0);
});

it('begins the row anew after 60 s of health, not after 60 s of waiting', async () => {
  budget.crashed();
  await pass(61);
  expect(budget.crashed()).toBe(100);
  budget.started();
  await pass(59.9);
  expect(budget.crashed()).toBe(200);
  budget.started();
  await pass(60);
  expect(budget.crashed()).toBe(0);
});

it('counts the last 5 minutes only', async () => {
  for (let i = 0; i < 40; i += 1) {
    budget.started();
    expect(budget.crashed()).toBeDefined();
    await pass(75.1);
  }
  expect(budget.crashes).toBe(3);
  expect(budget.isExhausted).toBe(false);
});

it('is used up by a plugin that lives a minute each time', async () => {
  const delays: (number | undefined)[] = [];
  for (let i = 0; i < 5; i += 1) {
    budget.started();
    await pass(65);
    delays.push(budget.crashed());
  }
  expect(delays).toEqual([0, 0, 0, 0, undefined]);
});

it('waits 30 s at most, a fifth more or less before', async () => {
  for (const [random, low] of [
    [0, 0.8],
    [0.999, 1.1996],
  ] as const) {
    const patient = new CrashBudget(clock, () => random);
    const delays: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      delays.push(patient.crashed() ?? Number.NaN);
      // Slow to fall, never healthy.
      await pass(80);
    }
    expect(delays[1]).toBeCloseTo(100 * low);
    expect(delays[8]).toBeCloseTo(12_800 * low);
    expect(delays[11]).toBe(30_000);
  }
});
