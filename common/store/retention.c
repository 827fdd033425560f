/* SPDX-License-Identifier: MIT */
/*
 * Removing what is old. Each kind is one row of a table: which statement finds the next few,
 * and what is done to one of them. Bodies and traces leave rows behind, so a mark remembers up
 * to where all has been removed; an event that is open holds the mark back until it has ended.
 */
#include "common/store/inside.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 200              /* rows of one transaction, */
#define BATCH_BYTES (4 << 20)  /* or so much of what they hold: pages are read to be freed */
#define FREE_PAGES_KEPT 256    /* for what comes next; more goes back to the disk */

/* Never touched: what is open, what keeps its key waiting, what is pinned. */
#define FINISHED "e.state IN ('succeeded', 'failed', 'cancelled') AND e.turn IS NOT 1"
#define AGED FINISHED " AND NOT EXISTS (SELECT 1 FROM pins p WHERE p.event_id = e.id)"

/* ---- one event ---- */

static int remove_body(struct conn *c, int64_t id, struct err *err)
{
	if (sql_do(c, err, "UPDATE runs SET reply_body = NULL "
		   "WHERE id > ?1 * 65536 AND id < (?1 + 1) * 65536 AND reply_body IS NOT NULL", "i", id) < 0)
		return -1;
	return sql_do(c, err, "UPDATE requests SET removed_bytes = length(body), body = x'' "
		      "WHERE id = ? AND removed_bytes IS NULL AND length(body) > 0", "i", id);
}

static int remove_trace(struct conn *c, int64_t id, struct err *err)
{
	int n = sql_do(c, err, "UPDATE runs SET steps = NULL "
		       "WHERE id > ?1 * 65536 AND id < (?1 + 1) * 65536 AND steps IS NOT NULL", "i", id);

	return n > 0 ? 1 : n;
}

static int remove_event(struct conn *c, int64_t id, struct err *err)
{
	/* A replay goes on knowing how it ended for the event. */
	if (sql_do(c, err, "UPDATE replay_events SET outcome = (SELECT state FROM events WHERE id = ?1) "
		   "WHERE event_id = ?1 AND replay_id = (SELECT replay_id FROM events WHERE id = ?1) "
		   "AND outcome IS NULL", "i", id) < 0 ||
	    sql_do(c, err, "DELETE FROM runs WHERE id > ?1 * 65536 AND id < (?1 + 1) * 65536", "i", id) < 0 ||
	    sql_do(c, err, "DELETE FROM requests WHERE id = ?", "i", id) < 0)
		return -1;
	return sql_do(c, err, "DELETE FROM events WHERE id = ?", "i", id);
}

static int remove_rejection(struct conn *c, int64_t id, struct err *err)
{
	return sql_do(c, err, "DELETE FROM rejections WHERE id = ?", "i", id);
}

/* ---- the kinds ---- */

/* find: ids and bytes of the next few, given ?1 the id they come after, ?2 the time they are
 * older than, ?3 the last id there may be, ?4 how many. */
static const struct kind {
	const char *name, *find;
	int (*remove)(struct conn *c, int64_t id, struct err *err);
} kinds[RETENTION_KINDS] = {
	{"bodies",
	 "SELECT e.id, length(q.body) FROM events e JOIN requests q ON q.id = e.id "
	 "WHERE e.id > ?1 AND e.received_at < ?2 AND e.id <= ?3 AND " AGED
	 " AND q.removed_bytes IS NULL ORDER BY e.id LIMIT ?4", remove_body},
	{"traces",
	 "SELECT e.id, (SELECT sum(length(r.steps)) FROM runs r WHERE r.id > e.id * 65536 AND "
	 "r.id < (e.id + 1) * 65536) AS bytes FROM events e "
	 "WHERE e.id > ?1 AND e.received_at < ?2 AND e.id <= ?3 AND " AGED
	 " AND bytes IS NOT NULL ORDER BY e.id LIMIT ?4", remove_trace},
	{"events",
	 "SELECT e.id, (SELECT length(q.body) FROM requests q WHERE q.id = e.id) FROM events e "
	 "WHERE e.id > ?1 AND e.received_at < ?2 AND e.id <= ?3 AND " AGED " ORDER BY e.id LIMIT ?4",
	 remove_event},
	{"rejections",
	 "SELECT id, 0 FROM rejections WHERE id > ?1 AND at < ?2 AND id <= ?3 ORDER BY id LIMIT ?4",
	 remove_rejection},
};

const char *retention_kind_name(enum retention_kind kind)
{
	return kinds[kind].name;
}

/* ---- a batch ---- */

struct batch {
	enum retention_kind kind;
	int64_t after, before_at, last; /* what is looked for */
	int64_t ids[BATCH], bytes[BATCH];
	size_t found;
	int64_t removed, removed_bytes, newest_at;
};

