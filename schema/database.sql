-- SPDX-License-Identifier: MIT
-- The whole database of today, drawn by `make schema` from migrations/. Do not edit.

CREATE TABLE flows (
	-- A flow and which of its versions is live.
	id         INTEGER PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	title      TEXT NOT NULL,
	version_id INTEGER,                    -- the published version; NULL: none
	paused     INTEGER NOT NULL DEFAULT 0, -- its events are held
	updated_at INTEGER NOT NULL
, concurrency INTEGER, order_stop INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE flow_versions (
	-- What integrators wrote. A version never changes.
	id         INTEGER PRIMARY KEY,
	flow_id    INTEGER NOT NULL REFERENCES flows(id),
	number     INTEGER NOT NULL,
	document   TEXT NOT NULL,              -- as it was given, byte for byte
	effects    INTEGER NOT NULL,           -- some step calls another system
	replies    INTEGER NOT NULL,           -- it decides the caller's reply
	created_at INTEGER NOT NULL, concurrency INTEGER, order_stop INTEGER NOT NULL DEFAULT 0, answers TEXT,
	UNIQUE (flow_id, number)
) STRICT;

CREATE TABLE routes (
	-- A suffix and a method belong to one published flow.
	shape   TEXT NOT NULL,                 -- the suffix, {} for each {name}
	method  TEXT NOT NULL,
	flow_id INTEGER NOT NULL REFERENCES flows(id),
	PRIMARY KEY (shape, method)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
	-- The queue: one narrow row an event, for good. A row keeps its size through its life, so
	-- that claiming and finishing never split a page: a queued row's owner takes the three bytes
	-- that "succeeded" is longer than "queued", and owners are numbers of two bytes.
	id          INTEGER PRIMARY KEY,
	flow_id     INTEGER NOT NULL,
	version_id  INTEGER NOT NULL,          -- the version its next or last run uses
	received_at INTEGER NOT NULL,
	state       TEXT NOT NULL CHECK (state IN
		('queued', 'running', 'succeeded', 'failed', 'held', 'cancelled')),
	due_at      INTEGER NOT NULL,          -- queued: not before; running: the lease's end
	owner       INTEGER NOT NULL DEFAULT 8388607, -- the worker that has it; 0 when finished
	lane        INTEGER NOT NULL DEFAULT 0, -- 0 live, 1 replay: behind live traffic
	run         INTEGER NOT NULL DEFAULT 0, -- number of its last run
	attempt     INTEGER NOT NULL DEFAULT 0, -- runs since arrival or replay
	crashes     INTEGER NOT NULL DEFAULT 0, -- of those, how many ended with a dead worker
	awaited     INTEGER NOT NULL DEFAULT 0, -- 1: the caller waited; 2: and was told 504
	trigger     TEXT NOT NULL DEFAULT 'arrival', -- why its next or last run starts
	resume_run  INTEGER,                   -- go on from the trace of this run
	replay_id   INTEGER,
	dedupe_key  TEXT
, order_key TEXT, turn INTEGER) STRICT;

CREATE TABLE requests (
	-- The request part of an event: never changes. Same id as its event.
	id         INTEGER PRIMARY KEY,
	version_id INTEGER NOT NULL,           -- published when it arrived
	method     TEXT NOT NULL,
	path       TEXT NOT NULL,              -- raw, without the query
	query      TEXT NOT NULL,              -- raw
	remote     TEXT NOT NULL,
	headers    TEXT NOT NULL,              -- [["Name","value"],...] in order, repeats kept
	body       BLOB NOT NULL               -- the bytes as received
, warnings TEXT, removed_bytes INTEGER, redacted TEXT, unenforced TEXT) STRICT;

CREATE TABLE runs (
	-- One execution. id is event * 65536 + number, so an event's runs lie together.
	id            INTEGER PRIMARY KEY,
	version_id    INTEGER NOT NULL,
	trigger       TEXT NOT NULL,
	outcome       TEXT NOT NULL CHECK (outcome IN
		('running', 'succeeded', 'failed', 'crashed', 'timed out')),
	started_at    INTEGER NOT NULL,
	ended_at      INTEGER,
	error         TEXT,
	error_kind    TEXT,
	failed_step   TEXT,
	steps         TEXT,                    -- the trace: a JSON array, one object a step
	reply_status  INTEGER,                 -- what webhook_response said
	reply_headers TEXT,
	reply_body    BLOB
) STRICT;

CREATE TABLE rejections (
	-- Refused arrivals, the newest ten thousand.
	id         INTEGER PRIMARY KEY,
	at         INTEGER NOT NULL,
	flow_id    INTEGER NOT NULL,           -- 0: no flow has this suffix
	status     INTEGER NOT NULL,
	cause      TEXT NOT NULL,
	method     TEXT NOT NULL,
	path       TEXT NOT NULL,
	remote     TEXT NOT NULL,
	headers    TEXT NOT NULL,
	body_bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE counts (
	-- How many arrivals and runs ended how, a day (days since 1970).
	day     INTEGER NOT NULL,
	flow_id INTEGER NOT NULL,
	outcome TEXT NOT NULL,
	n       INTEGER NOT NULL,
	PRIMARY KEY (day, flow_id, outcome)
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
	-- Named values under AES-256-GCM, bound to their name.
	name       TEXT PRIMARY KEY,
	sealed     BLOB NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE replays (
	-- Who replayed what, and why.
	id          INTEGER PRIMARY KEY,
	created_at  INTEGER NOT NULL,
	reason      TEXT NOT NULL,
	selection   TEXT NOT NULL,             -- the filter, in words
	version_now INTEGER NOT NULL,
	from_failed INTEGER NOT NULL,
	per_second  INTEGER NOT NULL,
	queued      INTEGER NOT NULL           -- events put back into the queue so far
, filter TEXT, last_event INTEGER NOT NULL DEFAULT 0, finished_at INTEGER, cancelled_at INTEGER) STRICT;

CREATE TABLE config (
	id     INTEGER PRIMARY KEY CHECK (id = 1),
	ticket INTEGER NOT NULL,               -- rises with each change of flows, pauses and secrets
	synced INTEGER NOT NULL                -- rises where a commit is made only to sync the log
, key_mark TEXT) STRICT;

CREATE TABLE connections (
	name       TEXT PRIMARY KEY,
	document   TEXT NOT NULL,              -- as it was given, byte for byte; names of secrets, no values
	updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE replay_events (
	-- An event is in one replay once.
	replay_id    INTEGER NOT NULL,
	event_id     INTEGER NOT NULL,
	state_was    TEXT NOT NULL,            -- before it was queued
	version_was  INTEGER NOT NULL,
	attempt_was  INTEGER NOT NULL,
	outcome      TEXT, turn_was INTEGER,                     -- its state when it left this replay; NULL: it is in it still
	PRIMARY KEY (replay_id, event_id)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE api_keys (
	id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
	name       TEXT NOT NULL UNIQUE,
	rights     TEXT NOT NULL,              -- names with commas between
	digest     TEXT NOT NULL,              -- SHA-256 of the secret part, which is random
	created_at INTEGER NOT NULL,
	expires_at INTEGER                     -- NULL: never
) STRICT;

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE audit (
	id      INTEGER PRIMARY KEY,
	at      INTEGER NOT NULL,
	who     TEXT NOT NULL,
	what    TEXT NOT NULL,                 -- "POST /api/v1/flows/{name}/pause"
	target  TEXT NOT NULL,                 -- "/api/v1/flows/orders/pause"
	details TEXT NOT NULL                  -- what was asked for; no secrets
) STRICT;

CREATE INDEX events_queued  ON events (lane, due_at) WHERE state = 'queued';

CREATE INDEX events_running ON events (owner) WHERE state = 'running';

CREATE INDEX events_held    ON events (flow_id) WHERE state = 'held';

CREATE INDEX events_failed  ON events (flow_id) WHERE state = 'failed';

CREATE UNIQUE INDEX events_dedupe ON events (flow_id, dedupe_key) WHERE dedupe_key IS NOT NULL;

CREATE UNIQUE INDEX events_turn ON events (flow_id, order_key) WHERE turn = 1;

CREATE INDEX events_waiting ON events (flow_id, order_key) WHERE turn = 0;

CREATE INDEX events_limited ON events (flow_id) WHERE state = 'running' AND lane > 3;

CREATE INDEX requests_unenforced ON requests (id) WHERE unenforced IS NOT NULL;

CREATE VIEW run_history AS
SELECT r.id / 65536 AS event,
       r.id % 65536 AS run,
       f.name AS flow,
       v.number AS version,
       r.trigger AS trigger,
       r.outcome AS outcome,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.started_at / 1000.0, 'unixepoch') AS started_at,
       r.ended_at - r.started_at AS duration_ms,
       r.failed_step AS failed_step, r.error_kind AS error_kind, r.error AS error,
       r.reply_status AS reply_status, r.reply_headers AS reply_headers,
       CAST(r.reply_body AS TEXT) AS reply_body
  FROM runs r
  JOIN flow_versions v ON v.id = r.version_id
  JOIN flows f ON f.id = v.flow_id;

CREATE VIEW step_history AS
SELECT r.id / 65536 AS event,
       r.id % 65536 AS run,
       s.key + 1 AS position,
       json_extract(s.value, '$.name') AS step,
       json_extract(s.value, '$.type') AS type,
       json_extract(s.value, '$.outcome') AS outcome,
       json_extract(s.value, '$.duration_ms') AS duration_ms,
       json_extract(s.value, '$.output') AS output,
       json_extract(s.value, '$.error') AS error
  FROM runs r, json_each(r.steps) s;

CREATE VIEW rejected_requests AS
SELECT j.id AS id,
       strftime('%Y-%m-%dT%H:%M:%fZ', j.at / 1000.0, 'unixepoch') AS received_at,
       f.name AS flow, j.status AS status, j.cause AS cause, j.method AS method, j.path AS path,
       j.remote AS remote, j.headers AS headers, j.body_bytes AS body_bytes
  FROM rejections j
  LEFT JOIN flows f ON f.id = j.flow_id;

CREATE VIEW daily_counts AS
SELECT date(c.day * 86400, 'unixepoch') AS day, f.name AS flow, c.outcome AS outcome, c.n AS count
  FROM counts c LEFT JOIN flows f ON f.id = c.flow_id;

CREATE VIEW queue_now AS
SELECT e.id AS id, f.name AS flow, e.state AS state,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.due_at / 1000.0, 'unixepoch') AS due_at,
       CASE CASE WHEN e.lane < -1 THEN -10 - e.lane ELSE e.lane END & 3
            WHEN 0 THEN 'live' WHEN 1 THEN 'replay' WHEN 2 THEN 'low' ELSE 'high' END AS lane,
       e.attempt AS attempts, e.trigger AS trigger, e.order_key AS order_key,
       coalesce(e.turn = 0, 0) AS waits_for_turn
  FROM events e JOIN flows f ON f.id = e.flow_id WHERE e.state = 'queued'
UNION ALL
SELECT e.id, f.name, e.state,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.due_at / 1000.0, 'unixepoch'),
       CASE CASE WHEN e.lane < -1 THEN -10 - e.lane ELSE e.lane END & 3
            WHEN 0 THEN 'live' WHEN 1 THEN 'replay' WHEN 2 THEN 'low' ELSE 'high' END,
       e.attempt, e.trigger, e.order_key, coalesce(e.turn = 0, 0)
  FROM events e JOIN flows f ON f.id = e.flow_id WHERE e.state = 'running'
UNION ALL
SELECT e.id, f.name, e.state,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.due_at / 1000.0, 'unixepoch'),
       CASE CASE WHEN e.lane < -1 THEN -10 - e.lane ELSE e.lane END & 3
            WHEN 0 THEN 'live' WHEN 1 THEN 'replay' WHEN 2 THEN 'low' ELSE 'high' END,
       e.attempt, e.trigger, e.order_key, coalesce(e.turn = 0, 0)
  FROM events e JOIN flows f ON f.id = e.flow_id WHERE e.state = 'held';

CREATE VIEW failed_events AS
SELECT h.id AS id, h.flow AS flow, h.received_at AS received_at, h.method AS method,
       h.path AS path, h.status AS status, h.attempts AS attempts, l.failed_step AS failed_step,
       l.error_kind AS error_kind, h.error AS error,
       CASE WHEN e.turn = 1 THEN e.order_key END AS blocks_key
  FROM events e
  JOIN event_history h ON h.id = e.id
  LEFT JOIN runs l ON l.id = e.id * 65536 + e.run
 WHERE e.state = 'failed';

CREATE VIEW replay_history AS
SELECT r.id AS id,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.created_at / 1000.0, 'unixepoch') AS created_at,
       r.reason AS reason, r.selection AS selection,
       CASE r.version_now WHEN 1 THEN 'now' ELSE 'then' END AS flow_version,
       CASE r.from_failed WHEN 1 THEN 'failed' ELSE 'start' END AS from_step,
       r.per_second AS per_second, r.queued AS queued,
       count(CASE WHEN m.outcome IS NULL THEN CASE WHEN e.state IN ('queued', 'held', 'running') THEN 1 END END) AS waiting,
       count(CASE WHEN coalesce(m.outcome, e.state) = 'succeeded' THEN 1 END) AS succeeded,
       count(CASE WHEN coalesce(m.outcome, e.state) = 'failed' THEN 1 END) AS failed,
       count(CASE WHEN coalesce(m.outcome, e.state) = 'cancelled' THEN 1 END) AS cancelled,
       CASE WHEN r.cancelled_at IS NOT NULL THEN 'cancelled'
            WHEN r.finished_at IS NULL THEN 'unfinished'
            WHEN count(CASE WHEN m.outcome IS NULL THEN CASE WHEN e.state IN ('queued', 'held', 'running') THEN 1 END END) > 0
              THEN 'running'
            ELSE 'ended'
       END AS state
  FROM replays r
  LEFT JOIN replay_events m ON m.replay_id = r.id
  LEFT JOIN events e ON e.id = m.event_id
 GROUP BY r.id;

