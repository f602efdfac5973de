import { isDeepStrictEqual } from 'node:util';
import type { Clock, Disposable } from '@kinoport/core';
import type { RuntimePlan, RuntimeProcess } from './runtimeProcess.ts';

/** Milliseconds that a process waits for a reload; nobody works on the plugin any more then. */
const PATIENCE = 10 * 60_000;

interface Waiting {
  readonly process: RuntimeProcess;
  readonly leave: () => void;
}

/**
 * Of a plugin that somebody works on: a process that is up before the next generation is asked for. Node takes longer
 * to start than most plugins take to load. It has none of the plugin's code in it.
 */
export class Standby implements Disposable {
  readonly #clock: Clock;
  #waiting: Waiting | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has one wait, if none does. */
  prepare(start: () => RuntimeProcess): void {
    if (this.#disposed || this.#waiting) return;
    const process = start();
    const timer = this.#clock.after(PATIENCE, () => this.clear());
    const onError = (): void => this.clear();
    // A pipe that breaks has no reader yet that would hear of it.
    process.pipe.on('error', onError);
    const waiting: Waiting = {
      process,
      leave: () => {
        void timer.dispose();
        process.pipe.off('error', onError);
        this.#waiting = undefined;
      },
    };
    this.#waiting = waiting;
    void process.exit.then(() => {
      if (this.#waiting === waiting) waiting.leave();
    });
  }

  /** The one that waits, if it is what would be started now. One that is not is ended. */
  take(plan: RuntimePlan): RuntimeProcess | undefined {
    const waiting = this.#waiting;
    if (!waiting) return undefined;
    if (!isDeepStrictEqual(waiting.process.plan, plan)) {
      this.clear();
      return undefined;
    }
    waiting.leave();
    return waiting.process;
  }

  /** Ends the one that waits. */
  clear(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const { process } = waiting;
    waiting.leave();
    // Until it is gone its pipe may still break.
    process.pipe.on('error', () => undefined);
    process.kill('SIGKILL');
    this.#ended = Promise.all([this.#ended, process.exit]);
  }

  /** Resolves when none is left. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.clear();
    await this.#ended;
  }
}
