import type { Clock } from '../clock.ts';
import type { Trial } from './trial.ts';

/** One sentence of a contract that a machine can check. */
export interface Clause<S> {
  /** Stable: `player.pause.idempotent`. */
  readonly id: string;
  /** What holds. */
  readonly title: string;
  /** What goes wrong for a viewer when it does not hold. */
  readonly why: string;
  /** Milliseconds, for a clause that needs more than the others. */
  readonly timeout?: number;
  /** Returns when the clause holds, throws when it does not, skips when the subject has nothing that it is about. */
  run(subject: S, t: Trial): Promise<void>;
}

/** How one clause went. */
export interface ClauseResult {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly message?: string;
  /** What was thrown. */
  readonly error?: unknown;
  /** Milliseconds. */
  readonly duration: number;
}

export interface RunOptions {
  /** Default: that of the machine. */
  readonly clock?: Clock;
  /** Milliseconds for each clause; default 30 000. */
  readonly timeout?: number;
}
