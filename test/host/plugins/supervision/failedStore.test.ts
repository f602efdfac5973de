import { join } from 'node:path';
import { type JsonValue, KinoportError, systemClock } from '@kinoport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../../host/src/log/logger.ts';
import { FailedStore } from '../../../../host/src/plugins/supervision/failedStore.ts';
import { type Database, openDatabase } from '../../../../host/src/storage/database.ts';
import { SqliteKeyValueStore } from '../../../../host/src/storage/sqliteKeyValue.ts';
import { scratchFolder } from '../../storage/scratch.ts';

const CODE = { id: 'shelf', version: '1.2.0', entryModified: 1_750_000_000_123.5 };
const KEY = 'plugin.failed.shelf';
const crash = new KinoportError('PLUGIN_CRASHED', 'It broke down.', { hint: 'Look at the log.' });

let folder: string;
let database: Database;
let store: SqliteKeyValueStore;
let log: string[];
let failed: FailedStore;

/** The database as the next host finds it. */
function open(): void {
  ({ database } = openDatabase(join(folder, 'kinoport.db'), { clock: systemClock }));
  store = new SqliteKeyValueStore(database);
  failed = new FailedStore(
    store,
    createLogger((line) => log.push(line)),
  );
}

beforeEach(() => {
  folder = scratchFolder();
  log = [];
  open();
});
afterEach(() => database.dispose());

describe('a plugin that failed', () => {
  it('is known to the next host, with the reason and its last words', () => {
    failed.keep(CODE, crash, ['one', 'two'], 1_760_000_000_000);
    database.dispose();
    open();
    expect(failed.find(CODE)).toEqual({
      version: '1.2.0',
      entryModified: CODE.entryModified,
      error: {
        code: 'PLUGIN_CRASHED',
        message: 'It broke down.',
        hint: 'Look at the log.',
        stack: expect.any(String),
      },
      lastLines: ['one', 'two'],
      at: 1_760_000_000_000,
    });
    expect(failed.find({ ...CODE, id: 'other' })).toBeUndefined();
  });

  it.each([
    ['version', { version: '1.2.1' }],
    ['entry module', { entryModified: CODE.entryModified + 1 }],
  ])('gets another chance with another %s', (_what, change) => {
    failed.keep(CODE, crash, [], 1);
    expect(failed.find({ ...CODE, ...change })).toBeUndefined();
    expect(store.get('host', KEY)).toBeUndefined();
  });

  it('gets another chance when it is reloaded or enabled', () => {
    failed.keep(CODE, crash, [], 1);
    failed.clear(CODE.id);
    failed.clear(CODE.id);
    expect(failed.find(CODE)).toBeUndefined();
  });
});

describe('what is kept', () => {
  it('is the end of a long log: 40 lines, 4 KiB', () => {
    const many = Array.from({ length: 100 }, (_, i) => `line ${i}`);
    expect(failed.keep(CODE, crash, many, 1).lastLines).toEqual(many.slice(60));
    const wide = Array.from({ length: 40 }, (_, i) => `${i}:${'ü'.repeat(500)}`);
    const { lastLines } = failed.keep(CODE, crash, wide, 1);
    expect(lastLines).toEqual(wide.slice(-4));
    expect(Buffer.byteLength(lastLines.join('\n'))).toBeLessThanOrEqual(4096);
    const [only = ''] = failed.keep(CODE, crash, ['before', '漢'.repeat(5000)], 1).lastLines;
    expect(only.length).toBeGreaterThan(1000);
    expect(Buffer.byteLength(only)).toBeLessThanOrEqual(4096);
    expect(failed.find(CODE)).toBeDefined();
  });

  it('is small, whatever the error carries', () => {
    const huge = new KinoportError('PLUGIN_CRASHED', 'x'.repeat(1e6), {
      hint: 'y'.repeat(1e6),
      data: ['z'.repeat(1e6)],
    });
    huge.stack = 's'.repeat(1e6);
    failed.keep(CODE, huge, [], 1);
    expect(failed.find(CODE)?.error.message).toBe('x'.repeat(2000));
    expect(JSON.stringify(store.get('host', KEY)).length).toBeLessThan(10_000);
  });

  it('is told, not thrown, when it cannot be written', () => {
    store.set('host', 'full', 'x'.repeat(1024 * 1024 - 100));
    expect(failed.keep(CODE, crash, ['last'], 1).lastLines).toEqual(['last']);
    expect(failed.find(CODE)).toBeUndefined();
    expect(log.join('')).toMatch(/warn .*shelf.*STORAGE_LIMIT/);
  });
});

describe('a broken record', () => {
  const good: JsonValue = {
    version: CODE.version,
    entryModified: CODE.entryModified,
    error: { code: 'X_Y', message: 'm' },
    lastLines: [],
    at: 1,
  };

  it.each<[string, JsonValue]>([
    ['nothing', null],
    ['text', 'failed'],
    ['a list', [good]],
    ['without a reason', { ...good, error: null }],
    ['with another kind of code', { ...good, error: { code: 'no', message: '' } }],
    ['with lines that are none', { ...good, lastLines: [1] }],
    ['with a time that is none', { ...good, at: 'then' }],
  ])('is dropped: %s', (_what, value) => {
    store.set('host', KEY, good);
    expect(failed.find(CODE)).toEqual(good);
    store.set('host', KEY, value);
    expect(failed.find(CODE)).toBeUndefined();
    expect(store.keys('host')).not.toContain(KEY);
  });

  it('is dropped: no JSON', () => {
    store.set('host', KEY, good);
    database.write(false, () => database.prepare<[]>("UPDATE key_values SET value = '{'").run());
    expect(failed.find(CODE)).toBeUndefined();
    expect(store.keys('host')).not.toContain(KEY);
  });
});
