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

/** The error of a step beyond an end of the queue. */
export function noNeighbour(step: 1 | -1): KinoportError {
  const message = step > 0 ? 'This is the last item.' : 'This is the first item.';
  return new KinoportError('NO_NEXT_ITEM', message, { hint: 'Play a folder or several files to have more.' });
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
