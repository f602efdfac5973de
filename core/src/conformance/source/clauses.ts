import type { Clause } from '../clause.ts';
import { cachingClauses } from './caching.ts';
import { resolvingClauses } from './resolving.ts';
import { streamingClauses } from './streaming.ts';
import type { SourceSubject } from './subject.ts';

/** The source contract, clause by clause. */
export const sourceClauses: readonly Clause<SourceSubject>[] = [
  ...resolvingClauses,
  ...streamingClauses,
  ...cachingClauses,
];
