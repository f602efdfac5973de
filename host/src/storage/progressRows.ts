import type { Item, SeriesInfo } from '@kinoport/core';
import type { Database } from './database.ts';
import type { Mergeable } from './merge.ts';

/** A record of progress as the store works with it, without its id and keys. */
export interface ProgressFields extends Mergeable {
  readonly itemKey: string;
  readonly uri: string;
  readonly kind: 'video' | 'audio';
  readonly source: string;
  /** Bytes; of what lies at `uri`. */
  readonly size?: number;
}

export interface ProgressRow extends ProgressFields {
  readonly id: number;
}

interface Columns {
  readonly id: number;
  readonly item_key: string;
  readonly uri: string;
  readonly title: string;
  readonly kind: 'video' | 'audio';
  readonly series: string | null;
  readonly ids: string | null;
  readonly source: string;
  readonly size: number | null;
  readonly position: number;
  readonly duration: number | null;
  readonly watched: number;
  readonly watched_set_at: number | null;
  readonly updated_at: number;
}

/** The tables `items` and `item_keys`. Writing methods belong inside `Database.write`. */
export class ProgressRows {
  readonly #byId;
  readonly #byKey;
  readonly #byUri;
  readonly #newestFirst;
  readonly #keysOf;
  readonly #insert;
  readonly #replace;
  readonly #remove;
  readonly #claimKey;

  constructor(database: Database) {
    this.#byId = database.prepare<[number], Columns>('SELECT * FROM items WHERE id = ?');
    this.#byKey = database.prepare<[string], { item_id: number }>(
      'SELECT item_id FROM item_keys WHERE key = ?',
    );
    this.#byUri = database.prepare<[string], Columns>(
      'SELECT * FROM items WHERE uri = ? ORDER BY updated_at DESC, id DESC LIMIT 1',
    );
    this.#newestFirst = database.prepare<[number], Columns>(
      'SELECT * FROM items ORDER BY updated_at DESC, id DESC LIMIT ?',
    );
    this.#keysOf = database.prepare<[number], { key: string }>(
      'SELECT key FROM item_keys WHERE item_id = ? ORDER BY key',
    );
    this.#insert = database.prepare<[Omit<Columns, 'id'>]>(
      `INSERT INTO items (item_key, uri, title, kind, series, ids, source, size, position, duration, watched, watched_set_at, updated_at)
       VALUES (@item_key, @uri, @title, @kind, @series, @ids, @source, @size, @position, @duration, @watched, @watched_set_at, @updated_at)`,
    );
    this.#replace = database.prepare<[Columns]>(
      `UPDATE items SET item_key = @item_key, uri = @uri, title = @title, kind = @kind, series = @series,
         ids = @ids, source = @source, size = @size, position = @position, duration = @duration, watched = @watched,
         watched_set_at = @watched_set_at, updated_at = @updated_at WHERE id = @id`,
    );
    this.#remove = database.prepare<[number]>('DELETE FROM items WHERE id = ?');
    this.#claimKey = database.prepare<[string, number]>(
      'INSERT INTO item_keys (key, item_id) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET item_id = excluded.item_id',
    );
  }

  byId(id: number): ProgressRow | undefined {
    return rowOf(this.#byId.get(id));
  }

  byUri(uri: string): ProgressRow | undefined {
    return rowOf(this.#byUri.get(uri));
  }

  /** All records that have one of the keys, newest first. */
  byKeys(keys: readonly string[]): readonly ProgressRow[] {
    const ids = new Set(keys.map((key) => this.#byKey.get(key)?.item_id).filter((id) => id !== undefined));
    return [...ids]
      .map((id) => this.byId(id))
      .filter((row) => row !== undefined)
      .sort((a, b) => b.updatedAt - a.updatedAt || b.id - a.id);
  }

  /** `limit` -1 is all. */
  newestFirst(limit: number): readonly ProgressRow[] {
    return this.#newestFirst.all(limit).map(fieldsOf);
  }

  keysOf(id: number): readonly string[] {
    return this.#keysOf.all(id).map((row) => row.key);
  }

  insert(fields: ProgressFields): number {
    return Number(this.#insert.run(columnsOf(fields)).lastInsertRowid);
  }

  replace(id: number, fields: ProgressFields): void {
    this.#replace.run({ id, ...columnsOf(fields) });
  }

  remove(id: number): void {
    this.#remove.run(id);
  }

  /** Makes keys point to a record, whichever they pointed to before. */
  claimKeys(id: number, keys: readonly string[]): void {
    for (const key of keys) this.#claimKey.run(key, id);
  }
}

function rowOf(columns: Columns | undefined): ProgressRow | undefined {
  return columns === undefined ? undefined : fieldsOf(columns);
}

function fieldsOf(columns: Columns): ProgressRow {
  return {
    id: columns.id,
    itemKey: columns.item_key,
    uri: columns.uri,
    title: columns.title,
    kind: columns.kind,
    // Written by `columnsOf` only, so its shape is known.
    ...(columns.series === null ? {} : { series: JSON.parse(columns.series) as SeriesInfo }),
    ...(columns.ids === null ? {} : { ids: JSON.parse(columns.ids) as NonNullable<Item['ids']> }),
    source: columns.source,
    ...(columns.size === null ? {} : { size: columns.size }),
    position: columns.position,
    ...(columns.duration === null ? {} : { duration: columns.duration }),
    watched: columns.watched === 1,
    ...(columns.watched_set_at === null ? {} : { watchedSetAt: columns.watched_set_at }),
    updatedAt: columns.updated_at,
  };
}

function columnsOf(fields: ProgressFields): Omit<Columns, 'id'> {
  return {
    item_key: fields.itemKey,
    uri: fields.uri,
    title: fields.title,
    kind: fields.kind,
    series: fields.series === undefined ? null : JSON.stringify(fields.series),
    ids: fields.ids === undefined ? null : JSON.stringify(fields.ids),
    source: fields.source,
    size: fields.size ?? null,
    position: fields.position,
    duration: fields.duration ?? null,
    watched: fields.watched ? 1 : 0,
    watched_set_at: fields.watchedSetAt ?? null,
    updated_at: fields.updatedAt,
  };
}