static int find_batch(struct conn *c, struct batch *b, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err, kinds[b->kind].find, "iiii", b->after, b->before_at, b->last,
				   (int64_t)BATCH);
	int64_t sum = 0;
	int got = st ? 1 : -1;

	b->found = 0;
	while (got > 0 && b->found < BATCH && sum < BATCH_BYTES && (got = sql_row(c, st, err)) > 0) {
		b->ids[b->found] = sqlite3_column_int64(st, 0);
		b->bytes[b->found] = sqlite3_column_int64(st, 1);
		sum += b->bytes[b->found++];
	}
	if (got > 0)
		sql_done(st);
	return got < 0 ? -1 : 0;
}

static int note_removed(struct conn *c, const struct batch *b, struct err *err)
{
	if (b->kind == RETENTION_REJECTIONS || !b->removed)
		return 0;
	return sql_do(c, err, "UPDATE retention_marks SET removed = removed + ?, "
		      "removed_at = max(removed_at, ?) WHERE kind = ?", "iit", b->removed, b->newest_at,
		      kinds[b->kind].name) < 0 ? -1 : 0;
}

/* Found and removed in one transaction, so that what is removed still is what was found. */
static int apply_batch(struct conn *c, void *arg, struct err *err)
{
	struct batch *b = arg;

	b->removed = b->removed_bytes = b->newest_at = 0;
	if (find_batch(c, b, err) < 0)
		return -1;
	if (b->found && b->kind != RETENTION_REJECTIONS &&
	    sql_int(c, err, &b->newest_at, "SELECT received_at FROM events WHERE id = ?", "i",
		    b->ids[b->found - 1]) < 0)
		return -1;
	for (size_t i = 0; i < b->found; i++) {
		int n = kinds[b->kind].remove(c, b->ids[i], err);
		if (n < 0)
			return -1;
		b->removed += n;
		b->removed_bytes += n ? b->bytes[i] : 0;
	}
	return note_removed(c, b, err);
}

/* ---- marks ---- */

static int read_mark(struct conn *c, enum retention_kind kind, int64_t *mark, struct err *err)
{
	*mark = 0;
	return sql_int(c, err, mark, "SELECT event_id FROM retention_marks WHERE kind = ?", "t",
		       kinds[kind].name) < 0 ? -1 : 0;
}

/* A pass of a kind has ended at this id: the mark goes there, or to the first event that is
 * still open. */
struct mark {
	enum retention_kind kind;
	int64_t upto;
};

static int set_mark(struct conn *c, void *arg, struct err *err)
{
	const struct mark *m = arg;

	return sql_do(c, err,
		      "UPDATE retention_marks SET event_id = max(event_id, min(?1, "
		      "coalesce((SELECT min(e.id) - 1 FROM events e WHERE e.id > event_id AND e.id <= ?1 AND NOT ("
		      FINISHED ")), ?1))) WHERE kind = ?2", "it", m->upto, kinds[m->kind].name) < 0 ? -1 : 0;
}

/* ---- the pass ---- */

static int run_batch(struct store *s, struct batch *b, struct retention_pass *pass,
		     struct retention_count *done, struct err *err)
{
	b->after = pass->after[b->kind];
	if (commit(s, SYNC_LATER, apply_batch, b, err) < 0)
		return -1;
	if (b->found)
		pass->after[b->kind] = b->ids[b->found - 1];
	done->n[b->kind] += b->removed;
	done->bytes[b->kind] += b->removed_bytes;
	return b->found > 0;
}

static int begin_kind(struct store *s, enum retention_kind kind, int64_t before_at, struct batch *b,
		      struct retention_pass *pass, struct err *err)
{
	struct conn *c = reader_take(s, err);
	int64_t first, mark = 0;

	*b = (struct batch){.kind = kind, .before_at = before_at, .last = INT64_MAX};
	if (!c)
		return -1;
	int rc = kind == RETENTION_REJECTIONS ? 0 : count_bounds(c, 0, before_at, &first, &b->last, err);
	if (rc == 0 && kind < RETENTION_EVENTS)
		rc = read_mark(c, kind, &mark, err);
	reader_give(s, c);
	if (pass->after[kind] < mark)
		pass->after[kind] = mark;
	return rc;
}

static int step_kind(struct store *s, enum retention_kind kind, int64_t before_at,
		     struct retention_pass *pass, struct retention_count *done, struct err *err)
{
	struct batch *b = mem_new(sizeof(*b));
	int got = begin_kind(s, kind, before_at, b, pass, err) < 0 ? -1 : run_batch(s, b, pass, done, err);

	if (got == 0) {
		/* A row is as old as its minute at least: what came in it may be younger. */
		struct mark m = {kind, pass->after[kind]};
		pass->ended[kind] = true;
		if (kind < RETENTION_EVENTS && commit(s, SYNC_LATER, set_mark, &m, err) < 0)
			got = -1;
	}
	free(b);
	return got;
}

