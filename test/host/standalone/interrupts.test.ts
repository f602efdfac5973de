import { VirtualClock } from '@kinoport/core/testing';
import { beforeEach, expect, it } from 'vitest';
import { Interrupts } from '../../../host/src/standalone/interrupts.ts';

let clock: VirtualClock;
let interrupts: Interrupts;
let left: number;

beforeEach(() => {
  clock = new VirtualClock();
  left = 0;
  interrupts = new Interrupts(clock, () => {
    left += 1;
  });
});

it('a second Ctrl-C within 2 s leaves', async () => {
  interrupts.interrupt();
  expect(interrupts.signal.reason).toMatchObject({ code: 'ABORTED' });
  await clock.advance(2000);
  expect(left).toBe(0);
  interrupts.interrupt();
  expect(left).toBe(1);
});

it('a later one is a first one again', async () => {
  interrupts.interrupt();
  await clock.advance(2001);
  interrupts.interrupt();
  expect(left).toBe(0);
  await clock.advance(100);
  interrupts.interrupt();
  expect(left).toBe(1);
});

it('SIGTERM never leaves, and is no Ctrl-C', () => {
  interrupts.terminate();
  interrupts.terminate();
  interrupts.interrupt();
  expect(left).toBe(0);
});

it('whoever lost its client has 10 s', async () => {
  interrupts.orphan();
  await clock.advance(9999);
  expect(left).toBe(0);
  await clock.advance(1);
  expect(left).toBe(1);
});

it('files are read again by who listens, and are the end of who does not', async () => {
  let read = 0;
  const listening = interrupts.onDidAskToReload(() => {
    read += 1;
  });
  interrupts.reload();
  expect([read, interrupts.signal.aborted]).toEqual([1, false]);
  await listening.dispose();
  interrupts.reload();
  expect(interrupts.signal.aborted).toBe(true);
});
