import { systemClock } from '../clock.ts';
import { abortedError, toKinoportError } from '../errors.ts';
import type { Clause, ClauseResult, RunOptions } from './clause.ts';
import { ClauseFailure, ClauseSkipped, Trial } from './trial.ts';

const TIMEOUT = 30_000;
/** Milliseconds for what a clause leaves to be cleared up. */
const CLEAN_UP_TIMEOUT = 15_000;

/** Runs one clause, with what it acquired given back when this resolves. Never rejects. */
export async function runClause<S>(
  clause: Clause<S>,
  subject: S,
  options: RunOptions = {},
): Promise<ClauseResult> {
  const clock = options.clock ?? systemClock;
  const limit = Math.max(options.timeout ?? TIMEOUT, clause.timeout ?? 0);
  const end = new AbortController();
  const trial = new Trial(clock, end.signal);
  const began = clock.now();
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => undefined);
  const timer = clock.after(limit, () => {
    late.reject(new ClauseFailure(`it took longer than ${limit / 1000} s`));
    end.abort(abortedError());
  });
  let outcome: Pick<ClauseResult, 'status' | 'message' | 'error'>;
  try {
    const work = Promise.resolve().then(() => clause.run(subject, trial));
    work.catch(() => undefined);
    await Promise.race([work, late.promise]);
    outcome = { status: 'passed' };
  } catch (error) {
    outcome = judged(error);
  } finally {
    await timer.dispose();
  }
  end.abort(abortedError());
  await cleanedUp(trial);
  const { id, title, why } = clause;
  return { id, title, why, ...outcome, duration: clock.now() - began };
}

/** Runs clauses one after the other. `onResult` hears of each as it ends. */
export async function runSuite<S>(
  clauses: readonly Clause<S>[],
  subject: S,
  options: RunOptions & { readonly onResult?: (result: ClauseResult) => void } = {},
): Promise<readonly ClauseResult[]> {
  const results: ClauseResult[] = [];
  for (const clause of clauses) {
    const result = await runClause(clause, subject, options);
    results.push(result);
    options.onResult?.(result);
  }
  return results;
}

function judged(error: unknown): Pick<ClauseResult, 'status' | 'message' | 'error'> {
  if (error instanceof ClauseSkipped) return { status: 'skipped', message: error.message };
  if (error instanceof ClauseFailure) return { status: 'failed', message: error.message, error };
  const { code, message } = toKinoportError(error);
  return { status: 'failed', message: `${message} (${code})`, error };
}

/** A subject that hangs must not keep the suite: its clean-up is given up after a while. */
async function cleanedUp(trial: Trial): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = trial.clock.after(CLEAN_UP_TIMEOUT, resolve);
  await Promise.race([trial.cleanUp(), promise]);
  await timer.dispose();
}
