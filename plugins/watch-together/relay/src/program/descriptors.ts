import { readFileSync } from 'node:fs';

/** Descriptors for all but members: pages, those who are refused, the store, files. */
const OTHERS = 300;

/** Where Linux tells the limits of this process. */
const limits = (): string => {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
};

/**
 * Connections of members that the process has descriptors for, at least 1; Infinity where nobody tells. Beyond it a
 * connection would be neither taken nor refused, and the store could not be reached again.
 */
export function connectionsPossible(text = limits()): number {
  const most = Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.max(1, most - OTHERS);
}
