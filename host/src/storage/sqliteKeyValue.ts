import { type JsonValue, KinoportError } from '@kinoport/core';
import type { Database } from './database.ts';
import type { KeyValueStore } from './keyValue.ts';

const SCOPE_LIMIT = 1024 * 1024;
const LONGEST_KEY = 200;

/** {@link KeyValueStore} on the database of the host. */
export class SqliteKeyValueStore implements KeyValueStore {
  readonly #database: Database;
  readonly #select;
  readonly #keys;
  readonly #sizeOfOthers;
  readonly #upsert;
  readonly #delete;

  constructor(database: Database) {
    this.#database = database;
    this.#select = database.prepare<[string, string], { value: string }>(
      'SELECT value FROM key_values WHERE scope = ? AND key = ?',
    );
    this.#keys = database.prepare<[string], { key: string }>(
      'SELECT key FROM key_values WHERE scope = ? ORDER BY key',
    );
    this.#sizeOfOthers = database.prepare<[string, string], { bytes: number }>(
      `SELECT coalesce(sum(octet_length(key) + octet_length(value)), 0) AS bytes
       FROM key_values WHERE scope = ? AND key <> ?`,
    );
    this.#upsert = database.prepare<[string, string, string]>(
      `INSERT INTO key_values (scope, key, value) VALUES (?, ?, ?)
       ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value`,
    );
    this.#delete = database.prepare<[string, string]>('DELETE FROM key_values WHERE scope = ? AND key = ?');
  }

  get(scope: string, key: string): JsonValue | undefined {
    const row = this.#select.get(scope, key);
    return row === undefined ? undefined : (JSON.parse(row.value) as JsonValue);
  }

  set(scope: string, key: string, value: JsonValue | undefined): void {
    if (key === '' || key.length > LONGEST_KEY) {
      throw new KinoportError('INVALID_ARGUMENT', `A storage key has 1 to ${LONGEST_KEY} characters.`, {
        hint: 'Use a shorter key, a hash for instance.',
      });
    }
    const text = value === undefined ? undefined : JSON.stringify(value);
    const before = this.#select.get(scope, key)?.value;
    if (text === before) return;
    this.#database.write(false, () => {
      if (text === undefined) {
        this.#delete.run(scope, key);
        return;
      }
      const others = this.#sizeOfOthers.get(scope, key)?.bytes ?? 0;
      const bytes = others + Buffer.byteLength(key) + Buffer.byteLength(text);
      if (bytes > SCOPE_LIMIT) {
        throw new KinoportError(
          'STORAGE_LIMIT',
          `"${scope}" would store ${bytes} bytes; 1 MiB is the limit.`,
          {
            hint: 'Keep large data in files in the data folder.',
            data: { scope, bytes, limit: SCOPE_LIMIT },
          },
        );
      }
      this.#upsert.run(scope, key, text);
    });
  }

  keys(scope: string): readonly string[] {
    return this.#keys.all(scope).map((row) => row.key);
  }
}
