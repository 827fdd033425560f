/* SPDX-License-Identifier: MIT */
/* A run, for people. The trace is walked as text, so numbers are shown as they were. */
#include "cli/trace.h"

#include "cli/table.h"
#include "common/buf.h"
#include "common/jsontext.h"
#include "common/utf8.h"

#include <string.h>

#define SHOWN_MAX 2000

void trace_print_value(struct slice value, const char *indent, FILE *out)
{
	struct buf safe = BUF_INIT;
	size_t shown = value.len > SHOWN_MAX ? SHOWN_MAX : value.len;

	if (shown < value.len) /* not inside a character */
		while (shown && ((unsigned char)value.ptr[shown] & 0xC0) == 0x80)
			shown--;
	table_escape(value.ptr, shown, true, &safe);
	for (const char *line = safe.ptr; *line;) {
		size_t len = strcspn(line, "\n");
		fprintf(out, "%s%.*s\n", indent, (int)len, line);
		line += len + (line[len] == '\n');
	}
	if (shown < value.len)
		fprintf(out, "%s… (%zu of %zu bytes; --json shows all)\n", indent, shown, value.len);
	buf_release(&safe);
}

/* A member of a step, decoded; empty when it has none. */
static void member(struct slice object, const char *name, struct buf *out)
{
	struct slice value;

	buf_clear(out);
	if (jsontext_member(object, name, strlen(name), &value))
		jsontext_text(value, out);
}

static void print_member(struct slice step, const char *name, FILE *out)
{
	struct slice value;
	struct buf text = BUF_INIT;
	char label[32];

	if (!jsontext_member(step, name, strlen(name), &value))
		return;
	if (jsontext_kind(value) == JSONTEXT_NULL)
		return;
	jsontext_compact(value, &text);
	snprintf(label, sizeof(label), "       %-7s ", name);
	trace_print_value(buf_slice(&text), label, out);
	buf_release(&text);
}

static void print_step(size_t number, struct slice step, FILE *out)
{
	struct buf name = BUF_INIT, type = BUF_INIT, outcome = BUF_INIT, took = BUF_INIT, path = BUF_INIT;
	struct buf safe = BUF_INIT, index = BUF_INIT;

	member(step, "name", &name);
	member(step, "index", &index); /* the round of a loop: send[2] */
	buf_add_slice(&name, buf_slice(&index));
	member(step, "type", &type);
	member(step, "outcome", &outcome);
	member(step, "duration_ms", &took);
	member(step, "path", &path);
	table_escape(name.ptr, name.len, false, &safe);
	buf_clear(&name);
	table_escape(path.ptr, path.len, false, &name);
	fprintf(out, "  %2zu.  %-20s %-17s %-10s %s ms%s%s\n", number, safe.ptr, type.ptr, outcome.ptr,
		took.ptr, name.len ? "  → " : "", name.ptr);
	bool is_map = strcmp(type.ptr, "map") == 0;
	if (!is_map) /* what goes into a map is what comes out of it */
		print_member(step, "input", out);
	print_member(step, "output", out);
	print_member(step, "error", out);
	buf_release(&name);
	buf_release(&type);
	buf_release(&outcome);
	buf_release(&took);
	buf_release(&path);
	buf_release(&safe);
	buf_release(&index);
}

void trace_print_steps(struct slice steps, FILE *out)
{
	struct jsontext_walk w;
	size_t number = 0;

	if (!steps.len || jsontext_check(steps, JSONTEXT_DEPTH_MAX + 20, NULL) < 0)
		return;
	steps = jsontext_trim(steps);
	if (jsontext_kind(steps) != JSONTEXT_ARRAY)
		return;
	jsontext_walk_start(&w, steps);
	while (jsontext_walk_next(&w))
		print_step(++number, w.value, out);
}

void trace_print_headers(struct slice headers, const char *indent, FILE *out)
{
	struct jsontext_walk w;
	struct buf line = BUF_INIT;
	struct slice part;

	if (!headers.len || jsontext_check(headers, 8, NULL) < 0)
		return;
	headers = jsontext_trim(headers);
	if (jsontext_kind(headers) != JSONTEXT_ARRAY)
		return;
	jsontext_walk_start(&w, headers);
	while (jsontext_walk_next(&w)) {
		buf_clear(&line);
		if (jsontext_kind(w.value) != JSONTEXT_ARRAY || !jsontext_item(w.value, 0, &part))
			continue;
		jsontext_text(part, &line);
		buf_add_text(&line, ": ");
		if (jsontext_item(w.value, 1, &part))
			jsontext_text(part, &line);
		trace_print_value(buf_slice(&line), indent, out);
	}
	buf_release(&line);
}

void trace_print_body(struct slice body, FILE *out)
{
	fputs("\n", out);
	if (utf8_valid(body.ptr, body.len))
		trace_print_value(body, "  ", out);
	else
		fprintf(out, "  (%zu bytes that are no text)\n", body.len);
}

void trace_print_reply(int status, struct slice headers, struct slice body, FILE *out)
{
	fprintf(out, "reply %d\n", status);
	trace_print_headers(headers, "  ", out);
	if (body.len)
		trace_print_body(body, out);
}
