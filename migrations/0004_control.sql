-- SPDX-License-Identifier: MIT
-- Which events run first, and how many of a flow at once.
--
-- events.lane: -1 high, 0 normal, 2 low, 1 replay, in this order of claiming. The events of a flow
-- with a limit of its own have lanes of their own, flow_id * 4 + (lane & 3), so that a claim
-- passes a flow that is full with one look at its head.

ALTER TABLE flow_versions ADD COLUMN concurrency INTEGER; -- runs at once; NULL: no limit
ALTER TABLE flows ADD COLUMN concurrency INTEGER;         -- of the published version

CREATE INDEX events_limited ON events (flow_id) WHERE state = 'running' AND lane > 3;

DROP VIEW queue_now;
CREATE VIEW queue_now AS
SELECT e.id AS id, f.name AS flow, e.state AS state,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.due_at / 1000.0, 'unixepoch') AS due_at,
       CASE e.lane & 3 WHEN 0 THEN 'live' WHEN 1 THEN 'replay' WHEN 2 THEN 'low' ELSE 'high' END AS lane,
       e.attempt AS attempts, e.trigger AS trigger
  FROM events e JOIN flows f ON f.id = e.flow_id WHERE e.state = 'queued'
UNION ALL
SELECT e.id, f.name, e.state,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.due_at / 1000.0, 'unixepoch'),
       CASE e.lane & 3 WHEN 0 THEN 'live' WHEN 1 THEN 'replay' WHEN 2 THEN 'low' ELSE 'high' END,
       e.attempt, e.trigger
  FROM events e JOIN flows f ON f.id = e.flow_id WHERE e.state = 'running'
UNION ALL
SELECT e.id, f.name, e.state,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.due_at / 1000.0, 'unixepoch'),
       CASE e.lane & 3 WHEN 0 THEN 'live' WHEN 1 THEN 'replay' WHEN 2 THEN 'low' ELSE 'high' END,
       e.attempt, e.trigger
  FROM events e JOIN flows f ON f.id = e.flow_id WHERE e.state = 'held';
