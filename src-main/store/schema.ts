/** Schema of `steelyard.db`, one script per version. A script that has been released never changes. */
export const mainMigrations: readonly string[] = [
  `
  CREATE TABLE device (name TEXT PRIMARY KEY, spec TEXT NOT NULL) STRICT;
  CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE key_seal (kind TEXT PRIMARY KEY, params TEXT NOT NULL, sealed BLOB NOT NULL) STRICT;
  CREATE TABLE secret (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;

  CREATE TABLE version (
    id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, at TEXT NOT NULL, fingerprint TEXT NOT NULL,
    why TEXT NOT NULL, who TEXT NOT NULL, push_id TEXT) STRICT;
  CREATE INDEX version_of_device ON version (device, id);
  CREATE TABLE version_file (
    version INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE, place INTEGER NOT NULL, path TEXT NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (version, place)) STRICT;

  CREATE TABLE push (
    id TEXT PRIMARY KEY, device TEXT NOT NULL, started_at TEXT NOT NULL, plan TEXT NOT NULL,
    outcome TEXT, ended_at TEXT) STRICT;
  CREATE INDEX push_begun ON push (started_at);
  CREATE TABLE push_entry (
    push TEXT NOT NULL REFERENCES push (id), place INTEGER NOT NULL, entry TEXT NOT NULL,
    PRIMARY KEY (push, place)) STRICT;

  CREATE TABLE marker (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, at_ms INTEGER NOT NULL, label TEXT NOT NULL, push_id TEXT) STRICT;
  CREATE INDEX marker_of_device ON marker (device, at_ms);
  `,
  `
  CREATE TABLE sleep (id INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL, to_ms INTEGER) STRICT;
  `,
  `
  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX event_of_device ON event (device, id);
  `,
];

/**
 * Schema of `samples.db`. The id of a block is (chunk << 32 | pool << 8 | metric), that of a roll-up the same with its span: rows lie in the
 * order of time, are found without an index, and go by ranges of ids. `metric` is the place in `metricNames`.
 */
export const sampleMigrations: readonly string[] = [
  `
  CREATE TABLE pool (id INTEGER PRIMARY KEY, device TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (device, name)) STRICT;
  CREATE TABLE member (
    id INTEGER PRIMARY KEY, pool INTEGER NOT NULL REFERENCES pool (id), name TEXT NOT NULL, UNIQUE (pool, name)) STRICT;

  CREATE TABLE chunk (
    id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
    is_rolled INTEGER NOT NULL DEFAULT 0, ticks BLOB NOT NULL) STRICT;
  CREATE INDEX chunk_of_device ON chunk (device, start_ms);
  CREATE TABLE block (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;

  CREATE TABLE span (
    id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, start_ms INTEGER NOT NULL, every_ms INTEGER NOT NULL,
    UNIQUE (device, start_ms)) STRICT;
  CREATE TABLE rollup (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
  `,
  `
  ALTER TABLE span RENAME TO minute_span;
  CREATE TABLE span (
    id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, bucket_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL,
    every_ms INTEGER NOT NULL, is_whole INTEGER NOT NULL DEFAULT 0, is_rolled INTEGER NOT NULL DEFAULT 0,
    UNIQUE (device, bucket_ms, start_ms)) STRICT;
  INSERT INTO span (id, device, bucket_ms, start_ms, every_ms, is_whole)
    SELECT id, device, 60000, start_ms, every_ms, 1 FROM minute_span;
  DROP TABLE minute_span;
  `,
];
