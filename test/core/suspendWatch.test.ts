import { type Clock, SuspendWatch, type TimeJump } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';

let clock: VirtualClock;
/** What a stop of the process adds to both clocks, which its timers do not see. */
let stopped: number;
let watch: SuspendWatch;
let jumps: TimeJump[];

beforeEach(() => {
  clock = new VirtualClock();
  stopped = 0;
  jumps = [];
  const machine: Clock = {
    now: () => clock.now() + stopped,
    wall: () => clock.wall() + stopped,
    after: (ms, run) => clock.after(ms, run),
    every: (ms, run) => clock.every(ms, run),
  };
  watch = new SuspendWatch(machine);
  watch.onDidJump((jump) => jumps.push(jump));
});

afterEach(() => watch.dispose());

it('tells nothing while both clocks go on alike', async () => {
  await clock.advance(60_000);
  expect(jumps).toEqual([]);
});

it('leaves a clock alone that is put right by less than a second', async () => {
  clock.stepWall(900);
  await clock.advance(1000);
  clock.stepWall(-900);
  await clock.advance(1000);
  expect(jumps).toEqual([]);
});

it('tells of a machine that slept, within a second, once', async () => {
  clock.stepWall(3_600_000);
  await clock.advance(1000);
  expect(jumps).toEqual([{ cause: 'suspended', milliseconds: 3_600_000 }]);
  await clock.advance(10_000);
  expect(jumps).toHaveLength(1);
});

it('tells of a wall clock that was set back', async () => {
  clock.stepWall(-5000);
  await clock.advance(1000);
  expect(jumps).toEqual([{ cause: 'set back', milliseconds: 5000 }]);
});

it('tells of a process that was stopped', async () => {
  stopped = 4000;
  await clock.advance(1000);
  expect(jumps).toEqual([{ cause: 'stopped', milliseconds: 4000 }]);
});

it('ends with its timer', async () => {
  await watch.dispose();
  clock.stepWall(5000);
  await clock.advance(2000);
  expect(jumps).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});
