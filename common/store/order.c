/* SPDX-License-Identifier: MIT */
#include "common/store/order.h"

#include <stdlib.h>

int order_enter(struct conn *c, int64_t flow_id, struct slice key, struct err *err)
{
	int64_t taken = 0;

	if (!key.ptr)
		return TURN_NONE;
	int got = sql_int(c, err, &taken,
			  "SELECT 1 FROM events WHERE flow_id = ? AND order_key = ? AND turn = 1", "is", flow_id, key);
	return got < 0 ? -2 : got == 0;
}

static int give_on(struct conn *c, int64_t event_id, int64_t flow_id, const char *key, struct err *err)
{
	if (sql_do(c, err, "UPDATE events SET turn = NULL WHERE id = ? AND turn = 1", "i", event_id) < 0)
		return -1;
	return sql_do(c, err,
		      "UPDATE events SET turn = 1, lane = -10 - lane WHERE id = (SELECT id FROM events "
		      "WHERE flow_id = ? AND order_key = ? AND turn = 0 ORDER BY id LIMIT 1)",
		      "it", flow_id, key);
}

int order_leave(struct conn *c, int64_t event_id, bool failed, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT e.flow_id, e.order_key, f.order_stop FROM events e JOIN flows f ON f.id = e.flow_id "
		"WHERE e.id = ? AND e.turn = 1", "i", event_id);
	int got = st ? sql_row(c, st, err) : -1;

	if (got <= 0)
		return got;
	int64_t flow_id = sqlite3_column_int64(st, 0);
	char *key = sql_column_dup(st, 1);
	bool stops = sqlite3_column_int(st, 2);
	sql_done(st);
	got = failed && stops ? 0 : give_on(c, event_id, flow_id, key, err);
	free(key);
	return got;
}

int order_cancel(struct conn *c, int64_t event_id, bool failed, struct err *err)
{
	if (sql_do(c, err, "UPDATE events SET turn = NULL, lane = -10 - lane WHERE id = ? AND turn = 0", "i",
		   event_id) < 0)
		return -1;
	return order_leave(c, event_id, failed, err);
}

int order_return(struct conn *c, int64_t event_id, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT flow_id, order_key FROM events WHERE id = ? AND order_key IS NOT NULL AND turn IS NULL",
		"i", event_id);
	int got = st ? sql_row(c, st, err) : -1;

	if (got <= 0)
		return got;
	int64_t flow_id = sqlite3_column_int64(st, 0);
	char *key = sql_column_dup(st, 1);
	struct slice slice = {key, (size_t)sqlite3_column_bytes(st, 1)};
	sql_done(st);
	int turn = order_enter(c, flow_id, slice, err);
	free(key);
	if (turn < TURN_NONE)
		return -1;
	return sql_do(c, err,
		      "UPDATE events SET turn = ?1, lane = CASE ?1 WHEN 0 THEN -10 - lane ELSE lane END "
		      "WHERE id = ?2", "ii", (int64_t)turn, event_id);
}
