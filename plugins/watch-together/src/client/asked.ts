import { KinoportError } from '@kinoport/core';
import { cleanLine, LIMITS } from '../protocol/index.ts';

/** A position that may be asked of a room, seconds. @throws KinoportError `INVALID_ARGUMENT` what is no number */
export function askedPosition(position: number): number {
  if (!Number.isFinite(position))
    throw new KinoportError('INVALID_ARGUMENT', `${position} is no position in a film.`);
  return Math.min(LIMITS.position, Math.max(0, position));
}

/** @throws KinoportError `INVALID_ARGUMENT` what no room plays at */
export function askedRate(rate: number): number {
  const { min, max } = LIMITS.rate;
  if (!(rate >= min && rate <= max))
    throw new KinoportError('INVALID_ARGUMENT', `A room plays at ${min} to ${max} times the speed.`);
  return rate;
}

/** @throws KinoportError `INVALID_ARGUMENT` nothing to read */
export function askedLine(text: string): string {
  const line = cleanLine(text, LIMITS.chat);
  if (line === '') throw new KinoportError('INVALID_ARGUMENT', 'There is nothing to read in the message.');
  return line;
}
