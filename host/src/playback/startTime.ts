import { KinoportError } from '@kinoport/core';

/** Where to begin, as a viewer writes it. */
export type StartTime =
  | { readonly type: 'seconds'; readonly value: number }
  | { readonly type: 'percent'; readonly value: number }
  | { readonly type: 'fromEnd'; readonly value: number };

const CLOCK = /^(-)?(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,7}(?:\.\d+)?)$/;

/**
 * Seconds, `[hh:]mm:ss`, a percentage, or either time with a minus from the end: `754.5`, `12:34`, `50%`, `-1:30`.
 * @throws KinoportError `INVALID_ARGUMENT`
 */
export function parseStartTime(text: string): StartTime {
  const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text);
  if (percent && Number(percent[1]) <= 100) return { type: 'percent', value: Number(percent[1]) };
  const match = CLOCK.exec(text);
  if (!match) {
    throw new KinoportError('INVALID_ARGUMENT', `"${text.slice(0, 40)}" is not a time.`, {
      hint: 'Write seconds (754.5), a time (1:02:03), a percentage (50%) or a time from the end (-1:30).',
    });
  }
  const value = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4]);
  return { type: match[1] ? 'fromEnd' : 'seconds', value };
}

/**
 * Seconds from the beginning; `undefined` while the duration is needed and unknown.
 * @throws KinoportError `INVALID_ARGUMENT` for a time behind the end
 */
export function startSeconds(start: StartTime, duration: number | undefined): number | undefined {
  if (start.type === 'seconds') {
    if (duration === undefined || start.value < duration) return start.value;
    throw behindTheEnd(start.value, duration);
  }
  if (duration === undefined) return undefined;
  const wanted = start.type === 'percent' ? (duration * start.value) / 100 : duration - start.value;
  return Math.max(0, Math.min(wanted, duration - 1));
}

/** The error of a start that lies behind the end. */
export function behindTheEnd(start: number, duration: number): KinoportError {
  const message = `It is only ${Math.round(duration * 10) / 10} s long; ${start} s lies behind its end.`;
  const hint = 'Give an earlier time, or one from the end: --start -1:00.';
  return new KinoportError('INVALID_ARGUMENT', message, { hint });
}
