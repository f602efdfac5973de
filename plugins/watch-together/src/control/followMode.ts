import type { PlayerStatus } from '@kinoport/core';
import type { FollowMode } from './figures.ts';
import type { TrimMode } from './hysteresis.ts';

/** What the control does, in one word. The first that is so counts. */
export function followMode(is: {
  readonly gone: boolean;
  readonly phase: string | undefined;
  readonly knowsTime: boolean;
  readonly status: PlayerStatus;
  readonly held: boolean;
  readonly stalled: boolean;
  readonly approaching: boolean;
  readonly settles: boolean;
  readonly trim: TrimMode;
}): FollowMode {
  const { phase, status } = is;
  if (is.gone) return 'gone';
  if (phase === undefined || phase === 'idle') return 'idle';
  if (!is.knowsTime) return 'clock';
  if (status === 'opening') return 'opening';
  if (is.held) return 'held';
  if (is.stalled) return 'stalled';
  if (is.approaching) return 'approaching';
  if (status === 'ended' || status === 'failed') return 'ended';
  if (phase !== 'playing') return 'standing';
  return is.settles ? 'settling' : is.trim;
}
