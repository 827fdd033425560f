/* SPDX-License-Identifier: MIT */
/* Going on from an earlier run: after a delay of this one, or in a replay from the failed step.
 * What succeeded is not done again. What stands before a delay is settled: it is taken as it
 * was, failures and turnings too, since the run has gone on from them. */
#include "flow/walk_inner.h"

#include "common/clock.h"
#include "common/jsontext.h"

#include <stdlib.h>
#include <string.h>

/* Outputs may be as deep as bodies, and traces of flows that call each other lie in one another. */
#define DEPTH 1000

void resume_start(struct walk *w, struct slice trace)
{
	struct jsontext_walk at;
	struct slice waited;

	if (!trace.len || jsontext_check(trace, DEPTH, NULL) < 0)
		return;
	trace = jsontext_trim(trace);
	if (jsontext_kind(trace) != JSONTEXT_ARRAY)
		return;
	w->resume = trace;
	jsontext_walk_start(&at, trace);
	while (jsontext_walk_next(&at)) {
		if (jsontext_kind(at.value) == JSONTEXT_OBJECT &&
		    (trace_is(at.value, "outcome", "waiting") ||
		     jsontext_member(at.value, "waited", 6, &waited)))
			w->settled = at.value.ptr;
	}
}

static int64_t number(struct slice json)
{
	return strtoll(json.ptr, NULL, 10);
}

/* The error of an entry, as it was. */
static void read_error(struct walk *w, struct slice entry, struct err *err)
{
	struct slice error, part;
	struct buf text = BUF_INIT;

	err_set(err, ERR_INVALID, "it failed before the run waited");
	if (!jsontext_member(entry, "error", 5, &error) ||
	    jsontext_kind(error) != JSONTEXT_OBJECT)
		return;
	if (jsontext_member(error, "text", 4, &part))
		jsontext_text(part, &text);
	for (int kind = ERR_INVALID; kind <= ERR_DISK; kind++) {
		if (trace_is(error, "kind", err_word((enum err_kind)kind)))
			err_set(err, (enum err_kind)kind, "%s", text.ptr);
	}
	if (jsontext_member(error, "status", 6, &part))
		w->hand.failed_status = (int)number(part);
	buf_release(&text);
}

static bool flagged(struct slice entry, const char *name)
{
	struct slice flag;

	return jsontext_member(entry, name, strlen(name), &flag) != 0;
}

/* An entry that stands before a delay. */
static enum step_result settle(struct walk *w, const struct step *s, struct trace_entry *entry,
			       struct slice old, struct err *err)
{
	bool failed = trace_is(old, "outcome", "failed");

	if (failed || w->same_run)
		entry->copy = old;
	else
		entry->outcome = "reused";
	if (failed) {
		read_error(w, old, err);
		return flagged(old, "ended") ? STEP_ENDED : flagged(old, "fault") ? STEP_FAULT : STEP_FAILED;
	}
	if (!s->type->again)
		return STEP_NEXT;
	enum step_result result = s->type->again(w, s, buf_slice(&entry->output), err);
	if (result == STEP_FAILED)
		entry->copy = (struct slice){0};
	return result;
}

int resume_step(struct walk *w, const struct step *s, struct trace_entry *entry,
		enum step_result *result, struct err *err)
{
	struct slice old, part;

	if (!w->resume.len || !trace_find(w, s, &old))
		return 0;
	w->hand.earlier = old;
	bool settled = w->settled && old.ptr < w->settled;
	if (trace_is(old, "outcome", "waiting")) {
		entry->waited = true;
		if (jsontext_member(old, "started_at", 10, &part))
			entry->started_at = number(part);
		return 0;
	}
	bool succeeded = trace_is(old, "outcome", "succeeded") || trace_is(old, "outcome", "reused");
	if (!succeeded && !(settled && trace_is(old, "outcome", "failed")))
		return 0;
	if (s->type->anew && !settled)
		return 0;
	if (jsontext_member(old, "output", 6, &part) && !flagged(old, "truncated")) {
		buf_add_slice(&entry->output, part);
	} else if (s->effects_within) {
		err_set(err, ERR_CONFLICT, "it succeeded in the earlier run, but its output was not "
			"kept; replay from the start");
		*result = STEP_ENDED;
		return 1;
	} else {
		return 0;
	}
	entry->waited = flagged(old, "waited");
	*result = STEP_NEXT;
	if (settled)
		*result = settle(w, s, entry, old, err);
	else
		entry->outcome = "reused";
	return 1;
}

int walk_earlier(struct walk *w, const char *name, struct slice *json)
{
	size_t len = strlen(name);

	if (w->hand.tried.len)
		return jsontext_member(buf_slice(&w->hand.tried), name, len, json);
	return w->hand.earlier.len && jsontext_member(w->hand.earlier, name, len, json);
}

void walk_note(struct walk *w, const char *name, struct slice json)
{
	buf_addf(&w->hand.notes, ",\"%s\":", name);
	secrets_mask_json(w->secrets, json, &w->hand.notes);
}
