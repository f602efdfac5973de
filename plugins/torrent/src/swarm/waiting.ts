import type { Clock } from '@kinoport/core';

/** Resolves when the work is done, well or not, or the time is over. */
export function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, resolve);
    const over = (): void => {
      void timer.dispose();
      resolve();
    };
    work.then(over, over);
  });
}
