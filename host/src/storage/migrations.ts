import type { Database } from 'better-sqlite3';

/** "Kino" in ASCII, in the header of our files. */
export const APPLICATION_ID = 0x4b696e6f;

/** Each one brings the database from the version of its index to the next. Never changed once released. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE items (
     id INTEGER PRIMARY KEY,
     item_key TEXT NOT NULL,
     uri TEXT NOT NULL,
     title TEXT NOT NULL,
     kind TEXT NOT NULL CHECK (kind IN ('video', 'audio')),
     series TEXT,
     source TEXT NOT NULL,
     position REAL NOT NULL CHECK (position >= 0),
     duration REAL CHECK (duration > 0),
     watched INTEGER NOT NULL CHECK (watched IN (0, 1)),
     watched_set_at REAL,
     updated_at REAL NOT NULL
   ) STRICT;
   CREATE INDEX items_uri ON items (uri);
   CREATE INDEX items_updated_at ON items (updated_at);
   CREATE TABLE item_keys (
     key TEXT PRIMARY KEY,
     item_id INTEGER NOT NULL REFERENCES items (id) ON DELETE CASCADE
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX item_keys_item ON item_keys (item_id);
   CREATE TABLE sessions (
     id TEXT PRIMARY KEY,
     started_at REAL NOT NULL,
     entry TEXT NOT NULL,
     queue TEXT NOT NULL
   ) STRICT;
   CREATE TABLE key_values (
     scope TEXT NOT NULL,
     key TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (scope, key)
   ) STRICT;`,
  `ALTER TABLE items ADD COLUMN size INTEGER CHECK (size >= 0);
   ALTER TABLE items ADD COLUMN ids TEXT;`,
];

/** The version that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings an open database to {@link SCHEMA_VERSION}. Inside a write transaction: the version is read under its
 * lock, so two processes that open a new file at once do not both make the tables.
 */
export function migrate(sqlite: Database): void {
  const version = Number(sqlite.pragma('user_version', { simple: true }));
  if (version >= SCHEMA_VERSION) return;
  for (const statements of MIGRATIONS.slice(version)) sqlite.exec(statements);
  sqlite.pragma(`application_id = ${APPLICATION_ID}`);
  sqlite.pragma(`user_version = ${SCHEMA_VERSION}`);
}
