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
];
