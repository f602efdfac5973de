import { KinoportError } from '@kinoport/core';
import type { CheckedSchema } from './validation.ts';

/**
 * What a plugin answered, when it is of the contract.
 * @param who begins the sentence: `Source "files"`
 * @throws KinoportError `PLUGIN_PROTOCOL`
 */
export function believed<T>(check: CheckedSchema<T>, answer: unknown, who: string, asked: string): T {
  const problem = check.problem(answer);
  if (!problem) return answer as T;
  throw new KinoportError(
    'PLUGIN_PROTOCOL',
    `${who} answered ${asked} with ${problem.path || 'a value'} that ${problem.message}.`,
    { hint: 'Report this to the author of the plugin.' },
  );
}

/** The same for a question that may have no answer. */
export function believedOrNone<T>(
  check: CheckedSchema<T>,
  answer: unknown,
  who: string,
  asked: string,
): T | undefined {
  return answer === null ? undefined : believed(check, answer, who, asked);
}
