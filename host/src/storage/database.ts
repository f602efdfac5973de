import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Clock, type Disposable, KinoportError, PRODUCT } from '@kinoport/core';
import Sqlite from 'better-sqlite3';
import { databaseError, isDamage } from './databaseErrors.ts';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from './migrations.ts';

export interface OpenDatabaseOptions {
  /** Names the file that a damaged database is moved to. */
  readonly clock: Clock;
  /** Milliseconds to wait for a lock of somebody else, 2000 by default. */
  readonly busyTimeout?: number;
}

export interface OpenedDatabase {
  readonly database: Database;
  /** Where the old file is now, when it was damaged and a fresh one was made in its place. */
  readonly movedAside?: string;
}

/**
 * Opens the database, makes it where there is none (file 0600, folder 0700), and brings it to the newest
 * version. A damaged file is moved aside with its `-wal` and `-shm`, never deleted, and a fresh one is made.
 * @throws KinoportError `DATABASE_LOCKED`, `DATABASE_NEWER` (the file is left as it is), `DATABASE_DAMAGED`
 *   (not ours, or it cannot be moved aside), `HOME_NOT_WRITABLE`
 */
export function openDatabase(file: string, options: OpenDatabaseOptions): OpenedDatabase {
  const busyTimeout = options.busyTimeout ?? 2000;
  let movedAside: string | undefined;
  const damaged = (): void => {
    movedAside = setAside(file, options.clock);
  };
  try {
    return { database: open(file, busyTimeout, damaged) };
  } catch (error) {
    if (movedAside === undefined) throw databaseError(error, file);
  }
  try {
    if (process.platform === 'win32') removeSetAside(file);
    return { database: open(file, busyTimeout), movedAside };
  } catch (error) {
    throw databaseError(error, file);
  }
}

/** The one connection of the host. All writes go through {@link Database.write}. */
export class Database implements Disposable {
  readonly file: string;
  /** A statement for the whole life of the connection. */
  readonly prepare: Sqlite.Database['prepare'];
  readonly #sqlite: Sqlite.Database;
  #writes = 0;
  #unsynced = false;

  constructor(file: string, sqlite: Sqlite.Database) {
    this.file = file;
    this.#sqlite = sqlite;
    this.prepare = sqlite.prepare.bind(sqlite);
  }

  /** Number of committed write transactions since the start. */
  get writes(): number {
    return this.#writes;
  }

  /** Whether a commit may still be lost with the machine's power (never with a process). */
  get hasUnsyncedWrites(): boolean {
    return this.#unsynced;
  }

  /**
   * Runs `work` in one transaction. `durable`: on disk when the call returns, with all earlier commits.
   * Otherwise it outlives the death of the process, but not that of the machine.
   * @throws KinoportError `DATABASE_LOCKED`, `DATABASE_DAMAGED`, `HOME_NOT_WRITABLE` (a full disk as well)
   */
  write<T>(durable: boolean, work: () => T): T {
    try {
      // No effect inside a transaction, so it is set before each one.
      this.#sqlite.pragma(`synchronous = ${durable ? 'FULL' : 'NORMAL'}`);
      const result = this.#sqlite.transaction(work).immediate();
      this.#writes += 1;
      this.#unsynced = !durable;
      return result;
    } catch (error) {
      throw databaseError(error, this.file);
    }
  }

  /** Closes the connection; the write-ahead log is folded into the file. */
  dispose(): void {
    this.#sqlite.close();
  }
}

/** `onDamage` is called before the connection is closed: closing folds the log into the file and deletes it. */
function open(file: string, busyTimeout: number, onDamage?: () => void): Database {
  makePrivate(file);
  const sqlite = new Sqlite(file, { timeout: busyTimeout });
  try {
    refuseOthers(sqlite, file);
    if (sqlite.pragma('quick_check(1)', { simple: true }) !== 'ok') {
      throw new KinoportError('DATABASE_DAMAGED', `The database ${file} is damaged.`);
    }
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('foreign_keys = ON');
    sqlite.transaction(() => migrate(sqlite)).immediate();
    return new Database(file, sqlite);
  } catch (error) {
    try {
      if (isDamage(error)) onDamage?.();
    } finally {
      sqlite.close();
    }
    throw error;
  }
}

/** Before anything is written: a newer database or another program's must stay byte for byte what it is. */
function refuseOthers(sqlite: Sqlite.Database, file: string): void {
  const version = Number(sqlite.pragma('user_version', { simple: true }));
  const application = Number(sqlite.pragma('application_id', { simple: true }));
  const tables = sqlite.prepare<[], { n: number }>('SELECT count(*) AS n FROM sqlite_schema').get()?.n ?? 0;
  const fresh = application === 0 && version === 0 && tables === 0;
  if (application !== APPLICATION_ID && !fresh) {
    throw new KinoportError('DATABASE_DAMAGED', `${file} is a database of another program.`, {
      hint: `Move it away; ${PRODUCT.name} then makes its own.`,
      data: { file, foreign: true },
    });
  }
  if (version > SCHEMA_VERSION) {
    throw new KinoportError(
      'DATABASE_NEWER',
      `The database ${file} was written by a newer ${PRODUCT.name} (version ${version}, this one knows ${SCHEMA_VERSION}).`,
      {
        hint: `Update ${PRODUCT.name}, or set ${PRODUCT.envPrefix}HOME to another folder for this version.`,
        data: { file, version, known: SCHEMA_VERSION },
      },
    );
  }
}

/** SQLite gives `-wal` and `-shm` the mode of the main file, so that one is made by us. */
function makePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  if (process.platform === 'win32') return;
  chmodSync(dirname(file), 0o700);
  chmodSync(file, 0o600);
}

const LOGS = ['-wal', '-shm'] as const;

/**
 * The damaged files under another name, byte for byte. SQLite leaves the log of a file alone that it no longer
 * finds under its name; Windows does not rename open files, so there they are copied.
 */
function setAside(file: string, clock: Clock): string {
  const stamp = new Date(clock.wall()).toISOString().replace(/[-:]|\.\d+/g, '');
  let target = `${file}.damaged-${stamp}`;
  for (let n = 2; existsSync(target); n++) target = `${file}.damaged-${stamp}-${n}`;
  const take = process.platform === 'win32' ? copyFileSync : renameSync;
  try {
    take(file, target);
    // Under the name SQLite looks for, so that its recovery tools see what was not folded in yet. On Windows the
    // index (-shm) is locked while open; it is made again out of the log.
    for (const suffix of process.platform === 'win32' ? ['-wal'] : LOGS) {
      if (existsSync(file + suffix)) take(file + suffix, target + suffix);
    }
    return target;
  } catch (error) {
    throw new KinoportError(
      'DATABASE_DAMAGED',
      `The database ${file} is damaged and could not be moved aside.`,
      { hint: `Rename ${basename(file)} yourself and start again.`, data: { file }, cause: error },
    );
  }
}

/** Takes the originals away where they were copied. */
function removeSetAside(file: string): void {
  for (const suffix of ['', ...LOGS]) rmSync(file + suffix, { force: true });
}
