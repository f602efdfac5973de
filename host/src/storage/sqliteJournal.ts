import type { Item } from '@kinoport/core';
import type { Database } from './database.ts';
import type { JournalEntry, SessionJournal } from './journal.ts';

/** All of an entry but its queue: a queue may hold 10 000 items, and a patch on every seek must not rewrite it. */
type Head = Omit<JournalEntry, 'queue'>;

/**
 * {@link SessionJournal} on the database of the host. `put` is on disk when it returns. `patch` and `close` are
 * not: they outlive every process, and after a power cut no player is there to be found again.
 */
export class SqliteSessionJournal implements SessionJournal {
  readonly #database: Database;
  readonly #select;
  readonly #selectAll;
  readonly #upsert;
  readonly #setEntry;
  readonly #setQueue;
  readonly #delete;

  constructor(database: Database) {
    this.#database = database;
    this.#select = database.prepare<[string], { entry: string }>('SELECT entry FROM sessions WHERE id = ?');
    this.#selectAll = database.prepare<[], { entry: string; queue: string }>(
      'SELECT entry, queue FROM sessions ORDER BY started_at, id',
    );
    this.#upsert = database.prepare<[string, number, string, string]>(
      `INSERT INTO sessions (id, started_at, entry, queue) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE
       SET started_at = excluded.started_at, entry = excluded.entry, queue = excluded.queue`,
    );
    this.#setEntry = database.prepare<[string, string]>('UPDATE sessions SET entry = ? WHERE id = ?');
    this.#setQueue = database.prepare<[string, string]>('UPDATE sessions SET queue = ? WHERE id = ?');
    this.#delete = database.prepare<[string]>('DELETE FROM sessions WHERE id = ?');
  }

  put(entry: JournalEntry): void {
    const { queue, ...head } = entry;
    this.#database.write(true, () =>
      this.#upsert.run(entry.id, entry.startedAt, JSON.stringify(head), JSON.stringify(queue)),
    );
  }

  patch(id: string, change: Partial<Omit<JournalEntry, 'id'>>): void {
    const before = this.#select.get(id)?.entry;
    if (before === undefined) return;
    const { queue, ...changedHead } = change;
    const after = JSON.stringify({ ...(JSON.parse(before) as Head), ...changedHead });
    if (after === before && queue === undefined) return;
    this.#database.write(false, () => {
      this.#setEntry.run(after, id);
      if (queue !== undefined) this.#setQueue.run(JSON.stringify(queue), id);
    });
  }

  close(id: string): void {
    if (this.#select.get(id) === undefined) return;
    this.#database.write(false, () => this.#delete.run(id));
  }

  playerOf(id: string): string | undefined {
    const row = this.#select.get(id);
    if (row === undefined) return undefined;
    try {
      return (JSON.parse(row.entry) as Partial<Head>).player;
    } catch {
      return undefined;
    }
  }

  listOpen(): readonly JournalEntry[] {
    return this.#selectAll
      .all()
      .map((row) => readRow(row))
      .filter((entry) => entry !== undefined);
  }
}

/** `undefined` for a row that is not JSON: it must not keep the host from starting. */
function readRow(row: { readonly entry: string; readonly queue: string }): JournalEntry | undefined {
  try {
    return entryOf(JSON.parse(row.entry) as Partial<Head>, JSON.parse(row.queue) as readonly Item[]);
  } catch {
    return undefined;
  }
}

/** `undefined` for a row that another version wrote in another shape: nothing can be found by it. */
function entryOf(head: Partial<Head>, queue: readonly Item[]): JournalEntry | undefined {
  const whole =
    typeof head.id === 'string' &&
    typeof head.startedAt === 'number' &&
    typeof head.player === 'string' &&
    typeof head.source === 'string' &&
    typeof head.epoch === 'number' &&
    typeof head.itemToken === 'string' &&
    typeof head.index === 'number' &&
    typeof head.item?.key === 'string' &&
    typeof head.item.uri === 'string' &&
    typeof head.options === 'object' &&
    Array.isArray(queue);
  return whole ? ({ ...head, queue } as JournalEntry) : undefined;
}
