-- SPDX-License-Identifier: MIT
-- What is kept how long, what is kept for good, and where in time the ids of events lie.

ALTER TABLE requests ADD COLUMN removed_bytes INTEGER; -- how long the body was; NULL: it is there

CREATE TABLE pins (
	-- Events that no retention touches.
	event_id  INTEGER PRIMARY KEY,
	pinned_at INTEGER NOT NULL,
	reason    TEXT NOT NULL
) STRICT;

CREATE TABLE retention_marks (
	-- Up to which event a kind has been looked at: all before it are removed, or pinned.
	kind       TEXT PRIMARY KEY,           -- bodies, traces, events
	event_id   INTEGER NOT NULL,
	removed    INTEGER NOT NULL,           -- how many, ever
	removed_at INTEGER NOT NULL            -- when the last one was; 0: never
) STRICT, WITHOUT ROWID;
INSERT INTO retention_marks (kind, event_id, removed, removed_at)
VALUES ('bodies', 0, 0, 0), ('traces', 0, 0, 0), ('events', 0, 0, 0);

CREATE TABLE minutes (
	-- counts by the minute (since 1970), for two days; then by the hour, after two months by
	-- the day, under their first minute. Of accepted events also which ids: what lies before or
	-- behind a time is found without an index that every insert would have to write.
	minute   INTEGER NOT NULL,
	flow_id  INTEGER NOT NULL,
	outcome  TEXT NOT NULL,
	n        INTEGER NOT NULL,
	first_id INTEGER,
	last_id  INTEGER,
	PRIMARY KEY (minute, flow_id, outcome)
) STRICT, WITHOUT ROWID;
INSERT INTO minutes (minute, flow_id, outcome, n, first_id, last_id)
SELECT received_at / 86400000 * 1440, flow_id, 'accepted', count(*), min(id), max(id)
  FROM events GROUP BY 1, 2;

CREATE VIEW minute_counts AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', c.minute * 60, 'unixepoch') AS since,
       f.name AS flow, c.outcome AS outcome, c.n AS count
  FROM minutes c LEFT JOIN flows f ON f.id = c.flow_id;

CREATE VIEW pinned_events AS
SELECT h.*, strftime('%Y-%m-%dT%H:%M:%fZ', p.pinned_at / 1000.0, 'unixepoch') AS pinned_at,
       p.reason AS reason
  FROM pins p JOIN event_history h ON h.id = p.event_id;

DROP VIEW event_requests;
CREATE VIEW event_requests AS
SELECT q.id AS id,
       f.name AS flow,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.received_at / 1000.0, 'unixepoch') AS received_at,
       q.method AS method, q.path AS path, q.query AS query, q.remote AS remote,
       q.headers AS headers,
       coalesce(q.removed_bytes, length(q.body)) AS body_bytes,
       CASE WHEN q.removed_bytes IS NULL AND instr(q.body, x'00') = 0 THEN CAST(q.body AS TEXT) END AS body,
       CASE WHEN q.removed_bytes IS NULL THEN q.body END AS body_raw,
       q.warnings AS warnings,
       q.removed_bytes IS NOT NULL AS body_removed
  FROM requests q
  JOIN events e ON e.id = q.id
  JOIN flows f ON f.id = e.flow_id;
