import { type PlayerState, positionAt } from '@kinoport/core';
import type { ApproachTarget } from './approach.ts';
import type { ControlProfile } from './profile.ts';

/** Nearer than this to the end a player is left to end by itself, seconds. */
const NEAR_END = 0.3;
/** So long before its own end a player may be while the room is at the end, seconds: copies differ in length. */
const LAST = 2;
/** Farther than this from a start that is still to come a player is stopped, to start with the others, seconds. */
const AT_START = 0.04;

/** Whether a player plays and is near enough to be left to the drift loop. */
export function isNear(
  state: PlayerState,
  target: ApproachTarget,
  now: number,
  profile: ControlProfile,
): boolean {
  if (state.status !== 'playing') return state.status === 'ended' && endsAt(state, target, now);
  const at = Math.max(now, target.begins);
  const ahead = positionAt(state, now) + (state.rate * (at - now)) / 1000;
  // Whoever pressed play is ahead of the common start: speed alone would take seconds to make up for that.
  const bound = target.begins > now ? Math.min(AT_START, profile.jump) : profile.jump;
  return Math.abs(ahead - target.positionAt(at)) <= bound || endsAt(state, target, now);
}

/** The room is at the end of this copy of the film. */
export function endsAt(state: PlayerState, target: ApproachTarget, now: number): boolean {
  const { duration, position, status } = state;
  if (duration === undefined || target.positionAt(now) < duration - NEAR_END) return false;
  return status === 'ended' || position >= duration - LAST;
}
