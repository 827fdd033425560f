/* SPDX-License-Identifier: MIT */
/* The trace of a run: what each step was given, what it gave, how long it took. Everything
 * written here has had its secrets masked. */
#include "flow/walk_inner.h"

#include "common/clock.h"
#include "common/jsontext.h"

#include <string.h>

static void add_member(struct buf *out, const char *name)
{
	buf_addf(out, ",\"%s\":", name);
}

static void add_truncated(struct buf *out, size_t len)
{
	/* Said twice: an output may itself look like the note. */
	buf_addf(out, "{\"truncated\":%zu},\"truncated\":true", len);
}

static void add_output(struct walk *w, const struct trace_entry *e, struct buf *out)
{
	add_member(out, "output");
	if (e->output.len > TRACE_OUTPUT_MAX)
		add_truncated(out, e->output.len);
	else
		secrets_mask_json(w->secrets, buf_slice(&e->output), out);
}

static void add_inputs(struct walk *w, struct buf *out)
{
	struct buf inputs = BUF_INIT;

	buf_addf(&inputs, "{%s}", w->hand.inputs.ptr);
	add_member(out, "input");
	if (inputs.len > TRACE_OUTPUT_MAX)
		buf_addf(out, "{\"truncated\":%zu}", inputs.len);
	else
		secrets_mask_json(w->secrets, buf_slice(&inputs), out);
	buf_release(&inputs);
}

void trace_index(const struct walk *w, struct buf *out)
{
	for (size_t i = 0; i < w->n_turns; i++)
		buf_addf(out, "%c%lld", i ? ',' : '[', (long long)w->turns[i].index);
	if (w->n_turns)
		buf_add_char(out, ']');
}

static void add_facts(struct walk *w, const struct trace_entry *e, struct buf *out)
{
	int64_t took_us = clock_mono_us() - e->started_us;

	if (e->waited) /* no clock of one process has seen it all */
		took_us = (clock_wall_ms() - e->started_at) * 1000;
	buf_add_text(out, ",{\"name\":");
	buf_add_json_text(out, e->step->name, strlen(e->step->name));
	buf_addf(out, ",\"type\":\"%s\"", e->step->type->name);
	if (w->n_turns) {
		add_member(out, "index");
		trace_index(w, out);
	}
	buf_addf(out, ",\"outcome\":\"%s\",\"started_at\":%lld,\"duration_ms\":%lld.%03lld",
		 e->outcome, (long long)e->started_at, (long long)(took_us / 1000),
		 (long long)(took_us % 1000));
	if (e->waited)
		buf_add_text(out, ",\"waited\":true");
	if (e->tries > 1)
		buf_addf(out, ",\"attempts\":%d", e->tries);
	if (e->result == STEP_ENDED || e->result == STEP_FAULT)
		buf_addf(out, ",\"%s\":true", e->result == STEP_ENDED ? "ended" : "fault");
}

static void write_entry(struct walk *w, const struct trace_entry *e, struct buf *out)
{
	bool values = w->host.trace_values || e->result == STEP_WAIT;

	add_facts(w, e, out);
	if (w->hand.n_entered == 1)
		buf_addf(out, ",\"path\":%s", w->hand.paths.ptr);
	else if (w->hand.n_entered > 1)
		buf_addf(out, ",\"path\":[%s]", w->hand.paths.ptr);
	if (w->host.trace_inputs && w->hand.inputs.len)
		add_inputs(w, out);
	if (values)
		buf_add_slice(out, buf_slice(&w->hand.notes));
	if (w->host.trace_values && strcmp(e->outcome, "skipped") != 0)
		add_output(w, e, out);
	if (e->error.len) {
		add_member(out, "error");
		buf_add_slice(out, buf_slice(&e->error));
	}
	buf_add_char(out, '}');
}

/* Writes an entry again, member by member, with the output given, or cut where it is long. */
static void copy_entry(struct slice entry, struct slice output, struct buf *out)
{
	struct jsontext_walk m;
	struct slice old;

	if (!output.ptr && jsontext_member(entry, "output", 6, &old))
		output = old;
	jsontext_walk_start(&m, entry);
	for (bool first = true; jsontext_walk_next(&m); first = false) {
		bool same = m.key.len == 8 && memcmp(m.key.ptr, "\"output\"", 8) == 0;
		if (same || (m.key.len == 11 && memcmp(m.key.ptr, "\"truncated\"", 11) == 0))
			continue;
		if (!first)
			buf_add_char(out, ',');
		buf_add_slice(out, m.key);
		buf_add_char(out, ':');
		buf_add_slice(out, m.value);
	}
	if (output.ptr) {
		add_member(out, "output");
		buf_add_slice(out, output);
	}
}

