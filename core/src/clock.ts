import { abortedError } from './errors.ts';
import { type Disposable, toDisposable } from './lifecycle.ts';

/**
 * Time, injected, so that control loops, backoff and TTLs run on a virtual clock in tests.
 * Instants (`now`) are milliseconds (float) of the machine's monotonic clock, valid between processes of one
 * boot, never stored and never sent to another machine without an exchanged offset.
 */
export interface Clock {
  /** Monotonic milliseconds, `Number(process.hrtime.bigint()) / 1e6`. */
  now(): number;
  /** Wall clock, milliseconds since the epoch. For what is stored or shown. */
  wall(): number;
  /** Calls `run` once after `ms`, unless disposed before. */
  after(ms: number, run: () => void): Disposable;
  /** Calls `run` every `ms` until disposed. */
  every(ms: number, run: () => void): Disposable;
}

/** The most that one timer of Node takes; it fires at once with more. */
const LONGEST = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Number(process.hrtime.bigint()) / 1e6,
  wall: () => Date.now(),
  after(ms, run) {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      timer =
        left > LONGEST ? setTimeout(() => wait(left - LONGEST), LONGEST) : setTimeout(run, Math.max(0, left));
    };
    wait(ms);
    return toDisposable(() => clearTimeout(timer));
  },
  every(ms, run) {
    const timer = setInterval(run, ms);
    return toDisposable(() => clearInterval(timer));
  },
};

/** Resolves after `ms`. @throws KinoportError `ABORTED` when the signal fires before. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortedError());
      return;
    }
    const aborted = (): void => {
      void timer.dispose();
      reject(abortedError());
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    });
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