CREATE VIEW minute_counts AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', c.minute * 60, 'unixepoch') AS since,
       f.name AS flow, c.outcome AS outcome, c.n AS count
  FROM minutes c LEFT JOIN flows f ON f.id = c.flow_id;

CREATE VIEW pinned_events AS
SELECT h.*, strftime('%Y-%m-%dT%H:%M:%fZ', p.pinned_at / 1000.0, 'unixepoch') AS pinned_at,
       p.reason AS reason
  FROM pins p JOIN event_history h ON h.id = p.event_id;

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
       q.removed_bytes IS NOT NULL AS body_removed,
       q.redacted AS redacted,
       q.unenforced AS unenforced
  FROM requests q
  JOIN events e ON e.id = q.id
  JOIN flows f ON f.id = e.flow_id;

CREATE VIEW event_history AS
SELECT e.id AS id,
       f.name AS flow,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.received_at / 1000.0, 'unixepoch') AS received_at,
       e.state AS state,
       q.method AS method,
       q.path AS path,
       CASE WHEN e.awaited = 0 THEN coalesce(json_extract(v.answers, '$.accepted'), 202)
            WHEN e.awaited = 2 THEN coalesce(json_extract(v.answers, '$.deadline'), 504)
            ELSE (SELECT coalesce(r.reply_status,
                                  CASE r.outcome WHEN 'succeeded' THEN coalesce(json_extract(v.answers, '$.no_reply'), 200)
                                                 ELSE coalesce(json_extract(v.answers, '$.failed'), 500) END)
                    FROM runs r
                   WHERE r.id > e.id * 65536 AND r.id < (e.id + 1) * 65536
                     AND (r.reply_status IS NOT NULL OR r.outcome IN ('succeeded', 'failed', 'timed out')
                          OR e.state = 'failed')
                   ORDER BY r.id LIMIT 1)
       END AS status,
       e.attempt AS attempts,
       l.ended_at - l.started_at AS duration_ms,
       l.error AS error
  FROM events e
  JOIN flows f ON f.id = e.flow_id
  JOIN requests q ON q.id = e.id
  LEFT JOIN flow_versions v ON v.id = q.version_id
  LEFT JOIN runs l ON l.id = e.id * 65536 + e.run;

