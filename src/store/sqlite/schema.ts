import { randomBytes } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { renewFork } from './epochs.ts'
import { fillInOutcomes } from './outcomes.ts'

/**
 * Settings of a writing connection. The cache keeps an index of a few megabytes in memory, and the rare checkpoints
 * copy a page that is written often once.
 */
export const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA journal_size_limit = 16777216;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA cache_size = -4096;
`

// Each step leads from one schema version to the next. `n` grows in order of arrival: new rows go to the end of the
// table, and old ones are at its start. `bytes` precedes `body`, so that a list or a sum never reads the bodies.
const MIGRATIONS: ReadonlyArray<string | ((db: DatabaseSync) => void)> = [`
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE events (
    n INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at REAL NOT NULL,
    event TEXT NOT NULL,
    data TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (task_id, seq)
  ) STRICT;
  CREATE TABLE marks (
    n INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL,
    at REAL NOT NULL
  ) STRICT;
`, `
  CREATE TABLE deliveries (
    key TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    task_id TEXT,
    seq INTEGER,
    expires_at REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deliveries_by_expiry ON deliveries (expires_at);
  CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    step TEXT NOT NULL,
    reason TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    signed_task_id TEXT,
    body TEXT NOT NULL
  ) STRICT;
`, `
  ALTER TABLE quarantine ADD COLUMN digest TEXT;
  ALTER TABLE quarantine ADD COLUMN delivery TEXT;
`, `
  UPDATE quarantine SET delivery = json_remove(json_set(delivery, '$.onConflict',
    CASE delivery ->> 'otherBody' WHEN 'refused' THEN 'reject' WHEN 'repeat' THEN 'deduplicate' ELSE 'append' END
  ), '$.otherBody') WHERE delivery ->> 'otherBody' IS NOT NULL;
`, `
  ALTER TABLE events ADD COLUMN outcome TEXT;
  ALTER TABLE events ADD COLUMN submission INTEGER;
  CREATE TABLE submissions (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    step TEXT NOT NULL,
    named_task_id TEXT,
    task_id TEXT,
    place INTEGER,
    stage TEXT NOT NULL,
    submitted_at REAL NOT NULL,
    asked INTEGER NOT NULL,
    due_at REAL,
    deadline REAL,
    has_progressed INTEGER NOT NULL,
    progress TEXT,
    key TEXT,
    digest TEXT
  ) STRICT;
  CREATE INDEX submissions_by_task ON submissions (task_id, n) WHERE task_id IS NOT NULL;
  CREATE UNIQUE INDEX submissions_by_key ON submissions (key) WHERE key IS NOT NULL;
  CREATE INDEX submissions_by_due ON submissions (due_at, deadline) WHERE due_at IS NOT NULL;
  CREATE TABLE calls (at REAL NOT NULL, is_question INTEGER NOT NULL) STRICT;
  CREATE INDEX calls_by_time ON calls (at);
`, `
  ALTER TABLE events ADD COLUMN fork INTEGER;
  ALTER TABLE marks ADD COLUMN fork INTEGER;
  ALTER TABLE deliveries ADD COLUMN fork INTEGER;
  ALTER TABLE deliveries ADD COLUMN rejects INTEGER;
`, `
  ALTER TABLE marks ADD COLUMN erased INTEGER;
`, `
  ALTER TABLE submissions ADD COLUMN ask_at REAL;
  UPDATE submissions SET ask_at = submitted_at + 30000, deadline = coalesce(deadline, submitted_at + 600000);
  UPDATE submissions SET stage = 'expected', due_at = ask_at WHERE stage = 'reserved' AND task_id IS NOT NULL;
  ALTER TABLE quarantine ADD COLUMN submission TEXT;
  CREATE INDEX quarantine_by_submission ON quarantine (submission) WHERE submission IS NOT NULL;
  CREATE TRIGGER events_of_older_versions BEFORE INSERT ON events WHEN NEW.fork IS NULL
  BEGIN SELECT RAISE(ABORT, 'a newer Phrase Relay has changed its schema, stop this process'); END;
  CREATE TRIGGER marks_of_older_versions BEFORE INSERT ON marks WHEN NEW.fork IS NULL
  AND EXISTS (SELECT 1 FROM events WHERE task_id = NEW.task_id AND seq = NEW.seq AND fork IS NOT NULL)
  BEGIN SELECT RAISE(ABORT, 'a newer Phrase Relay has changed its schema, stop this process'); END;
`, fillInOutcomes, `
  DROP TRIGGER events_of_older_versions;
  DROP TRIGGER marks_of_older_versions;
  ALTER TABLE events RENAME COLUMN task_id TO task_key;
  ALTER TABLE marks RENAME COLUMN task_id TO task_key;
  ALTER TABLE deliveries RENAME COLUMN task_id TO task_key;
  CREATE TABLE generations (number INTEGER PRIMARY KEY, tasks INTEGER NOT NULL, filter BLOB) STRICT;
  INSERT INTO generations SELECT 0, 0, NULL WHERE EXISTS (SELECT 1 FROM events) OR EXISTS (SELECT 1 FROM marks);
  INSERT INTO generations VALUES (1, 0, NULL);
`]

/** Version of the schema that this code reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/** Prepares the statement that reads the version of a schema. */
export function prepareVersion (db: DatabaseSync): StatementSync {
  return db.prepare('PRAGMA user_version')
}

/**
 * Reads the version of a schema. Another process may have changed it since this one opened the file.
 *
 * @throws {Error} when the schema is newer than {@link SCHEMA_VERSION}
 */
export function readVersion (statement: StatementSync): number {
  const { user_version: version } = statement.get() as { user_version: number }
  if (version <= SCHEMA_VERSION) return version
  throw new Error(`its schema is version ${version}, made by a newer Phrase Relay, expected ${SCHEMA_VERSION}`)
}

/**
 * Brings the schema of a database up to date and starts another fork, in the caller's transaction: the file may be an
 * older copy, or its last events may be lost.
 *
 * @throws {Error} when the schema is newer than {@link SCHEMA_VERSION}
 */
export function migrate (db: DatabaseSync): void {
  for (const step of MIGRATIONS.slice(readVersion(prepareVersion(db)))) {
    if (typeof step === 'string') db.exec(step)
    else step(db)
  }
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  const make = db.prepare('INSERT OR IGNORE INTO meta VALUES (?, ?)')
  make.run('epoch', randomBytes(4).toString('hex'))
  make.run('signing key', randomBytes(32).toString('base64url'))
  renewFork(db)
}
