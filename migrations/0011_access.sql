-- SPDX-License-Identifier: MIT
-- Who may use the console's API, and who changed what.

CREATE TABLE api_keys (
	id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
	name       TEXT NOT NULL UNIQUE,
	rights     TEXT NOT NULL,              -- names with commas between
	digest     TEXT NOT NULL,              -- SHA-256 of the secret part, which is random
	created_at INTEGER NOT NULL,
	expires_at INTEGER                     -- NULL: never
) STRICT;

CREATE TABLE audit (
	id      INTEGER PRIMARY KEY,
	at      INTEGER NOT NULL,
	who     TEXT NOT NULL,
	what    TEXT NOT NULL,                 -- "POST /api/v1/flows/{name}/pause"
	target  TEXT NOT NULL,                 -- "/api/v1/flows/orders/pause"
	details TEXT NOT NULL                  -- what was asked for; no secrets
) STRICT;
