-- SPDX-License-Identifier: MIT
-- How a request differs from the structure that its webhook expects ("mismatch": "warn").

ALTER TABLE requests ADD COLUMN warnings TEXT; -- [{"pointer","text"},...]; NULL: none

DROP VIEW event_requests;
CREATE VIEW event_requests AS
SELECT q.id AS id,
       f.name AS flow,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.received_at / 1000.0, 'unixepoch') AS received_at,
       q.method AS method, q.path AS path, q.query AS query, q.remote AS remote,
       q.headers AS headers,
       length(q.body) AS body_bytes,
       CASE WHEN instr(q.body, x'00') = 0 THEN CAST(q.body AS TEXT) END AS body,
       q.body AS body_raw,
       q.warnings AS warnings
  FROM requests q
  JOIN events e ON e.id = q.id
  JOIN flows f ON f.id = e.flow_id;
