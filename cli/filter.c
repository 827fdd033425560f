/* SPDX-License-Identifier: MIT */
/* Which events are meant: the same words for list, tail, cancel and replay. */
#include "cli/cmd.h"

#include "common/clock.h"
#include "common/mem.h"
#include "common/nearest.h"

#include <stdlib.h>
#include <string.h>

static int read_state(const char *state, struct err *err)
{
	static const char *const states[] = {"queued", "running", "succeeded", "failed", "held",
					     "cancelled"};
	struct nearest near = {.word = state};
	char hint[128];

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (strcmp(states[i], state) == 0)
			return 0;
		nearest_offer(&near, states[i]);
	}
	return err_set(err, ERR_INVALID,
		       "no event is ever \"%.40s\"%s (queued, running, succeeded, failed, held, "
		       "cancelled)", state, nearest_hint(&near, hint));
}

int filter_time(const struct args *args, const char *name, int64_t now, int64_t *out,
		struct err *err)
{
	const char *text = args_value(args, name, NULL);

	if (!text || clock_parse(text, now, out))
		return 0;
	return err_set(err, ERR_INVALID,
		       "--%s must be an age such as 90s, 2h or 7d, or a time such as 2026-11-23 or "
		       "2026-11-23T14:00:00Z; it cannot be \"%.40s\"", name, text);
}

int filter_read(struct filter *f, const struct args *args, int64_t now, struct err *err)
{
	static const char *const names[] = {"flow", "state", "since", "until", "error", "where"};
	struct event_filter *e = &f->events;

	*f = (struct filter){0};
	e->flow = args_value(args, "flow", NULL);
	e->state = args_value(args, "state", NULL);
	e->error = args_value(args, "error", NULL);
	e->where = args_value(args, "where", NULL);
	if ((e->state && read_state(e->state, err) < 0) ||
	    filter_time(args, "since", now, &e->since, err) < 0 ||
	    filter_time(args, "until", now, &e->until, err) < 0)
		return -1;
	if (e->since && e->until && e->since >= e->until)
		return err_set(err, ERR_INVALID, "--since is not before --until: no event can match");
	f->ids = mem_array(args->n_words, sizeof(*f->ids));
	for (size_t i = 0; i < args->n_words; i++) {
		if (args_id(args->words[i], &f->ids[i], err) < 0) {
			filter_release(f);
			return -1;
		}
	}
	e->ids = f->ids;
	e->n_ids = args->n_words;
	f->any = args->n_words > 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		f->any = f->any || args_has(args, names[i]);
	return 0;
}

void filter_release(struct filter *f)
{
	free(f->ids);
	f->ids = NULL;
	f->events.ids = NULL;
}

int filter_missing(const struct filter *f, struct store *s, struct err *err)
{
	const struct event_filter *e = &f->events;
	struct event_detail detail;
	struct flow_row row = {0};
	int rc;

	if (e->flow) {
		rc = store_flow_load(s, e->flow, -1, &row, err);
		flow_row_release(&row);
		if (rc == 0)
			return err_set(err, ERR_MISSING, "there is no flow \"%.64s\" (`ringbolt flow list`)",
				       e->flow);
		return rc < 0 ? -1 : 0;
	}
	if (e->n_ids != 1)
		return 0;
	rc = store_event_load(s, e->ids[0], &detail, err);
	if (rc == 0)
		return err_set(err, ERR_MISSING, "there is no event %lld", (long long)e->ids[0]);
	if (rc > 0)
		event_detail_release(&detail);
	return rc < 0 ? -1 : 0;
}