static int over_budget(struct store *s, int64_t bytes, struct err *err)
{
	int64_t pages = 0, idle = 0, size = 0;
	struct conn *c = bytes > 0 ? reader_take(s, err) : NULL;

	if (!c)
		return bytes > 0 ? -1 : 0;
	int bad = sql_int(c, err, &pages, "PRAGMA page_count", "") < 0 ||
		  sql_int(c, err, &idle, "PRAGMA freelist_count", "") < 0 ||
		  sql_int(c, err, &size, "PRAGMA page_size", "") < 0;
	reader_give(s, c);
	return bad ? -1 : (pages - idle) * size > bytes;
}

int store_retention_step(struct store *s, const struct retention *r, int64_t now,
			 struct retention_pass *pass, struct retention_count *done, struct err *err)
{
	for (enum retention_kind kind = 0; kind < RETENTION_KINDS; kind++) {
		if (r->age_ms[kind] <= 0 || pass->ended[kind])
			continue;
		int got = step_kind(s, kind, now - r->age_ms[kind], pass, done, err);
		if (got)
			return got;
	}
	int over = over_budget(s, r->bytes, err);
	if (over <= 0)
		return over;
	struct retention_pass oldest = {0};
	return step_kind(s, RETENTION_EVENTS, now, &oldest, done, err);
}

/* ---- preview ---- */

static int preview_kind(struct conn *c, enum retention_kind kind, int64_t before_at,
			struct retention_count *out, struct err *err)
{
	struct batch *b = mem_new(sizeof(*b));
	int64_t first;

	*b = (struct batch){.kind = kind, .before_at = before_at, .last = INT64_MAX};
	int rc = kind == RETENTION_REJECTIONS ? 0 : count_bounds(c, 0, before_at, &first, &b->last, err);
	if (rc == 0 && kind < RETENTION_EVENTS)
		rc = read_mark(c, kind, &b->after, err);
	while (rc == 0 && (rc = find_batch(c, b, err)) == 0 && b->found) {
		out->n[kind] += (int64_t)b->found;
		for (size_t i = 0; i < b->found; i++)
			out->bytes[kind] += b->bytes[i];
		b->after = b->ids[b->found - 1];
	}
	free(b);
	return rc;
}

int store_retention_preview(struct store *s, const struct retention *r, int64_t now,
			    struct retention_count *out, struct err *err)
{
	struct conn *c = reader_take(s, err);
	int rc = c ? 0 : -1;

	*out = (struct retention_count){0};
	for (enum retention_kind kind = 0; rc == 0 && kind < RETENTION_KINDS; kind++)
		if (r->age_ms[kind] > 0)
			rc = preview_kind(c, kind, now - r->age_ms[kind], out, err);
	if (c)
		reader_give(s, c);
	return rc;
}

int store_retention_gone(struct store *s, int64_t *received_at, struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	int got = sql_int(c, err, received_at,
			  "SELECT max(removed_at) FROM retention_marks WHERE kind IN ('bodies', 'events')", "");
	reader_give(s, c);
	return got < 0 ? -1 : 0;
}

/* ---- space ---- */

static int vacuum(struct conn *c, void *arg, struct err *err)
{
	int64_t idle = 0;

	(void)arg;
	if (sql_int(c, err, &idle, "PRAGMA freelist_count", "") < 0)
		return -1;
	if (idle <= FREE_PAGES_KEPT)
		return 0;
	/* Each row of the answer is a page given back. */
	sqlite3_stmt *st = sql_ask(c, err, "PRAGMA incremental_vacuum(512)", "");
	int got = st ? 1 : -1;
	while (got > 0)
		got = sql_row(c, st, err);
	return got < 0 ? -1 : 1;
}

int store_space_return(struct store *s, struct err *err)
{
	return commit(s, SYNC_LATER, vacuum, NULL, err);
}

/* ---- pins ---- */

struct pin {
	int64_t id, now;
	const char *reason; /* NULL: unpin */
};

static int apply_pin(struct conn *c, void *arg, struct err *err)
{
	const struct pin *p = arg;
	int64_t there = 0;

	if (sql_int(c, err, &there, "SELECT 1 FROM events WHERE id = ?", "i", p->id) < 0)
		return -1;
	if (!there)
		return err_set(err, ERR_MISSING, "there is no event %lld", (long long)p->id);
	if (p->reason)
		return sql_do(c, err, "INSERT INTO pins (event_id, pinned_at, reason) VALUES (?, ?, ?) "
			      "ON CONFLICT DO NOTHING", "iit", p->id, p->now, p->reason);
	/* The marks have passed it by: they must come here again. */
	if (sql_do(c, err, "UPDATE retention_marks SET event_id = min(event_id, ? - 1)", "i", p->id) < 0)
		return -1;
	return sql_do(c, err, "DELETE FROM pins WHERE event_id = ?", "i", p->id);
}

int store_event_pin(struct store *s, int64_t id, const char *reason, int64_t now, struct err *err)
{
	struct pin p = {id, now, reason ? reason : ""};

	return commit(s, SYNC_AFTER, apply_pin, &p, err);
}

int store_event_unpin(struct store *s, int64_t id, struct err *err)
{
	struct pin p = {.id = id};

	return commit(s, SYNC_AFTER, apply_pin, &p, err);
}
