import { isDeepStrictEqual } from 'node:util';
import { contentKeys, type Item, KinoportError } from '@kinoport/core';
import type { Database } from './database.ts';
import { mergeProgress } from './merge.ts';
import type { ProgressExportItem, ProgressRecord, ProgressStore, ProgressUpdate } from './progress.ts';
import { type ProgressFields, type ProgressRow, ProgressRows } from './progressRows.ts';

/** {@link ProgressStore} on the database of the host. */
export class SqliteProgressStore implements ProgressStore {
  readonly #database: Database;
  readonly #rows: ProgressRows;
  #writes = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#rows = new ProgressRows(database);
  }

  get writes(): number {
    return this.#writes;
  }

  find(keys: readonly string[]): ProgressRecord | undefined {
    const [newest, ...others] = this.#rows.byKeys(keys);
    if (newest === undefined) return undefined;
    // What `update` will make of them once the item is played.
    const merged: ProgressRow = { ...newest, ...mergeAll(newest, others) };
    const all = [newest, ...others].flatMap((row) => this.#rows.keysOf(row.id));
    return recordOf(merged, [...new Set(all)].sort());
  }

  findByUri(uri: string): ProgressRecord | undefined {
    const row = this.#rows.byUri(uri);
    return row === undefined ? undefined : recordOf(row, this.#rows.keysOf(row.id));
  }

  update(item: Item, source: string, update: ProgressUpdate): ProgressRecord {
    const keys = contentKeys(item);
    const [newest, ...others] = this.#rows.byKeys(keys);
    const before = newest === undefined ? undefined : { ...newest, ...mergeAll(newest, others) };
    const after = applyUpdate(before, item, source, update);
    const unchanged =
      newest !== undefined &&
      others.length === 0 &&
      isDeepStrictEqual({ ...newest, ...after }, newest) &&
      isSubset(keys, this.#rows.keysOf(newest.id));
    if (unchanged && !(update.durable && this.#database.hasUnsyncedWrites)) {
      return recordOf(newest, this.#rows.keysOf(newest.id));
    }
    return this.#write(update.durable, () => this.#join(newest, others, keys, after));
  }

  list(options: { readonly limit?: number } = {}): readonly ProgressRecord[] {
    const rows = this.#rows.newestFirst(options.limit ?? -1);
    return rows.map((row) => recordOf(row, this.#rows.keysOf(row.id)));
  }

  mark(id: number, watched: boolean, at: number): ProgressRecord {
    return this.#write(true, () => {
      const row = this.#rows.byId(id);
      if (row === undefined) {
        throw new KinoportError('PROGRESS_NONE', 'No progress is known for this any more.', {
          hint: 'Run the command again; the list has changed.',
        });
      }
      this.#rows.replace(id, { ...row, watched, watchedSetAt: at, position: 0, updatedAt: at });
      return this.#record(id);
    });
  }

  forget(id: number): void {
    this.#write(true, () => this.#rows.remove(id));
  }

  exportAll(): readonly ProgressExportItem[] {
    return this.#rows.newestFirst(-1).map(({ id, itemKey, ...fields }) => ({
      // The main key first, where an import finds it.
      keys: [itemKey, ...this.#rows.keysOf(id).filter((key) => key !== itemKey)],
      ...fields,
    }));
  }

  importAll(items: readonly ProgressExportItem[]): {
    readonly added: number;
    readonly updated: number;
    readonly kept: number;
  } {
    return this.#write(true, () => {
      const counts = { added: 0, updated: 0, kept: 0 };
      for (const item of items) counts[this.#importOne(item)] += 1;
      return counts;
    });
  }

  #importOne(imported: ProgressExportItem): 'added' | 'updated' | 'kept' {
    const { keys, ...rest } = imported;
    const itemKey = keys[0];
    if (itemKey === undefined) return 'kept';
    const incoming: ProgressFields = {
      ...rest,
      itemKey,
      ...(rest.watchedSetAt === undefined && rest.watched ? { watchedSetAt: rest.updatedAt } : {}),
    };
    const [newest, ...others] = this.#rows.byKeys(keys);
    if (newest === undefined) {
      this.#join(undefined, [], keys, incoming);
      return 'added';
    }
    const before = { ...newest, ...mergeAll(newest, others) };
    const after = { ...before, ...mergeProgress(before, incoming) };
    this.#join(newest, others, keys, after);
    return isDeepStrictEqual(after, before) ? 'kept' : 'updated';
  }

  /** Writes `fields` into the record of `newest` (or a new one), which takes over the keys of all others. */
  #join(
    newest: ProgressRow | undefined,
    others: readonly ProgressRow[],
    keys: readonly string[],
    fields: ProgressFields,
  ): ProgressRecord {
    const id = newest?.id ?? this.#rows.insert(fields);
    if (newest !== undefined) this.#rows.replace(id, fields);
    for (const other of others) {
      this.#rows.claimKeys(id, this.#rows.keysOf(other.id));
      this.#rows.remove(other.id);
    }
    this.#rows.claimKeys(id, keys);
    return this.#record(id);
  }

  #record(id: number): ProgressRecord {
    const row = this.#rows.byId(id);
    if (row === undefined) throw new KinoportError('INTERNAL', `Record ${id} is not there after its write.`);
    return recordOf(row, this.#rows.keysOf(id));
  }

  #write<T>(durable: boolean, work: () => T): T {
    const result = this.#database.write(durable, work);
    this.#writes += 1;
    return result;
  }
}

