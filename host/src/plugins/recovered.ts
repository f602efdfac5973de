import { KinoportError, type RecoveredProgress } from '@kinoport/core';
import { checks } from './schemas.ts';

/** What a player answered to `recover`. @throws KinoportError `PLUGIN_PROTOCOL`: progress is written by it. */
export function recovered(answer: unknown): RecoveredProgress | undefined {
  if (answer === null) return undefined;
  const problem = checks.recovered.problem(answer);
  if (!problem) return answer as RecoveredProgress;
  throw new KinoportError(
    'PLUGIN_PROTOCOL',
    `A player answered recover with ${problem.path || 'a value'} that ${problem.message}.`,
    { hint: 'Report this to the author of the plugin.' },
  );
}
