import { type EndReason, KinoportError, type PlayerEnd } from '@kinoport/core';
import { behindTheEnd } from './startTime.ts';

/** What the host makes of an end. */
export interface TrustedEnd {
  readonly reason: EndReason;
  readonly error?: PlayerEnd['error'];
}

/**
 * An end as far as it can be believed. *Finished* is only what ended near its duration and whose bytes did not
 * break off there; players report a broken connection and the end of a film in the same way. What was begun
 * behind its end, before anybody knew the duration, was not played at all.
 * @param start seconds at which the item began
 */
export function trustedEnd(end: PlayerEnd, start: number, failure: KinoportError | undefined): TrustedEnd {
  const { duration } = end;
  if (end.reason === 'finished' && duration !== undefined && start >= duration) {
    return { reason: 'failed', error: told(behindTheEnd(start, duration)) };
  }
  const reason = trustedReason(end, failure);
  const error = end.error ?? (reason === 'interrupted' ? told(interruption(end, failure)) : undefined);
  return { reason, ...(error === undefined ? {} : { error }) };
}

function trustedReason(end: PlayerEnd, failure: KinoportError | undefined): EndReason {
  if (end.reason !== 'finished') return end.reason;
  if (failure !== undefined) return 'interrupted';
  const { duration, position } = end;
  const isNear = duration === undefined || position >= duration - Math.max(2, duration / 100);
  return isNear ? 'finished' : 'interrupted';
}

/** What the viewer is told of a stream that broke. */
function interruption(end: PlayerEnd, failure: KinoportError | undefined): KinoportError {
  return new KinoportError(
    'PLAYBACK_INTERRUPTED',
    `The stream broke at ${Math.floor(end.position)} s${failure ? `: ${failure.message}` : '.'}`,
    { hint: 'The position is kept; `kinoport continue` goes on from there when the source is back.' },
  );
}

function told({ code, message, hint }: KinoportError): NonNullable<PlayerEnd['error']> {
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}
