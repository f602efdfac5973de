import { KinoportError } from '@kinoport/core';

/**
 * Seconds as a person reads them: `0:12`, `12:03`, `1:42:10`. Rounded down, so that a position never shows a
 * second that has not been reached; not a number or negative is `0:00`.
 */
export function formatTime(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, '0');
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

/** As {@link formatTime}, with hours always there: the width does not change while a film runs. */
export function formatClock(seconds: number): string {
  const text = formatTime(seconds);
  return text.split(':').length === 3 ? text : `0:${text.padStart(5, '0')}`;
}

/** Share of the duration, 0 to 100; `undefined` where there is no duration. */
export function percentOf(position: number, duration: number | null | undefined): number | undefined {
  if (duration === null || duration === undefined || !(duration > 0)) return undefined;
  return Math.min(100, Math.max(0, (position / duration) * 100));
}

const PERCENT = /^(\d{1,3}(?:\.\d+)?)%$/;
const SECONDS = /^-?\d{1,9}(?:\.\d+)?$/;
const CLOCK = /^-?(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:\.\d+)?)$/;

/**
 * Checks what is given to `--start` and returns it trimmed: seconds, `[hh:]mm:ss`, `50%`, or `-mm:ss` from the
 * end. What it comes to is known when the duration is, by the host.
 * @throws KinoportError `USAGE`
 */
export function checkStart(text: string): string {
  const value = text.trim();
  if (SECONDS.test(value)) return value;
  const percent = PERCENT.exec(value);
  if (percent && Number(percent[1]) <= 100) return value;
  const clock = CLOCK.exec(value);
  if (clock && Number(clock[3]) < 60 && (clock[1] === undefined || Number(clock[2]) < 60)) return value;
  throw new KinoportError('USAGE', `"${text}" is not a time to start at.`, {
    hint: 'Give seconds (754.5), [hh:]mm:ss (1:02:03), a share (50%), or a time from the end (-5:00).',
  });
}

/** How long ago an instant was, in words: `just now`, `5 min ago`, `3 h ago`, `2 days ago`, else the date. */
export function formatAgo(then: number, now: number): string {
  const minutes = Math.floor((now - then) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  const days = Math.floor(minutes / (24 * 60));
  if (days < 14) return days === 1 ? 'yesterday' : `${days} days ago`;
  return new Date(then).toISOString().slice(0, 10);
}

/** Bytes as a person reads them, in powers of 1024. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
