import type { VirtualClock } from '@kinoport/core/testing';

/** Milliseconds. */
const STEP = 5;

/** Moves the clock on until the work is done: hours of film in the time that the code takes. */
export async function inVirtualTime<T>(clock: VirtualClock, work: Promise<T>, step = STEP): Promise<T> {
  let isDone = false;
  const settled = work.finally(() => {
    isDone = true;
  });
  settled.catch(() => undefined);
  while (!isDone) await clock.advance(step);
  return settled;
}
