/* SPDX-License-Identifier: MIT */
#include "common/store/lane.h"

#include <string.h>

static const int64_t lane_order[LANE_KINDS] = {LANE_HIGH, LANE_NORMAL, LANE_LOW, LANE_REPLAY};

/* The last common lane; those behind it belong to single flows. */
#define COMMON_LAST 3

static void offer(struct lanes *lanes, const struct lane_head *head, int64_t now)
{
	size_t kind = 0;

	while ((lane_order[kind] & 3) != (head->lane & 3))
		kind++;
	lanes->due += head->due_at <= now;
	if (!lanes->heads[kind].due_at || head->due_at < lanes->heads[kind].due_at)
		lanes->heads[kind] = *head;
}

static int look_common(struct conn *c, int64_t now, struct lanes *lanes, struct err *err)
{
	for (size_t i = 0; i < LANE_KINDS; i++) {
		struct lane_head head = {.lane = lane_order[i], .room = INT64_MAX};
		int got = sql_int(c, err, &head.due_at,
				  "SELECT due_at FROM events WHERE state = 'queued' AND lane = ? "
				  "ORDER BY due_at LIMIT 1", "i", head.lane);
		if (got < 0)
			return -1;
		if (got > 0)
			offer(lanes, &head, now);
	}
	return 0;
}

/* The first lane behind this one that has something: 1, 0 none, -1. */
static int next_own(struct conn *c, struct lane_head *head, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT lane, due_at FROM events WHERE state = 'queued' AND lane > ? "
		"ORDER BY lane, due_at LIMIT 1", "i", head->lane);
	int got = st ? sql_row(c, st, err) : -1;

	if (got <= 0)
		return got;
	head->lane = sqlite3_column_int64(st, 0);
	head->due_at = sqlite3_column_int64(st, 1);
	sql_done(st);
	return 1;
}

static int find_room(struct conn *c, struct lane_head *head, struct err *err)
{
	return sql_int(c, err, &head->room,
		       "SELECT coalesce(concurrency - (SELECT count(*) FROM events "
		       "WHERE state = 'running' AND lane > 3 AND flow_id = ?1), 9223372036854775807) "
		       "FROM flows WHERE id = ?1", "i", head->lane >> 2) < 0 ? -1 : 0;
}

int lanes_look(struct conn *c, int64_t now, bool full, struct lanes *out, struct err *err)
{
	struct lane_head head = {.lane = COMMON_LAST};
	int got;

	memset(out, 0, sizeof(*out));
	if (look_common(c, now, out, err) < 0)
		return -1;
	while ((got = next_own(c, &head, err)) > 0) {
		if (!full && find_room(c, &head, err) < 0)
			return -1;
		if (full || head.room > 0)
			offer(out, &head, now);
	}
	return got;
}

const struct lane_head *lanes_next(const struct lanes *lanes, int64_t now)
{
	for (size_t i = 0; i < LANE_KINDS; i++)
		if (lanes->heads[i].due_at && lanes->heads[i].due_at <= now)
			return &lanes->heads[i];
	return NULL;
}

int lane_enter(struct conn *c, int64_t flow_id, int priority, int64_t *lane, bool *paused,
	       struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err, "SELECT paused, concurrency IS NOT NULL FROM flows WHERE id = ?",
				   "i", flow_id);
	int got = st ? sql_row(c, st, err) : -1;
	bool own = false;

	*paused = false;
	if (got < 0)
		return -1;
	if (got > 0) {
		*paused = sqlite3_column_int(st, 0);
		own = sqlite3_column_int(st, 1);
		sql_done(st);
	}
	*lane = priority > 0 ? LANE_HIGH : priority < 0 ? LANE_LOW : LANE_NORMAL;
	if (own)
		*lane = flow_id * 4 + (*lane & 3);
	return 0;
}

int lanes_move(struct conn *c, int64_t flow_id, bool own, struct err *err)
{
	return sql_do(c, err,
		      "UPDATE events SET lane = CASE "
		      "WHEN ?2 AND lane < -1 THEN -10 - " SQL_LANE_OWN("flow_id", "-10 - lane")
		      " WHEN ?2 THEN " SQL_LANE_OWN("flow_id", "lane")
		      " WHEN lane < -1 THEN -10 - " SQL_LANE_COMMON("-10 - lane")
		      " ELSE " SQL_LANE_COMMON("lane") " END WHERE id IN "
		      "(SELECT id FROM events WHERE state = 'queued' AND flow_id = ?1 "
		      "UNION ALL SELECT id FROM events WHERE state = 'running' AND flow_id = ?1 "
		      "UNION ALL SELECT id FROM events WHERE state = 'held' AND flow_id = ?1)",
		      "ii", flow_id, (int64_t)own) < 0 ? -1 : 0;
}
