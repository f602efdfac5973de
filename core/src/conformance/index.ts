/**
 * The contracts as clauses that any implementation can be run against, from any test runner:
 *
 *     for (const clause of playerClauses)
 *       test(clause.id, async (t) => {
 *         const result = await runClause(clause, subject);
 *         if (result.status === 'skipped') t.skip(result.message);
 *         if (result.status === 'failed') throw new Error(result.message);
 *       });
 */
export type { Clause, ClauseResult, RunOptions } from './clause.ts';
export { playerClauses } from './player/clauses.ts';
export type { PlayerSubject, RunningPlayer } from './player/subject.ts';
export { runClause, runSuite } from './run.ts';
export type {
  ConformanceSurroundings,
  MakeConformance,
  PlayerSetting,
  PluginConformance,
  SourceSetting,
  SyncPersonSetting,
  SyncSetting,
} from './setting.ts';
export { sourceClauses } from './source/clauses.ts';
export { MemoryStreams } from './source/memoryStreams.ts';
export type { Published, SourceSample, SourceSubject, StreamAccess } from './source/subject.ts';
export { syncClauses } from './sync/clauses.ts';
export { MemoryPlayback } from './sync/memoryPlayback.ts';
export type { SyncPerson, SyncSubject } from './sync/subject.ts';
export { ClauseFailure, ClauseSkipped, Trial } from './trial.ts';
