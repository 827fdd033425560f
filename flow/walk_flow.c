/* SPDX-License-Identifier: MIT */
/* A flow within a flow: a run of its own in all but its secrets, its host and its keys. */
#include "flow/walk_inner.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

static int find_flow(struct walk *w, const char *name, struct flow **flow, struct err *err)
{
	int deep = 1;

	for (const struct walk *up = w; up; up = up->caller, deep++) {
		if (strcmp(flow_name(up->flow), name) == 0)
			return err_set(err, ERR_INVALID, "flow \"%s\" is running already, and this "
				       "call would go round for ever: take the call out of one of "
				       "them", name);
	}
	if (deep > WALK_FLOWS_DEEP + 1)
		return err_set(err, ERR_INVALID, "flows may call each other at most %d deep; flow "
			       "\"%s\" would be one more", WALK_FLOWS_DEEP, name);
	int got = w->host.flow ? w->host.flow(w->host.arg, name, flow, err) : 0;
	if (got == 0)
		return err_set(err, ERR_MISSING, "there is no published flow \"%s\"; apply it, or "
			       "mend the name", name);
	return got < 0 ? -1 : 0;
}

int walk_flow(struct walk *w, const struct step *s, const char *name, struct scope_event *event,
	      struct slice resume, struct run_result *out, struct buf *last, struct err *err)
{
	struct walk *inner;
	struct flow *flow;

	if (find_flow(w, name, &flow, err) < 0)
		return -1;
	event->id = w->event->id;
	event->received_at = w->event->received_at;
	event->remote = w->event->remote;
	event->run = w->event->run;
	event->attempt = w->event->attempt;
	event->system = flow_system(flow);
	inner = mem_new(sizeof(*inner)); /* too large for a stack of several */
	walk_init(inner, flow, event, &w->host, out);
	inner->host.reply = NULL; /* the caller's caller is answered by the outermost flow */
	inner->caller = w;
	inner->secrets = w->secrets;
	inner->same_run = w->same_run;
	walk_key(w, s, &inner->key);
	buf_add_char(&inner->key, '-');
	resume_start(inner, resume);
	walk_run(inner);
	if (inner->last_step)
		buf_add_slice(last, walk_round_output(inner));
	w->hand.failed_status = out->failed_status;
	walk_release(inner);
	free(inner);
	return 0;
}
