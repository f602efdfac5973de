import type { Clause } from '../clause.ts';
import { connectionClauses } from './connection.ts';
import { controlClauses } from './control.ts';
import { enteringClauses } from './entering.ts';
import { followingClauses } from './following.ts';
import { inputClauses } from './input.ts';
import { leavingClauses } from './leaving.ts';
import { lobbyClauses } from './lobby.ts';
import { statusClauses } from './status.ts';
import type { SyncSubject } from './subject.ts';
import { talkClauses } from './talk.ts';
import { timelineClauses } from './timeline.ts';
import { viewerClauses } from './viewer.ts';

/** The sync contract, clause by clause. */
export const syncClauses: readonly Clause<SyncSubject>[] = [
  ...enteringClauses,
  ...lobbyClauses,
  ...timelineClauses,
  ...controlClauses,
  ...talkClauses,
  ...inputClauses,
  ...statusClauses,
  ...connectionClauses,
  ...followingClauses,
  ...viewerClauses,
  ...leavingClauses,
];
