-- SPDX-License-Identifier: MIT
-- A replay has a life: what it chose can be queued later, taken back, and looked at.

ALTER TABLE replays ADD COLUMN filter TEXT;          -- the selection as JSON, to go on choosing from
ALTER TABLE replays ADD COLUMN last_event INTEGER NOT NULL DEFAULT 0; -- chosen up to this id
ALTER TABLE replays ADD COLUMN finished_at INTEGER;  -- all that was chosen has been queued
ALTER TABLE replays ADD COLUMN cancelled_at INTEGER;
UPDATE replays SET finished_at = created_at;

CREATE TABLE replay_events (
	-- An event is in one replay once.
	replay_id    INTEGER NOT NULL,
	event_id     INTEGER NOT NULL,
	state_was    TEXT NOT NULL,            -- before it was queued
	version_was  INTEGER NOT NULL,
	attempt_was  INTEGER NOT NULL,
	outcome      TEXT,                     -- its state when it left this replay; NULL: it is in it still
	PRIMARY KEY (replay_id, event_id)
) STRICT, WITHOUT ROWID;
INSERT INTO replay_events (replay_id, event_id, state_was, version_was, attempt_was)
SELECT e.replay_id, e.id,
       coalesce((SELECT CASE r.outcome WHEN 'succeeded' THEN 'succeeded' ELSE 'failed' END
                   FROM runs r WHERE r.id = e.id * 65536 + e.run), 'cancelled'),
       e.version_id, e.attempt
  FROM events e JOIN replays p ON p.id = e.replay_id;

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
