import { KinoportError } from '@kinoport/core';
import type { PlaybackEvent } from '../../api/protocol.ts';
import { formatTime, percentOf } from '../terminal/time.ts';
import { printable } from '../terminal/width.ts';

type Started = Extract<PlaybackEvent, { type: 'started' }>;
type Ended = Extract<PlaybackEvent, { type: 'ended' }>;

/** What begins, which one of several it is, and where. */
export function startedText(event: Started): string {
  const place = event.count > 1 ? ` (${event.index + 1} of ${event.count})` : '';
  const title = `Playing ${printable(event.item.title)}${place} in ${event.player}.`;
  if (event.resumed && event.start < 1) return title;
  if (event.resumed) return `${title} Resuming at ${formatTime(event.start)}.`;
  return event.start > 0 ? `${title} Starting at ${formatTime(event.start)}.` : title;
}

/** Where it ended. */
export function endedText(event: Ended): string {
  const title = printable(event.item.title);
  if (event.reason === 'finished') return `Finished ${title}.`;
  const percent = percentOf(event.position, event.duration);
  const of = event.duration === null ? '' : ` of ${formatTime(event.duration)}`;
  const share = percent === undefined ? '' : ` (${Math.floor(percent)} %)`;
  const watched = event.watched ? ' It counts as watched.' : '';
  return `Stopped ${title} at ${formatTime(event.position)}${of}${share}.${watched}`;
}

/** The error behind an end that nobody wanted; `undefined` for the others. */
export function endError(event: Ended): KinoportError | undefined {
  if (event.reason === 'finished' || event.reason === 'stopped') return undefined;
  if (event.error) {
    const { code, message, hint } = event.error;
    return new KinoportError(code, message, hint === undefined ? {} : { hint });
  }
  const title = `"${printable(event.item.title)}"`;
  const at = formatTime(event.position);
  switch (event.reason) {
    case 'interrupted':
      return new KinoportError('PLAYBACK_INTERRUPTED', `The stream of ${title} broke at ${at}.`, {
        hint: 'The position is kept: play it again to go on from there.',
      });
    case 'killed':
      return new KinoportError('PLAYER_GONE', `The player of ${title} ended unexpectedly at ${at}.`, {
        hint: 'The position is kept: play it again to go on from there.',
      });
    case 'failed':
      return new KinoportError('MEDIA_UNRECOGNIZED', `The player could not play ${title}.`, {
        hint: 'Check that the file is picture or sound and not damaged.',
      });
  }
}
