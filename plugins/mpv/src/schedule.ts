import { type Clock, sleep } from '@kinoport/core';

/** Timers fire up to 1 ms late; the rest is waited out busily. */
const BUSY = 2;

/** Waits until an instant of the monotonic clock, to a few hundredths of a millisecond. A past one means now. */
export async function waitUntil(clock: Clock, at: number, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const left = at - clock.now();
    if (left <= BUSY) break;
    // One timer may fire early by a rounding, or be capped; the loop asks the clock again.
    await sleep(clock, Math.min(left - BUSY, 3_600_000), signal);
  }
  while (clock.now() < at) {
    // Busy: nothing else in this process may run now.
  }
}
