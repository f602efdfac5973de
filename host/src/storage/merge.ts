import type { Item, SeriesInfo } from '@kinoport/core';

/** The part of a record that two records of one item may disagree on. */
export interface Mergeable {
  readonly position: number;
  readonly duration?: number;
  readonly watched: boolean;
  /** Wall clock: when the flag was last set or taken; absent: never. */
  readonly watchedSetAt?: number;
  readonly title: string;
  readonly series?: SeriesInfo;
  readonly ids?: Item['ids'];
  readonly updatedAt: number;
}

/**
 * One record out of two that turned out to be the same content.
 *
 * - The position is that of the newer one. When that is 0 and its flag was never touched, it was only just
 *   opened, and the older one's real position stays: a 0 never overwrites a real position.
 * - The flag is that of the record in which it was set or taken last; so a flag survives the merge with a record
 *   where nobody ever said anything, and one that was taken on purpose stays away.
 * - Title and series come from the newer, the duration from the newer that has one; ids add up.
 */
export function mergeProgress(a: Mergeable, b: Mergeable): Mergeable {
  const [newer, older] = b.updatedAt > a.updatedAt ? [b, a] : [a, b];
  const onlyOpened = newer.position === 0 && newer.watchedSetAt === undefined;
  const flag = (older.watchedSetAt ?? -1) > (newer.watchedSetAt ?? -1) ? older : newer;
  const duration = newer.duration ?? older.duration;
  const series = newer.series ?? older.series;
  const ids = { ...older.ids, ...newer.ids };
  const position = onlyOpened ? older.position : newer.position;
  return {
    position: duration === undefined ? position : Math.min(position, duration),
    ...(duration === undefined ? {} : { duration }),
    watched: flag.watched,
    ...(flag.watchedSetAt === undefined ? {} : { watchedSetAt: flag.watchedSetAt }),
    title: newer.title,
    ...(series === undefined ? {} : { series }),
    ...(Object.keys(ids).length === 0 ? {} : { ids }),
    updatedAt: newer.updatedAt,
  };
}
