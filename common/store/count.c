/* SPDX-License-Identifier: MIT */
/*
 * Counting: how many arrivals and runs ended how, by day and by minute. The minutes also know
 * which ids came in them, so that a time becomes a range of ids without an index on
 * received_at, which every insert would have to write.
 */
#include "common/store/inside.h"

#include <string.h>

#define MINUTE_MS 60000
#define DAY_MINUTES 1440
/* Minutes become hours, and hours days, when they are older than this. */
#define AS_MINUTES (2 * DAY_MINUTES)
#define AS_HOURS (60 * DAY_MINUTES)

static int write_one(struct conn *c, const struct counted *k, struct err *err)
{
	return sql_do(c, err,
		      "INSERT INTO counts (day, flow_id, outcome, n) VALUES (?, ?, ?, ?) "
		      "ON CONFLICT (day, flow_id, outcome) DO UPDATE SET n = n + excluded.n",
		      "iiti", k->minute / DAY_MINUTES, k->flow_id, k->outcome, k->n) < 0 ||
		       sql_do(c, err,
			      "INSERT INTO minutes (minute, flow_id, outcome, n, first_id, last_id) "
			      "VALUES (?, ?, ?, ?, nullif(?, 0), nullif(?, 0)) "
			      "ON CONFLICT (minute, flow_id, outcome) DO UPDATE SET n = n + excluded.n, "
			      "first_id = min(coalesce(first_id, excluded.first_id), excluded.first_id), "
			      "last_id = max(coalesce(last_id, excluded.last_id), excluded.last_id)",
			      "iitiii", k->minute, k->flow_id, k->outcome, k->n, k->first_id, k->last_id) < 0
		       ? -1 : 0;
}

int counts_write(struct conn *c, struct err *err)
{
	for (size_t i = 0; i < c->n_counts; i++)
		if (write_one(c, &c->counts[i], err) < 0)
			return -1;
	c->n_counts = 0;
	return 0;
}

static int count(struct conn *c, const struct counted *one, struct err *err)
{
	for (size_t i = 0; i < c->n_counts; i++) {
		struct counted *k = &c->counts[i];
		if (k->flow_id != one->flow_id || k->minute != one->minute || strcmp(k->outcome, one->outcome) != 0)
			continue;
		k->n += one->n;
		k->last_id = one->last_id; /* ids rise within a transaction */
		return 0;
	}
	if (c->n_counts == COUNTED_MAX && counts_write(c, err) < 0)
		return -1;
	c->counts[c->n_counts++] = *one;
	return 0;
}

int counts_add_many(struct conn *c, int64_t now, int64_t flow_id, const char *outcome, int64_t n,
		    struct err *err)
{
	return count(c, &(struct counted){now / MINUTE_MS, flow_id, outcome, n, 0, 0}, err);
}

int counts_add(struct conn *c, int64_t now, int64_t flow_id, const char *outcome, struct err *err)
{
	return counts_add_many(c, now, flow_id, outcome, 1, err);
}

int counts_add_event(struct conn *c, int64_t now, int64_t flow_id, int64_t event_id, struct err *err)
{
	return count(c, &(struct counted){now / MINUTE_MS, flow_id, "accepted", 1, event_id, event_id}, err);
}

/* ---- from times to ids ---- */

/* The first minute of the row in which a time may have been counted: as coarse as the coarsest
 * row of that age may be. */
static int64_t row_of(int64_t at, int64_t newest_minute)
{
	int64_t minute = at / MINUTE_MS, age = newest_minute - minute;

	if (age < AS_MINUTES - DAY_MINUTES)
		return minute;
	return minute - minute % DAY_MINUTES;
}

int count_bounds(struct conn *c, int64_t since, int64_t until, int64_t *first, int64_t *last,
		 struct err *err)
{
	int64_t newest = 0;

