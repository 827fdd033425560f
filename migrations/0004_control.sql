-- SPDX-License-Identifier: MIT
-- Which events run first, how many of a flow at once, and which wait for others of their key.
--
-- events.lane: -1 high, 0 normal, 2 low, 1 replay, in this order of claiming. The events of a flow
-- with a limit of its own have lanes of their own, flow_id * 4 + (lane & 3), so that a claim
-- passes a flow that is full with one look at its head.
--
-- Of the events with one order_key, one has its turn: it is queued, running, held, or failed in a
-- flow that stops then. The others wait in a lane that no claim looks at, -10 - lane, until the
-- turn is given on in the transaction that ends the one before. A unique index sees to it.

ALTER TABLE flow_versions ADD COLUMN concurrency INTEGER; -- runs at once; NULL: no limit
ALTER TABLE flows ADD COLUMN concurrency INTEGER;         -- of the published version

ALTER TABLE flow_versions ADD COLUMN order_stop INTEGER NOT NULL DEFAULT 0; -- a failure keeps the turn
ALTER TABLE flows ADD COLUMN order_stop INTEGER NOT NULL DEFAULT 0;         -- of the published version
ALTER TABLE events ADD COLUMN order_key TEXT; -- one at a time of each key; NULL: no order
ALTER TABLE events ADD COLUMN turn INTEGER;   -- 1 has it, 0 waits for it, NULL neither

CREATE UNIQUE INDEX events_turn ON events (flow_id, order_key) WHERE turn = 1;
CREATE INDEX events_waiting ON events (flow_id, order_key) WHERE turn = 0;
CREATE INDEX events_limited ON events (flow_id) WHERE state = 'running' AND lane > 3;

DROP VIEW queue_now;
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

DROP VIEW failed_events;
CREATE VIEW failed_events AS
SELECT h.id AS id, h.flow AS flow, h.received_at AS received_at, h.method AS method,
       h.path AS path, h.status AS status, h.attempts AS attempts, l.failed_step AS failed_step,
       l.error_kind AS error_kind, h.error AS error,
       CASE WHEN e.turn = 1 THEN e.order_key END AS blocks_key
  FROM events e
  JOIN event_history h ON h.id = e.id
  LEFT JOIN runs l ON l.id = e.id * 65536 + e.run
 WHERE e.state = 'failed';
