-- SPDX-License-Identifier: MIT
-- What would have refused a request whose webhook lets in who fails ("enforce": false).

ALTER TABLE requests ADD COLUMN unenforced TEXT; -- the cause; NULL: authentication held, or none was asked

-- Few rows have one: to list them costs nothing to those that have none.
CREATE INDEX requests_unenforced ON requests (id) WHERE unenforced IS NOT NULL;

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
       q.redacted AS redacted,
       q.unenforced AS unenforced
  FROM requests q
  JOIN events e ON e.id = q.id
  JOIN flows f ON f.id = e.flow_id;