function applyUpdate(
  before: ProgressFields | undefined,
  item: Item,
  source: string,
  update: ProgressUpdate,
): ProgressFields {
  if (item.kind === 'container') {
    throw new KinoportError(
      'INVALID_ARGUMENT',
      `"${item.title}" is a folder and has no progress of its own.`,
      {
        hint: 'Name one of its items.',
      },
    );
  }
  const duration = real(update.duration) ?? before?.duration;
  const position = positionOf(before, update, duration);
  const watched = update.watched ?? before?.watched ?? false;
  const flagTouched =
    update.watched !== undefined && (watched !== before?.watched || before.watchedSetAt === undefined);
  const watchedSetAt = flagTouched ? update.at : before?.watchedSetAt;
  const series = item.series ?? before?.series;
  const ids = { ...before?.ids, ...idsOf(item) };
  const told = Number.isSafeInteger(item.size) ? item.size : undefined;
  // Another copy has another size.
  const size = told ?? (before?.uri === item.uri ? before.size : undefined);
  const changed = before === undefined || flagTouched || position !== before.position;
  return {
    itemKey: item.key,
    uri: item.uri,
    title: item.title,
    kind: item.kind,
    ...(series === undefined ? {} : { series }),
    ...(Object.keys(ids).length === 0 ? {} : { ids }),
    source,
    ...(size === undefined ? {} : { size }),
    position,
    ...(duration === undefined ? {} : { duration }),
    watched,
    ...(watchedSetAt === undefined ? {} : { watchedSetAt }),
    updatedAt: changed ? update.at : before.updatedAt,
  };
}

const LONGEST_ID = 1000;

/** Those that are ids: a plugin may have said anything. */
function idsOf({ ids }: Item): NonNullable<Item['ids']> {
  const names = ['imdb', 'tmdb', 'tvdb', 'cloud'] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const id: unknown = ids?.[name];
      return typeof id === 'string' && id !== '' && id.length <= LONGEST_ID ? [[name, id]] : [];
    }),
  );
}

/** Players report 0 or nothing while they close; that never takes a real position away. */
function positionOf(
  before: ProgressFields | undefined,
  update: ProgressUpdate,
  duration: number | undefined,
): number {
  const told = real(update.position);
  const position = told ?? (update.reset === true ? 0 : (before?.position ?? 0));
  return duration === undefined ? position : Math.min(position, duration);
}

/** A number of seconds that says something. */
function real(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}

function mergeAll(newest: ProgressRow, others: readonly ProgressRow[]): ReturnType<typeof mergeProgress> {
  return others.reduce(mergeProgress, newest as ReturnType<typeof mergeProgress>);
}

function isSubset(some: readonly string[], all: readonly string[]): boolean {
  return some.every((key) => all.includes(key));
}

function recordOf(row: ProgressRow, keys: readonly string[]): ProgressRecord {
  const { watchedSetAt: _, ...record } = row;
  return { ...record, keys };
}
