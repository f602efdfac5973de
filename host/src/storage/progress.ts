import type { Item, SeriesInfo } from '@kinoport/core';
import type { InjectionToken } from 'tsyringe';

/** What is known of one item. */
export interface ProgressRecord {
  readonly id: number;
  /** The main content key; `keys` are all of them, this one included. */
  readonly itemKey: string;
  readonly keys: readonly string[];
  /** Where it was last found. */
  readonly uri: string;
  readonly title: string;
  readonly kind: 'video' | 'audio';
  readonly series?: SeriesInfo;
  readonly ids?: Item['ids'];
  readonly source: string;
  /** Bytes; of what lies at `uri`. */
  readonly size?: number;
  /** Seconds. */
  readonly position: number;
  readonly duration?: number;
  readonly watched: boolean;
  /** Wall clock, milliseconds since the epoch: last change of position or flag. */
  readonly updatedAt: number;
}

/** One change of an item's progress. */
export interface ProgressUpdate {
  /** Seconds. 0 after a real position is refused unless `reset`. */
  readonly position: number;
  readonly duration?: number;
  /** Set or take the flag; absent: left as it is. */
  readonly watched?: boolean;
  /** Wall clock. */
  readonly at: number;
  /** `true`: on disk when the call returns (synchronous=FULL); `false`: NORMAL. */
  readonly durable: boolean;
  /** The position may be 0 on purpose (played to the end, marked, started over by a person). */
  readonly reset?: boolean;
}

/** One item of an export: a JSON array of these under `{ "kinoport": "progress", "version": 1, "items": [...] }`. */
export interface ProgressExportItem {
  readonly keys: readonly string[];
  readonly uri: string;
  readonly title: string;
  readonly kind: 'video' | 'audio';
  readonly series?: SeriesInfo;
  readonly ids?: Item['ids'];
  readonly source: string;
  readonly size?: number;
  readonly position: number;
  readonly duration?: number;
  readonly watched: boolean;
  /** Wall clock: when the flag was last set or taken; absent: never. Decides about the flag when records join. */
  readonly watchedSetAt?: number;
  readonly updatedAt: number;
}

/**
 * Progress joins on any content key. Two records that turn out to be one item (a later item brings a key of
 * each) are merged; `merge.ts` says how.
 */
export interface ProgressStore {
  find(keys: readonly string[]): ProgressRecord | undefined;
  findByUri(uri: string): ProgressRecord | undefined;
  /**
   * Makes or updates the record of an item, and keeps its address up to date. A position that is not a number
   * counts as 0; one behind the end is the end. Writes nothing when nothing changed. What is newer is the
   * caller's to know: `at` is taken as it is, because a wall clock may be set back.
   * @throws KinoportError `INVALID_ARGUMENT` for a container
   */
  update(item: Item, source: string, update: ProgressUpdate): ProgressRecord;
  /** Newest first. */
  list(options?: { readonly limit?: number }): readonly ProgressRecord[];
  /**
   * Sets or takes the flag; `position` goes to 0 with it. Durable.
   * @throws KinoportError `PROGRESS_NONE` when there is no such record
   */
  mark(id: number, watched: boolean, at: number): ProgressRecord;
  forget(id: number): void;
  exportAll(): readonly ProgressExportItem[];
  /**
   * Takes over what is newer than what is there; all of it or nothing. The address of a known item stays.
   * Durable. The items come from `parseProgressExport`.
   */
  importAll(items: readonly ProgressExportItem[]): {
    readonly added: number;
    readonly updated: number;
    readonly kept: number;
  };
  /** Number of write transactions since the start; for the bench. */
  readonly writes: number;
}

export const ProgressStore: InjectionToken<ProgressStore> = Symbol('ProgressStore');
