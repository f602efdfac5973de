const TIME = /^(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6}(?:\.\d{1,6})?)$/;

/** Seconds of `750`, `12:30` or `1:02:03.5`; undefined for anything else. */
export function parseTime(text: string): number | undefined {
  const [, hours = '0', minutes = '0', seconds] = TIME.exec(text.trim()) ?? [];
  return seconds === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** `0:05`, `12:30`, `1:02:03`. */
export function formatTime(position: number): string {
  const whole = Math.max(0, Math.floor(position + 1e-6));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** `+1.2 ms`. */
export const formatMs = (ms: number, digits = 1): string =>
  `${ms < 0 ? '−' : '+'}${Math.abs(ms).toFixed(digits)} ms`;
