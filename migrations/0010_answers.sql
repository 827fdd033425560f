-- SPDX-License-Identifier: MIT
-- event_history.status is what the caller got, also where a flow answers in its own words or its
-- system takes another status than 202 for success.

ALTER TABLE flow_versions ADD COLUMN answers TEXT; -- {"accepted": 200, "failed": 502}; NULL: the defaults

DROP VIEW event_history;
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
