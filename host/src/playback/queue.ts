import { type Item, KinoportError } from '@kinoport/core';
import type { Config } from '../config/config.ts';

/** How an item came into the queue, which decides whether it follows by itself. */
export type QueueOrigin = 'argument' | 'playlist' | 'folder' | 'sibling';

export interface QueueEntry {
  readonly item: Item;
  readonly source: string;
  readonly origin: QueueOrigin;
}

/** Whether `next` opens by itself when `finished` is over, by the viewer's setting. */
export function followsByItself(
  finished: QueueEntry,
  next: QueueEntry,
  setting: Config['autoplayNext'],
): boolean {
  if (setting === 'never') return false;
  if (setting === 'always' || next.origin === 'argument' || next.origin === 'playlist') return true;
  const isEpisode = (entry: QueueEntry): boolean =>
    entry.item.series !== undefined || entry.item.kind === 'audio';
  return isEpisode(finished) && isEpisode(next);
}

/**
 * The entry that `--file` means: a number from 0, else the one whose title or file name holds the words.
 * @throws KinoportError `INVALID_ARGUMENT`
 */
export function findEntry(entries: readonly QueueEntry[], wanted: string): number {
  if (/^\d+$/.test(wanted) && Number(wanted) < entries.length) return Number(wanted);
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const names = entries.map(({ item }) => `${item.title} ${decode(item.uri)}`.toLowerCase());
  const found = names.findIndex((name) => words.every((word) => name.includes(word)));
  if (found >= 0) return found;
  throw new KinoportError('INVALID_ARGUMENT', `There is no file "${wanted}" among the ${entries.length}.`, {
    hint: 'kinoport files lists them with their numbers.',
  });
}

function decode(uri: string): string {
  const name = uri.slice(Math.max(uri.lastIndexOf('/'), uri.lastIndexOf('\\')) + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** A new order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: () => number = Math.random): readonly T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [result[i], result[j]];
    if (a === undefined || b === undefined) continue;
    result[i] = b;
    result[j] = a;
  }
  return result;
}
