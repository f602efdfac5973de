import { type Clock, sleep } from '../clock.ts';
import { type AnyErrorCode, abortedError, isKinoportError, toKinoportError } from '../errors.ts';
import type { Event } from '../event.ts';
import { DisposableStore } from '../lifecycle.ts';

/** A clause that does not hold; the message says what was seen instead. */
export class ClauseFailure extends Error {
  override readonly name = 'ClauseFailure';
}

/** The subject has nothing that the clause is about. */
export class ClauseSkipped extends Error {
  override readonly name = 'ClauseSkipped';
}

/** What a clause works with while it runs. */
export class Trial {
  readonly clock: Clock;
  /** Fires when the time of the clause is over. */
  readonly signal: AbortSignal;
  readonly #cleanUp = new DisposableStore();

  constructor(clock: Clock, signal: AbortSignal) {
    this.clock = clock;
    this.signal = signal;
  }

  /** Ends the clause as skipped. */
  skip(reason: string): never {
    throw new ClauseSkipped(reason);
  }

  fail(message: string): never {
    throw new ClauseFailure(message);
  }

  ok(holds: boolean, message: string): asserts holds {
    if (!holds) this.fail(message);
  }

  equal(what: string, actual: unknown, expected: unknown): void {
    this.ok(Object.is(actual, expected), `${what} is ${shown(actual)}, expected ${shown(expected)}`);
  }

  /** Seconds, or whatever unit both are in. */
  near(what: string, actual: number, expected: number, tolerance: number): void {
    const off = Math.abs(actual - expected);
    this.ok(
      off <= tolerance,
      `${what} is ${rounded(actual)}, expected ${rounded(expected)} ± ${rounded(tolerance)}`,
    );
  }

  /** Expects an error of one of the codes; of any code but `INTERNAL`, when none is given. */
  async rejects(
    what: string,
    work: () => Promise<unknown> | unknown,
    ...codes: readonly AnyErrorCode[]
  ): Promise<void> {
    const wanted = codes.length > 0 ? codes.join(' or ') : 'an error with a code';
    let answer: unknown;
    try {
      answer = await this.within(what, 10_000, Promise.resolve().then(work));
    } catch (error) {
      if (error instanceof ClauseFailure) throw error;
      const known = toKinoportError(error);
      const fits = codes.length > 0 ? codes.includes(known.code) : known.code !== 'INTERNAL';
      if (!fits) this.fail(`${what} failed with ${known.code} (${known.message}), expected ${wanted}`);
      return;
    }
    this.fail(`${what} succeeded with ${shown(answer)}, expected ${wanted}`);
  }

  /** Takes `undefined` for an error of one of the codes, and throws any other. */
  async allow<T>(work: Promise<T>, ...codes: readonly AnyErrorCode[]): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      if (isKinoportError(error, ...codes)) return undefined;
      throw error;
    }
  }

  async sleep(ms: number): Promise<void> {
    await sleep(this.clock, ms, this.signal);
  }

  /** The promise's value, or a failure that says what did not come. */
  async within<T>(what: string, ms: number, work: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => undefined);
    const timer = this.clock.after(ms, () =>
      late.reject(new ClauseFailure(`${what}: nothing came within ${ms / 1000} s`)),
    );
    const aborted = (): void => late.reject(abortedError());
    this.signal.addEventListener('abort', aborted, { once: true });
    if (this.signal.aborted) aborted();
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      await timer.dispose();
      this.signal.removeEventListener('abort', aborted);
    }
  }

  /** The first value of an event for which `accept` holds. */
  async next<T>(what: string, event: Event<T>, accept: (value: T) => boolean, ms: number): Promise<T> {
    const found = Promise.withResolvers<T>();
    const subscription = event((value) => {
      if (accept(value)) found.resolve(value);
    });
    try {
      return await this.within(what, ms, found.promise);
    } finally {
      await subscription.dispose();
    }
  }

  /** Asks every 20 ms until the answer is true. */
  async until(what: string, ms: number, ask: () => boolean | Promise<boolean>): Promise<void> {
    const end = this.clock.now() + ms;
    while (!(await ask())) {
      this.ok(this.clock.now() < end, `${what}: not within ${ms / 1000} s`);
      await this.sleep(20);
    }
  }

  /** Runs after the clause, however it ends; the last one given first. A failure of it is left out. */
  defer(cleanUp: () => void | Promise<void>): void {
    this.#cleanUp.defer(cleanUp);
  }

  async cleanUp(): Promise<void> {
    await this.#cleanUp.dispose().catch(() => undefined);
  }
}

function rounded(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toFixed(3))) : String(value);
}

export function shown(value: unknown): string {
  if (typeof value === 'number') return rounded(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
