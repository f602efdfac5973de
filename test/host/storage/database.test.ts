import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { VirtualClock } from '@kinoport/core/testing';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../host/src/storage/database.ts';
import { SqliteProgressStore } from '../../../host/src/storage/sqliteProgress.ts';
import { Script, scratchFolder } from './scratch.ts';

const clock = new VirtualClock({ wall: Date.UTC(2026, 0, 2, 3, 4, 5) });
const open = (file: string) => openDatabase(file, { clock, busyTimeout: 200 });
const film = { key: 'test:film', uri: '/film.mkv', title: 'Film', kind: 'video' } as const;

function withFilm(): { readonly file: string } {
  const file = join(scratchFolder(), 'data', 'kinoport.db');
  const { database } = open(file);
  const store = new SqliteProgressStore(database);
  for (let n = 0; n < 300; n++) {
    const item = { ...film, key: `test:${n}`, uri: `/${n}.mkv`, title: 'x'.repeat(100) };
    store.update(item, 'files', { position: 5, duration: 10, at: n, durable: false });
  }
  store.update(film, 'files', { position: 5, duration: 10, at: 1000, durable: true });
  database.dispose();
  return { file };
}

describe('openDatabase', () => {
  it('makes a database that only this user can read, and opens it again', () => {
    const file = join(scratchFolder(), 'data', 'kinoport.db');
    const first = open(file);
    expect(first.movedAside).toBeUndefined();
    new SqliteProgressStore(first.database).update(film, 'files', { position: 5, at: 1, durable: true });
    if (process.platform !== 'win32') {
      expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
      for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
    }
    first.database.dispose();
    const again = open(file);
    expect(new SqliteProgressStore(again.database).find(['test:film'])?.position).toBe(5);
    again.database.dispose();
  });

  it('is opened by several processes at once, which all write', async () => {
    const file = join(scratchFolder(), 'kinoport.db');
    const scripts = Array.from(
      { length: 3 },
      () => new Script('storage/openDatabase.script.ts', [file, 'write']),
    );
    for (const script of scripts) expect(await script.next()).toEqual({ opened: true });
    for (const script of scripts) script.tell('durable');
    for (const script of scripts) expect(await script.next()).toEqual({ position: 1 });
    const { database } = open(file);
    expect(new SqliteProgressStore(database).list()).toHaveLength(3);
    database.dispose();
  });

  it('moves garbage aside with its log, and starts afresh', () => {
    const file = join(scratchFolder(), 'kinoport.db');
    for (const suffix of ['', '-wal', '-shm']) writeFileSync(file + suffix, `garbage${suffix}`.repeat(500));
    const { database, movedAside } = open(file);
    expect(movedAside).toBe(`${file}.damaged-20260102T030405Z`);
    for (const suffix of ['', '-wal']) {
      expect(readFileSync(`${movedAside}${suffix}`, 'utf8')).toBe(`garbage${suffix}`.repeat(500));
    }
    // Only an index of the log, which SQLite makes again whenever it opens one.
    expect(existsSync(`${movedAside}-shm`)).toBe(true);
    expect(new SqliteProgressStore(database).list()).toEqual([]);
    database.dispose();
  });

  it('keeps the log of a damaged file byte for byte', async () => {
    const file = join(scratchFolder(), 'kinoport.db');
    const writer = new Script('storage/openDatabase.script.ts', [file, 'write']);
    expect(await writer.next()).toEqual({ opened: true });
    writer.tell('durable');
    expect(await writer.next()).toEqual({ position: 1 });
    await writer.kill('SIGKILL');
    const log = readFileSync(`${file}-wal`);
    expect(log.length).toBeGreaterThan(0);
    // A valid log of another file: its salt and checksums do not fit any more.
    log[40] = (log[40] ?? 0) ^ 0xff;
    writeFileSync(`${file}-wal`, log);
    writeFileSync(file, 'garbage'.repeat(3000));
    const { database, movedAside } = open(file);
    expect(readFileSync(`${movedAside}-wal`).equals(log)).toBe(true);
    database.dispose();
  });

  it('never puts one damaged file over another', () => {
    const file = join(scratchFolder(), 'kinoport.db');
    for (const text of ['first', 'second']) {
      writeFileSync(file, text.repeat(1000));
      open(file).database.dispose();
    }
    const damaged = readdirSync(dirname(file)).filter((name) => name.includes('damaged'));
    expect(damaged.sort()).toEqual([
      `${basename(file)}.damaged-20260102T030405Z`,
      `${basename(file)}.damaged-20260102T030405Z-2`,
    ]);
  });

  it('moves a torn file aside', () => {
    const { file } = withFilm();
    truncateSync(file, Math.floor(statSync(file).size / 2));
    const { database, movedAside } = open(file);
    expect(movedAside).toBeDefined();
    expect(existsSync(String(movedAside))).toBe(true);
    database.dispose();
  });

  it('moves a file aside that is damaged in the middle', () => {
    const { file } = withFilm();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 4096 * 3, 4096 * 6);
    writeFileSync(file, bytes);
    const { database, movedAside } = open(file);
    expect(movedAside).toBeDefined();
    database.dispose();
  });

  it('leaves a database of a newer version as it is', () => {
    const { file } = withFilm();
    const sqlite = new Sqlite(file);
    sqlite.pragma('user_version = 99');
    sqlite.pragma('journal_mode = DELETE');
    sqlite.close();
    const before = readFileSync(file);
    expect(() => open(file)).toThrow(
      expect.objectContaining({ code: 'DATABASE_NEWER', hint: expect.stringContaining('Update') }),
    );
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(dirname(file))).toEqual([basename(file)]);
  });

  it('leaves a database of another program as it is', () => {
    const file = join(scratchFolder(), 'kinoport.db');
    const sqlite = new Sqlite(file);
    sqlite.exec('CREATE TABLE theirs (x)');
    sqlite.close();
    const before = readFileSync(file);
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'DATABASE_DAMAGED' }));
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('says that another program holds the lock', async () => {
    const { file } = withFilm();
    const holder = new Script('storage/openDatabase.script.ts', [file, 'hold']);
    expect(await holder.next()).toEqual({ held: true });
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'DATABASE_LOCKED' }));
    await holder.kill();
    open(file).database.dispose();
  });

  it('says so when a lock comes later, and goes on when it is gone', () => {
    const { file } = withFilm();
    const { database } = open(file);
    const store = new SqliteProgressStore(database);
    const other = new Sqlite(file);
    other.exec('BEGIN IMMEDIATE');
    const update = { position: 6, at: 2000, durable: true };
    expect(() => store.update(film, 'files', update)).toThrow(
      expect.objectContaining({ code: 'DATABASE_LOCKED' }),
    );
    other.exec('ROLLBACK');
    other.close();
    expect(store.update(film, 'files', update).position).toBe(6);
    database.dispose();
  });

  it('says so when its folder cannot be made', () => {
    const file = join(scratchFolder(), 'file');
    writeFileSync(file, '');
    expect(() => open(join(file, 'data', 'kinoport.db'))).toThrow(
      expect.objectContaining({ code: 'HOME_NOT_WRITABLE' }),
    );
  });

  it.each(['durable', 'plain'])('keeps every %s write of a process that is killed', async (kind) => {
    const file = join(scratchFolder(), 'kinoport.db');
    const writer = new Script('storage/openDatabase.script.ts', [file, 'write']);
    expect(await writer.next()).toEqual({ opened: true });
    for (let n = 1; n <= 20; n++) writer.tell(kind);
    for (let n = 1; n <= 20; n++) expect(await writer.next()).toEqual({ position: n });
    await writer.kill('SIGKILL');
    const { database, movedAside } = open(file);
    expect(movedAside).toBeUndefined();
    expect(new SqliteProgressStore(database).list()[0]?.position).toBe(20);
    database.dispose();
  });

  it('knows what a power cut could still take', () => {
    const { database } = open(join(scratchFolder(), 'kinoport.db'));
    const store = new SqliteProgressStore(database);
    store.update(film, 'files', { position: 5, at: 1, durable: false });
    expect(database.hasUnsyncedWrites).toBe(true);
    store.update(film, 'files', { position: 5, at: 2, durable: true });
    expect(database.hasUnsyncedWrites).toBe(false);
    expect(store.writes).toBe(2);
    store.update(film, 'files', { position: 5, at: 3, durable: true });
    expect(store.writes).toBe(2);
    database.dispose();
  });
});
