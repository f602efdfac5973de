/**
 * `node openDatabase.script.ts FILE write`: opens, writes one position for each line told (`durable` or `plain`)
 * and says what it wrote. `hold`: opens and keeps an exclusive lock.
 */
import { createInterface } from 'node:readline';
import { isKinoportError, systemClock } from '@kinoport/core';
import Sqlite from 'better-sqlite3';
import { openDatabase } from '../../../host/src/storage/database.ts';
import { SqliteProgressStore } from '../../../host/src/storage/sqliteProgress.ts';

const say = (value: unknown): void => console.log(JSON.stringify(value));
const [file = '', mode = ''] = process.argv.slice(2);

if (mode === 'hold') {
  const sqlite = new Sqlite(file);
  sqlite.pragma('locking_mode = EXCLUSIVE');
  sqlite.exec('BEGIN EXCLUSIVE');
  say({ held: true });
  process.stdin.resume();
} else {
  try {
    const { database, movedAside } = openDatabase(file, { clock: systemClock });
    const store = new SqliteProgressStore(database);
    say({ opened: true, movedAside });
    let position = 0;
    for await (const line of createInterface({ input: process.stdin })) {
      position += 1;
      const item = { key: `test:${process.pid}`, uri: '/film.mkv', title: 'Film', kind: 'video' } as const;
      store.update(item, 'files', { position, duration: 100, at: Date.now(), durable: line === 'durable' });
      say({ position });
    }
    database.dispose();
  } catch (error) {
    say({ code: isKinoportError(error) ? error.code : String(error) });
  }
}