	*first = 0;
	*last = INT64_MAX;
	if (sql_int(c, err, &newest, "SELECT coalesce(max(minute), 0) FROM minutes", "") < 0)
		return -1;
	if (since > 0 && sql_int(c, err, first,
				 "SELECT coalesce(min(first_id), 9223372036854775807) FROM minutes "
				 "WHERE minute >= ?", "i", row_of(since, newest)) < 0)
		return -1;
	if (until > 0 && sql_int(c, err, last, "SELECT coalesce(max(last_id), 0) FROM minutes "
				 "WHERE minute <= ?", "i", until / MINUTE_MS) < 0)
		return -1;
	return 0;
}

/* ---- from minutes to hours to days ---- */

struct rolling {
	int64_t from, to, span; /* minutes: [from, to) become rows of span */
};

static int roll(struct conn *c, void *arg, struct err *err)
{
	const struct rolling *r = arg;
	int moved = sql_do(c, err,
		"INSERT INTO minutes (minute, flow_id, outcome, n, first_id, last_id) "
		"SELECT minute - minute % ?1 AS whole, flow_id, outcome, sum(n), min(first_id), max(last_id) "
		"FROM minutes WHERE minute >= ?2 AND minute < ?3 AND minute % ?1 <> 0 GROUP BY 1, 2, 3 "
		"ON CONFLICT (minute, flow_id, outcome) DO UPDATE SET n = n + excluded.n, "
		"first_id = min(coalesce(first_id, excluded.first_id), coalesce(excluded.first_id, first_id)), "
		"last_id = max(coalesce(last_id, excluded.last_id), coalesce(excluded.last_id, last_id))",
		"iii", r->span, r->from, r->to);

	if (moved <= 0)
		return moved;
	return sql_do(c, err, "DELETE FROM minutes WHERE minute >= ?2 AND minute < ?3 AND minute % ?1 <> 0",
		      "iii", r->span, r->from, r->to);
}

/* The first row that is finer than span, before this minute; INT64_MAX: none. */
static int find_fine(struct store *s, int64_t before, int64_t span, int64_t *minute, struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	int got = sql_int(c, err, minute,
			  "SELECT coalesce(min(minute), 9223372036854775807) FROM minutes "
			  "WHERE minute < ? AND minute % ? <> 0", "ii", before, span);
	reader_give(s, c);
	return got < 0 ? -1 : 0;
}

/* A day at a time, so that no commit waits for long. */
static int roll_before(struct store *s, int64_t before, int64_t span, struct err *err)
{
	int64_t minute;

	before -= before % DAY_MINUTES;
	for (;;) {
		if (find_fine(s, before, span, &minute, err) < 0)
			return -1;
		if (minute >= before)
			return 0;
		int64_t day = minute - minute % DAY_MINUTES;
		struct rolling r = {day, day + DAY_MINUTES, span};
		if (commit(s, SYNC_LATER, roll, &r, err) < 0)
			return -1;
	}
}

int store_counts_roll(struct store *s, int64_t now, struct err *err)
{
	int64_t minute = now / MINUTE_MS;

	return roll_before(s, minute - AS_MINUTES, 60, err) < 0 ||
		       roll_before(s, minute - AS_HOURS, DAY_MINUTES, err) < 0 ? -1 : 0;
}

int store_minutes_each(struct store *s, int64_t since, int64_t until, const char *flow,
		       int (*each)(void *arg, const struct minute_row *row), void *arg, struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err, "SELECT m.minute, m.outcome, sum(m.n) FROM minutes m "
				   "LEFT JOIN flows f ON f.id = m.flow_id WHERE m.minute >= ?1 AND m.minute <= ?2 "
				   "AND (?3 IS NULL OR f.name = ?3) GROUP BY m.minute, m.outcome ORDER BY m.minute",
				   "iit", since / MINUTE_MS, until / MINUTE_MS, flow);
	int got = st ? 1 : -1;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		struct minute_row row = {sqlite3_column_int64(st, 0) * MINUTE_MS,
					 (const char *)sqlite3_column_text(st, 1), sqlite3_column_int64(st, 2)};
		if (each(arg, &row) < 0) {
			sql_done(st);
			got = 0;
		}
	}
	reader_give(s, c);
	return got < 0 ? -1 : 0;
}
