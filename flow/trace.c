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

static void add_output(struct walk *w, const struct trace_entry *e, struct buf *out)
{
	add_member(out, "output");
	if (e->output.len > TRACE_OUTPUT_MAX) {
		/* Said twice: an output may itself look like the note. */
		buf_addf(out, "{\"truncated\":%zu},\"truncated\":true", e->output.len);
		return;
	}
	secrets_mask_json(&w->secrets, buf_slice(&e->output), out);
}

void trace_add(struct walk *w, const struct trace_entry *e)
{
	struct buf *out = &w->out->steps;
	int64_t took_us = clock_mono_us() - e->started_us;

	buf_add_char(out, out->len ? ',' : '[');
	buf_add_text(out, "{\"name\":");
	buf_add_json_text(out, e->step->name, strlen(e->step->name));
	buf_addf(out, ",\"type\":\"%s\",\"outcome\":\"%s\",\"started_at\":%lld,"
		 "\"duration_ms\":%lld.%03lld", e->step->type->name, e->outcome,
		 (long long)e->started_at, (long long)(took_us / 1000),
		 (long long)(took_us % 1000));
	if (e->tries > 1)
		buf_addf(out, ",\"attempts\":%d", e->tries);
	if (w->n_entered == 1)
		buf_addf(out, ",\"path\":%s", w->paths.ptr);
	else if (w->n_entered > 1)
		buf_addf(out, ",\"path\":[%s]", w->paths.ptr);
	if (w->host->trace_inputs && w->inputs.len) {
		struct buf inputs = BUF_INIT;
		buf_addf(&inputs, "{%s}", w->inputs.ptr);
		add_member(out, "input");
		if (inputs.len > TRACE_OUTPUT_MAX)
			buf_addf(out, "{\"truncated\":%zu}", inputs.len);
		else
			secrets_mask_json(&w->secrets, buf_slice(&inputs), out);
		buf_release(&inputs);
	}
	if (w->host->trace_values && strcmp(e->outcome, "skipped") != 0)
		add_output(w, e, out);
	if (e->error.len) {
		add_member(out, "error");
		buf_add_slice(out, buf_slice(&e->error));
	}
	buf_add_char(out, '}');
}

static bool member_is(struct slice object, const char *name, const char *text)
{
	struct buf value = BUF_INIT;
	struct slice json;
	bool same = false;

	if (jsontext_member(object, name, strlen(name), &json)) {
		jsontext_text(json, &value);
		same = strcmp(value.ptr, text) == 0;
	}
	buf_release(&value);
	return same;
}

int trace_find(struct slice trace, const char *name, const char *type, struct slice *entry)
{
	struct jsontext_walk w;

	trace = trace.len ? jsontext_trim(trace) : trace;
	if (!trace.len || jsontext_kind(trace) != JSONTEXT_ARRAY)
		return 0;
	jsontext_walk_start(&w, trace);
	while (jsontext_walk_next(&w)) {
		if (jsontext_kind(w.value) != JSONTEXT_OBJECT ||
		    !member_is(w.value, "name", name) || !member_is(w.value, "type", type))
			continue;
		if (!member_is(w.value, "outcome", "succeeded") &&
		    !member_is(w.value, "outcome", "reused"))
			continue;
		*entry = w.value;
		return 1;
	}
	return 0;
}
