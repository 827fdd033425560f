/* SPDX-License-Identifier: MIT */
/* What a case of tests/flows/ expects, compared with what came; for test_flow_cases.c. */
#ifndef TESTS_UNIT_FLOW_CASE_EXPECT_H
#define TESTS_UNIT_FLOW_CASE_EXPECT_H

#include "tests/unit/flow_case.h"

/* The next line, without its end; NULL at the end of the text. */
static char *next_line(char **at)
{
	char *line = *at, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	*at = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return line;
}

/* ---- comparing ---- */

static void PRINTF(2, 3) complain(struct one_case *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "line %d, case \"%s\": ", c->line, c->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	c->complaints++;
}

static bool after(const char *line, const char *word, const char **rest)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || (line[n] && line[n] != ' '))
		return false;
	*rest = line[n] ? line + n + 1 : "";
	return true;
}

/* `fault /pointer: words`; `fault : words` is the whole document. */
static void expect_fault(struct one_case *c, const char *want, struct faults *faults, bool warning,
			 bool *met)
{
	const char *words = strstr(want, ": ");

	assert_non_null(words);
	for (size_t i = 0; i < faults->count; i++) {
		struct fault *f = &faults->list[i];
		if (!met[i] && f->warning == warning &&
		    strlen(f->pointer) == (size_t)(words - want) &&
		    strncmp(f->pointer, want, (size_t)(words - want)) == 0 &&
		    strstr(f->text, words + 2)) {
			met[i] = true;
			return;
		}
	}
	complain(c, "no such %s: %s", warning ? "warning" : "fault", want);
}

static void check_faults(struct one_case *c, struct faults *faults)
{
	char *text = mem_dup(c->parts[EXPECT].ptr), *at = text, *line;
	bool *met = mem_array(faults->count + 1, sizeof(*met));
	const char *want;

	while ((line = next_line(&at))) {
		if (after(line, "fault", &want))
			expect_fault(c, want, faults, false, met);
		else if (after(line, "warning", &want))
			expect_fault(c, want, faults, true, met);
	}
	for (size_t i = 0; i < faults->count; i++) {
		if (!met[i])
			complain(c, "not expected: %s %s: %s",
				 faults->list[i].warning ? "warning" : "fault",
				 faults->list[i].pointer, faults->list[i].text);
	}
	free(met);
	free(text);
}

/* `step NAME OUTCOME [OUTPUT]` against the trace's next entry. */
static void expect_step(struct one_case *c, const char *want, struct jsontext_walk *trace)
{
	struct buf got = BUF_INIT;
	struct slice member;

	if (!jsontext_walk_next(trace)) {
		complain(c, "the trace ends before: %s", want);
		return;
	}
	if (jsontext_member(trace->value, "name", 4, &member))
		jsontext_text(member, &got);
	if (jsontext_member(trace->value, "index", 5, &member))
		jsontext_text(member, &got);
	buf_add_char(&got, ' ');
	if (jsontext_member(trace->value, "outcome", 7, &member))
		jsontext_text(member, &got);
	if (strlen(want) > got.len && jsontext_member(trace->value, "output", 6, &member)) {
		buf_add_char(&got, ' ');
		jsontext_compact(member, &got);
	}
	if (strcmp(got.ptr, want) != 0)
		complain(c, "wanted step %s\n     got %s", want, got.ptr);
	buf_release(&got);
}

static void expect_text(struct one_case *c, const char *what, const char *want, const char *got)
{
	if (!got || strcmp(got, want) != 0)
		complain(c, "wanted %s %s\n     got %s", what, want, got ? got : "none");
}

static void expect_line(struct one_case *c, const char *line, const struct run_result *r,
			struct jsontext_walk *trace, char **calls, char **keys)
{
	char status[8];
	const char *want;

	snprintf(status, sizeof(status), "%d", r->reply.status);
	if (after(line, "outcome", &want))
		expect_text(c, r->err.text, want,
			    r->outcome == RUN_FAILED    ? "failed"
			    : r->outcome == RUN_WAITING ? "waiting" : "succeeded");
	else if (after(line, "error", &want) && !strstr(r->err.text, want))
		expect_text(c, "error", want, r->err.text);
	else if (after(line, "reason", &want))
		expect_text(c, "reason", want, r->err.text);
	else if (after(line, "reply", &want))
		expect_text(c, "reply", want, r->replied ? status : "none");
	else if (after(line, "headers", &want))
		expect_text(c, "headers", want, r->reply.headers);
	else if (after(line, "body", &want))
		expect_text(c, "body", want, r->reply.body.ptr);
	else if (after(line, "step", &want))
		expect_step(c, want, trace);
	else if (after(line, "call", &want))
		expect_text(c, "call", want, next_line(calls));
	else if (after(line, "key", &want))
		expect_text(c, "key", want, next_line(keys));
	else if (after(line, "waits", &want) && c->waits != atoi(want))
		complain(c, "it waited %d times", c->waits);
	else if (after(line, "trace", &want) && !strstr(r->steps.ptr, want))
		expect_text(c, "in the trace", want, r->steps.ptr);
	else if (after(line, "sent", &want) && c->replies_sent != atoi(want))
		complain(c, "the reply was sent early %d times", c->replies_sent);
	else if (after(line, "absent", &want) &&
		 (strstr(r->steps.ptr, want) || strstr(r->err.text, want)))
		complain(c, "\"%s\" is in the trace or the error: %s", want, r->steps.ptr);
	else if (*line && !after(line, "warning", &want) && !after(line, "error", &want) &&
		 !after(line, "sent", &want) && !after(line, "absent", &want) &&
		 !after(line, "waits", &want) && !after(line, "trace", &want))
		complain(c, "what does this line mean? %s", line);
}

#endif
