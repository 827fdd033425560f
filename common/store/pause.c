/* SPDX-License-Identifier: MIT */
/* Pausing a flow holds its events, resuming queues them again: in small transactions, so that
 * intake goes on however many there are. */
#include "common/store/inside.h"

#include "common/clock.h"

/* Events moved in one transaction. */
#define CHUNK 1000

struct pausing {
	const char *name;
	bool paused;
	int64_t now;
	int64_t flow_id;  /* found by the first step */
	int64_t gap_us;   /* between resumed events */
	int64_t moved;
};

static int set_paused(struct conn *c, void *arg, struct err *err)
{
	struct pausing *p = arg;
	int got = sql_int(c, err, &p->flow_id, "SELECT id FROM flows WHERE name = ?", "t", p->name);

	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(err, ERR_MISSING, "there is no flow \"%s\": `ringbolt flow list` shows what there is",
			       p->name);
	if (sql_do(c, err, "UPDATE flows SET paused = ?, updated_at = ? WHERE id = ?", "iii",
		   (int64_t)p->paused, p->now, p->flow_id) < 0)
		return -1;
	return config_changed(c, err);
}

static int hold_some(struct conn *c, void *arg, struct err *err)
{
	struct pausing *p = arg;

	return sql_do(c, err,
		      "UPDATE events SET state = 'held' WHERE id IN (SELECT id FROM events "
		      "WHERE state = 'queued' AND flow_id = ? LIMIT ?)", "ii", p->flow_id, (int64_t)CHUNK);
}

/* In the order of their arrival, at the rate that was asked for. */
static int resume_some(struct conn *c, void *arg, struct err *err)
{
	struct pausing *p = arg;

	return sql_do(c, err,
		      "UPDATE events SET state = 'queued', owner = ?, due_at = ? + (? + n.place) * ? / 1000 "
		      "FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM "
		      "      (SELECT id FROM events WHERE state = 'held' AND flow_id = ? ORDER BY id LIMIT ?)) AS n "
		      "WHERE events.id = n.id",
		      "iiiiii", (int64_t)OWNER_NOBODY, p->now, p->moved, p->gap_us, p->flow_id, (int64_t)CHUNK);
}

int store_flow_pause(struct store *s, const char *name, bool paused, int per_second, int64_t now,
		     struct err *err)
{
	struct pausing p = {.name = name, .paused = paused, .now = now,
			    .gap_us = per_second > 0 ? 1000000 / per_second : 0};
	int moved;

	if (commit(s, SYNC_AFTER, set_paused, &p, err) < 0)
		return -1;
	bell_ring_config(s->bell);
	while ((moved = commit(s, SYNC_LATER, paused ? hold_some : resume_some, &p, err)) > 0) {
		p.moved += moved;
		atomic_fetch_add(&s->bell->queued, paused ? -moved : moved);
		if (!paused)
			bell_ring_work_all(s->bell);
	}
	return moved < 0 ? -1 : (int)p.moved;
}
