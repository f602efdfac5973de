import { join } from 'node:path';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../host/src/storage/database.ts';
import type { JournalEntry } from '../../../host/src/storage/journal.ts';
import { SqliteSessionJournal } from '../../../host/src/storage/sqliteJournal.ts';
import { SqliteKeyValueStore } from '../../../host/src/storage/sqliteKeyValue.ts';
import { scratchFolder } from './scratch.ts';

let file: string;
let database: Database;

beforeEach(() => {
  file = join(scratchFolder(), 'kinoport.db');
  ({ database } = openDatabase(file, { clock: new VirtualClock() }));
});
afterEach(() => database.dispose());

function reopen(): void {
  database.dispose();
  ({ database } = openDatabase(file, { clock: new VirtualClock() }));
}

describe('SqliteSessionJournal', () => {
  const item = { key: 'hash:1', uri: '/film.mkv', title: 'Film', kind: 'video' } as const;
  const entry: JournalEntry = {
    id: 'a',
    startedAt: 1000,
    player: 'mpv',
    source: 'files',
    epoch: 1,
    item,
    itemToken: 't1',
    index: 0,
    queue: [item, { ...item, key: 'hash:2' }],
    options: { shuffle: true },
  };

  it('finds open sessions again after a restart, oldest first, with all they had', () => {
    const journal = new SqliteSessionJournal(database);
    const later = { ...entry, id: 'b', startedAt: 2000 };
    journal.put(later);
    journal.put(entry);
    const change = {
      endpoint: { socket: '/run/x' },
      pid: 42,
      pidStart: '77',
      epoch: 3,
      stream: { streamId: 's', item, size: 10, record: { path: '/film.mkv' } },
    };
    journal.patch('a', change);
    reopen();
    expect(new SqliteSessionJournal(database).listOpen()).toEqual([{ ...entry, ...change }, later]);
  });

  it('changes the queue, and takes away what is patched to undefined', () => {
    const journal = new SqliteSessionJournal(database);
    journal.put({ ...entry, pid: 42 });
    journal.patch('a', { queue: [item], pid: undefined });
    expect(journal.listOpen()).toEqual([{ ...entry, queue: [item] }]);
  });

  it('knows nothing of a closed session any more', () => {
    const journal = new SqliteSessionJournal(database);
    journal.put(entry);
    journal.close('a');
    journal.close('a');
    journal.patch('a', { epoch: 9 });
    expect(journal.listOpen()).toEqual([]);
  });

  it('passes over a row of another shape', () => {
    const journal = new SqliteSessionJournal(database);
    journal.put(entry);
    database.write(true, () =>
      database
        .prepare('INSERT INTO sessions (id, started_at, entry, queue) VALUES (?, ?, ?, ?)')
        .run('old', 1, '{"id":"old"}', '[]'),
    );
    expect(journal.listOpen()).toEqual([entry]);
  });
});

describe('SqliteKeyValueStore', () => {
  it('keeps JSON values apart by scope', () => {
    const store = new SqliteKeyValueStore(database);
    store.set('plugin:a', 'k', { list: [1, null, 'é'] });
    store.set('plugin:b', 'k', false);
    reopen();
    const again = new SqliteKeyValueStore(database);
    expect(again.get('plugin:a', 'k')).toEqual({ list: [1, null, 'é'] });
    expect(again.get('plugin:b', 'k')).toBe(false);
    expect(again.get('plugin:b', 'other')).toBeUndefined();
    again.set('plugin:a', 'k', undefined);
    expect(again.keys('plugin:a')).toEqual([]);
    expect(again.keys('plugin:b')).toEqual(['k']);
  });

  it('refuses more than 1 MiB in a scope, and keeps what was there', () => {
    const store = new SqliteKeyValueStore(database);
    const half = 'x'.repeat(512 * 1024 - 100);
    store.set('plugin:a', 'one', half);
    store.set('plugin:a', 'two', half);
    store.set('plugin:a', 'two', half.toUpperCase());
    expect(() => store.set('plugin:a', 'three', 'x'.repeat(300))).toThrow(
      expect.objectContaining({ code: 'STORAGE_LIMIT' }),
    );
    expect(store.keys('plugin:a')).toEqual(['one', 'two']);
    store.set('plugin:b', 'three', 'x'.repeat(300));
  });

  it('refuses keys without a sensible length', () => {
    const store = new SqliteKeyValueStore(database);
    for (const key of ['', 'x'.repeat(201)]) {
      expect(() => store.set('plugin:a', key, 1)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
  });
});
