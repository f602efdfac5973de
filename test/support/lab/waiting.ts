import { setTimeout as pause } from 'node:timers/promises';

/** Asks until there is an answer; for what lies in other processes and tells nobody. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  options: { readonly timeout?: number; readonly every?: number } = {},
): Promise<T> {
  const { timeout = 20_000, every = 10 } = options;
  const deadline = instant() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (instant() > deadline) throw new Error(`Not within ${timeout / 1000} s: ${what}`);
    await pause(every);
  }
}

/** The promise, or an error that says what did not come. */
export async function within<T>(what: string, timeout: number, promise: Promise<T>): Promise<T> {
  const late = new AbortController();
  const limit = pause(timeout, undefined, { signal: late.signal }).then(
    () => Promise.reject(new Error(`Not within ${timeout / 1000} s: ${what}`)),
    () => promise,
  );
  try {
    return await Promise.race([promise, limit]);
  } finally {
    late.abort();
  }
}

/** Monotonic milliseconds. */
export function instant(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
