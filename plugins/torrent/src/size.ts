import { KinoportError } from '@kinoport/core';

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];
const SIZE = /^(\d{1,12}(?:\.\d{1,6})?)\s*(?:([kmgt])(?:i?b)?)?$/i;

/** `512 KB`, `1.5 GB`; a thousand and twenty-four of each make the next. */
export function formatSize(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  const value = bytes / 1024 ** power;
  const isWhole = power === 0 || value >= 100 || Number.isInteger(value);
  return `${isWhole ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/**
 * Bytes of `512K`, `1.5M`, `20 GB`.
 * @param bare bytes of what a number alone counts
 * @throws KinoportError `USAGE`
 */
export function parseSize(text: string, bare: number, option: string): number {
  const [, number, unit] = SIZE.exec(text.trim()) ?? [];
  const bytes = Number(number) * (unit ? 1024 ** ('kmgt'.indexOf(unit.toLowerCase()) + 1) : bare);
  if (number !== undefined && Number.isSafeInteger(Math.round(bytes))) return Math.round(bytes);
  throw new KinoportError('USAGE', `"${text.slice(0, 100)}" is no amount (${option}).`, {
    hint: 'Give a number with K, M or G behind it, such as 512K or 1.5M.',
  });
}
