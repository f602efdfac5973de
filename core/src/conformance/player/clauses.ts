import type { Clause } from '../clause.ts';
import { commandClauses } from './commands.ts';
import { endClauses } from './ends.ts';
import { openingClauses } from './opening.ts';
import { schedulingClauses } from './scheduling.ts';
import { seekingClauses } from './seeking.ts';
import { stateClauses } from './state.ts';
import type { PlayerSubject } from './subject.ts';
import { survivalClauses } from './survival.ts';
import { trackClauses } from './tracks.ts';

/** The player contract, clause by clause. */
export const playerClauses: readonly Clause<PlayerSubject>[] = [
  ...openingClauses,
  ...stateClauses,
  ...commandClauses,
  ...seekingClauses,
  ...trackClauses,
  ...endClauses,
  ...survivalClauses,
  ...schedulingClauses,
];
