-- SPDX-License-Identifier: MIT
-- Requests by name, kept with a flow to try it with.

CREATE TABLE samples (
	flow_id    INTEGER NOT NULL REFERENCES flows(id),
	name       TEXT NOT NULL,
	method     TEXT NOT NULL,
	path       TEXT NOT NULL,              -- raw, without the query
	query      TEXT NOT NULL,              -- raw
	headers    TEXT NOT NULL,              -- [["Name","value"],...] in order
	body       BLOB NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (flow_id, name)
) STRICT;
