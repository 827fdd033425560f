-- SPDX-License-Identifier: MIT
-- What of a request was cut out before it was stored (webhook.redact); and whether an event had its
-- key's turn before it was replayed, for a replay that is cancelled.

ALTER TABLE requests ADD COLUMN redacted TEXT; -- ["header authorization", ".body.card.number", ...]; NULL: nothing

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
       q.removed_bytes IS NOT NULL AS body_removed,
       q.redacted AS redacted
  FROM requests q
  JOIN events e ON e.id = q.id
  JOIN flows f ON f.id = e.flow_id;

ALTER TABLE replay_events ADD COLUMN turn_was INTEGER;  -- of events.turn: 1 where it kept others of its key waiting