/* An entry of before the run waited, as it was: but now its output may be cut. */
static void write_copy(struct slice entry, struct buf *out)
{
	struct slice output;
	struct buf cut = BUF_INIT;

	if (jsontext_member(entry, "output", 6, &output) && output.len > TRACE_OUTPUT_MAX)
		add_truncated(&cut, output.len);
	buf_add_text(out, ",{");
	copy_entry(entry, cut.len ? buf_slice(&cut) : (struct slice){0}, out);
	buf_add_char(out, '}');
	buf_release(&cut);
}

void trace_add(struct walk *w, const struct trace_entry *e)
{
	struct buf *out = &w->out->steps;
	struct buf entry = BUF_INIT;

	if (e->copy.len)
		write_copy(e->copy, &entry);
	else
		write_entry(w, e, &entry);
	/* Before the entries of the steps it ran, which came to be while it did. */
	buf_grow(out, entry.len);
	memmove(out->ptr + e->at + entry.len, out->ptr + e->at, out->len - e->at + 1);
	memcpy(out->ptr + e->at, entry.ptr, entry.len);
	out->len += entry.len;
	w->n_entries++;
	buf_release(&entry);
}

void trace_close(struct walk *w)
{
	struct buf *out = &w->out->steps;

	if (out->len)
		out->ptr[0] = '[';
	else
		buf_add_char(out, '[');
	buf_add_char(out, ']');
}

/* ---- reading ---- */

bool trace_is(struct slice entry, const char *name, const char *text)
{
	struct buf value = BUF_INIT;
	struct slice json;
	bool same = false;

	if (jsontext_member(entry, name, strlen(name), &json)) {
		jsontext_text(json, &value);
		same = strcmp(value.ptr, text) == 0;
	}
	buf_release(&value);
	return same;
}

int trace_find(const struct walk *w, const struct step *s, struct slice *entry)
{
	struct jsontext_walk at;
	struct buf index = BUF_INIT;
	struct slice member;
	int found = 0;

	trace_index(w, &index);
	jsontext_walk_start(&at, w->resume);
	while (!found && jsontext_walk_next(&at)) {
		if (jsontext_kind(at.value) != JSONTEXT_OBJECT ||
		    !trace_is(at.value, "name", s->name) ||
		    !trace_is(at.value, "type", s->type->name))
			continue;
		found = index.len ? trace_is(at.value, "index", index.ptr)
				  : !jsontext_member(at.value, "index", 5, &member);
		*entry = at.value;
	}
	buf_release(&index);
	return found;
}

/* Is it outside of loops, or in a round that the step which waits is in, too? */
static bool in_hand(const struct walk *w, struct slice entry)
{
	struct slice index;

	if (!jsontext_member(entry, "index", 5, &index))
		return true;
	size_t len = index.len - 1; /* the bracket */
	return w->wait_index.len > len && memcmp(w->wait_index.ptr, index.ptr, len) == 0 &&
	       (w->wait_index.ptr[len] == ',' || w->wait_index.ptr[len] == ']');
}

static bool is_whole(struct slice entry)
{
	struct slice member;

	return (jsontext_member(entry, "output", 6, &member) &&
		!jsontext_member(entry, "truncated", 9, &member)) ||
	       trace_is(entry, "outcome", "skipped") || trace_is(entry, "outcome", "waiting");
}

void trace_make_whole(struct walk *w)
{
	struct buf whole = BUF_INIT, name = BUF_INIT, masked = BUF_INIT;
	struct jsontext_walk at;
	struct slice member, output;

	jsontext_walk_start(&at, buf_slice(&w->out->steps));
	while (jsontext_walk_next(&at)) {
		buf_add_char(&whole, whole.len ? ',' : '[');
		buf_clear(&name);
		if (jsontext_member(at.value, "name", 4, &member))
			jsontext_text(member, &name);
		if (is_whole(at.value) || !in_hand(w, at.value) ||
		    !scope_step_find(w->scope, name.ptr, name.len, &output)) {
			buf_add_slice(&whole, at.value);
			continue;
		}
		buf_clear(&masked);
		secrets_mask_json(w->secrets, output, &masked);
		buf_add_char(&whole, '{');
		copy_entry(at.value, buf_slice(&masked), &whole);
		buf_add_char(&whole, '}');
	}
	buf_add_text(&whole, whole.len ? "]" : "[]");
	buf_release(&w->out->steps);
	w->out->steps = whole;
	buf_release(&name);
	buf_release(&masked);
}
