import type { PlayedItem, PlayedQuery } from '@kinoport/core';
import type { ProgressRecord, ProgressStore } from '../storage/progress.ts';

const LIMIT = 100;

/** What of the progress a query means. */
export function played(progress: ProgressStore, query: PlayedQuery): readonly PlayedItem[] {
  const { keys, uri, limit = LIMIT } = query;
  return found(progress, keys, uri, limit).slice(0, limit).map(viewOf);
}

function found(
  progress: ProgressStore,
  keys: readonly string[] | undefined,
  uri: string | undefined,
  limit: number,
): readonly ProgressRecord[] {
  if (keys === undefined && uri === undefined) return progress.list({ limit });
  const each = [
    // One key after another: together they would join records of different items.
    ...(keys ?? []).map((key) => progress.find([key])),
    uri === undefined ? undefined : progress.findByUri(uri),
  ].filter((record) => record !== undefined);
  return [...new Map(each.map((record) => [record.id, record])).values()].sort(
    (a, b) => b.updatedAt - a.updatedAt,
  );
}

function viewOf(record: ProgressRecord): PlayedItem {
  const { id: _, itemKey: key, keys, ...view } = record;
  return { key, keys: [...new Set([key, ...keys])], ...view };
}
