import type { Clock, Disposable } from '@kinoport/core';

const PERIOD = 1000;
/** Milliseconds by which the two clocks may have moved apart. */
const JUMP = 1000;

/** Notices that the machine has slept, or that somebody has set its clock: wall clock against monotonic clock. */
export function watchSuspend(clock: Clock, onJump: () => void): Disposable {
  let gap = clock.wall() - clock.now();
  return clock.every(PERIOD, () => {
    const next = clock.wall() - clock.now();
    const jumped = Math.abs(next - gap) > JUMP;
    gap = next;
    if (jumped) onJump();
  });
}
