-- SPDX-License-Identifier: MIT
-- Other systems as operators name them once, and which key file seals the secrets.

CREATE TABLE connections (
	name       TEXT PRIMARY KEY,
	document   TEXT NOT NULL,              -- as it was given, byte for byte; names of secrets, no values
	updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A mark of the key under which the secrets are, since `ringbolt secret rotate`; NULL: the first one.
ALTER TABLE config ADD COLUMN key_mark TEXT;
