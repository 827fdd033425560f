/* SPDX-License-Identifier: MIT */
/* Runs every case of the .case files in tests/flows/; their form is in the README there. */
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/flow.h"
#include "flow/header.h"
#include "flow/outbound.h"
#include "flow/run.h"
#include "tests/unit/read_file.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STOCK_WEBHOOK \
	"{\"system\":\"generic\",\"name\":\"Orders\",\"url_suffix\":\"/orders\"," \
	"\"methods\":[\"POST\"],\"authentication\":{\"type\":\"none\"}}"

enum section { FLOW, EVENT, SECRETS, ANSWERS, EXPECT, SECTIONS };
static const char *const section_names[] = {"flow", "event", "secrets", "answers", "expect"};

struct one_case {
	char name[200];
	int line;
	struct buf parts[SECTIONS];
	/* while it runs */
	const char *next_answer;
	struct buf calls;
	int replies_sent;
	size_t complaints;
};

/* ---- reading ---- */

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

static void case_reset(struct one_case *c, const char *name, int line)
{
	for (int i = 0; i < SECTIONS; i++)
		buf_clear(&c->parts[i]);
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->line = line;
}

static void add_flow_line(struct buf *out, const char *line)
{
	const char *macro;

	while ((macro = strstr(line, "@webhook"))) {
		buf_add(out, line, (size_t)(macro - line));
		buf_add_text(out, STOCK_WEBHOOK);
		line = macro + strlen("@webhook");
	}
	buf_addf(out, "%s\n", line);
}

/* ---- the host of a run ---- */

static int host_secret(void *arg, const char *name, char **value, struct err *err)
{
	struct one_case *c = arg;
	char key[100];

	(void)err;
	snprintf(key, sizeof(key), "%s=", name);
	const char *p = strstr(c->parts[SECRETS].ptr, key);
	if (!p)
		return 0;
	p += strlen(key);
	*value = mem_dup_len(p, strcspn(p, "\n"));
	return 1;
}

static int host_reply(void *arg, const struct reply *reply, struct err *err)
{
	struct one_case *c = arg;

	(void)err;
	assert_true(reply->status >= 200);
	c->replies_sent++;
	return 0;
}

/* An answer is a line: `200 BODY`, or `timeout words`, or `upstream words`. */
static int host_call(void *arg, const struct outbound_request *q, struct outbound_response *r,
		     struct err *err)
{
	struct one_case *c = arg;
	const char *line = c->next_answer, *body;
	struct err unread;

	*r = (struct outbound_response){.headers = BUF_INIT, .body = BUF_INIT};
	buf_addf(&c->calls, "%s %s%s%.*s\n", q->method, q->url, q->body.len ? " " : "",
		 (int)q->body.len, q->body.ptr ? q->body.ptr : "");
	assert_true(header_list_has((struct slice){q->headers, strlen(q->headers)},
				    "Idempotency-Key"));
	if (!*line)
		return err_set(err, ERR_UPSTREAM, "the case has no answer left");
	size_t len = strcspn(line, "\n");
	c->next_answer = line + len + (line[len] == '\n');
	body = strchr(line, ' ');
	size_t body_len = body && body < line + len ? (size_t)(line + len - body - 1) : 0;
	if (!(r->status = atoi(line)))
		return err_set(err, strncmp(line, "timeout", 7) == 0 ? ERR_TIMEOUT : ERR_UPSTREAM,
			       "%.*s", (int)body_len, body + 1);
	buf_add(&r->body, body_len ? body + 1 : "", body_len);
	buf_add_text(&r->headers, "{}");
	r->body_is_json = body_len && jsontext_check(buf_slice(&r->body), 100, &unread) == 0;
	return 0;
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
			struct jsontext_walk *trace, char **calls)
{
	char status[8];
	const char *want;

	snprintf(status, sizeof(status), "%d", r->reply.status);
	if (after(line, "outcome", &want))
		expect_text(c, r->err.text, want,
			    r->outcome == RUN_FAILED ? "failed" : "succeeded");
	else if (after(line, "error", &want) && !strstr(r->err.text, want))
		expect_text(c, "error", want, r->err.text);
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
	else if (after(line, "sent", &want) && c->replies_sent != atoi(want))
		complain(c, "the reply was sent early %d times", c->replies_sent);
	else if (after(line, "absent", &want) &&
		 (strstr(r->steps.ptr, want) || strstr(r->err.text, want)))
		complain(c, "\"%s\" is in the trace or the error: %s", want, r->steps.ptr);
	else if (*line && !after(line, "warning", &want) && !after(line, "error", &want) &&
		 !after(line, "sent", &want) && !after(line, "absent", &want))
		complain(c, "what does this line mean? %s", line);
}

/* The event: a request line, headers, an empty line, the body. */
static void read_event(char *text, struct scope_event *e, struct buf *headers)
{
	char *at = text, *line = next_line(&at);
	char *path = line ? strchr(line, ' ') : NULL, *query;

	*e = (struct scope_event){.id = 7, .received_at = 1700000000000, .method = "POST",
				  .path = "/in/orders", .query = "", .suffix = "/orders",
				  .remote = "203.0.113.9", .trigger = "arrival", .run = 1,
				  .attempt = 1};
	buf_add_char(headers, '[');
	if (path) {
		*path++ = '\0';
		e->method = line;
		e->path = path;
		query = strchr(path, '?');
		if (query) {
			*query = '\0';
			e->query = query + 1;
		}
	}
	while ((line = next_line(&at)) && *line) {
		char *colon = strstr(line, ": ");
		assert_non_null(colon);
		*colon = '\0';
		header_list_add(headers, line, colon + 2, strlen(colon + 2));
	}
	buf_add_char(headers, ']');
	e->headers = headers->ptr;
	e->body = (struct slice){at ? at : "", at ? strlen(at) : 0};
	while (e->body.len && e->body.ptr[e->body.len - 1] == '\n')
		e->body.len--;
}

static void run_one(struct one_case *c, struct flow *f)
{
	struct run_host host = {.arg = c, .secret = host_secret, .reply = host_reply,
				.call = host_call, .trace_values = true, .trace_inputs = true};
	char *event_text = mem_dup(c->parts[EVENT].ptr), *expect = mem_dup(c->parts[EXPECT].ptr);
	struct buf headers = BUF_INIT;
	struct scope_event event;
	struct run_result result;
	struct jsontext_walk trace;
	struct err err;

	c->next_answer = c->parts[ANSWERS].ptr;
	c->replies_sent = 0;
	buf_clear(&c->calls);
	read_event(event_text, &event, &headers);
	event.suffix = flow_webhook(f)->url_suffix;
	run_flow(f, &event, (struct slice){0}, &host, &result);
	/* Whatever happens, the trace is JSON. */
	if (jsontext_check(buf_slice(&result.steps), 250, &err) < 0)
		complain(c, "the trace is not JSON: %s\n%s", err.text, result.steps.ptr);
	jsontext_walk_start(&trace, buf_slice(&result.steps));
	char *at = expect, *line, *calls = c->calls.ptr;
	while ((line = next_line(&at)))
		expect_line(c, line, &result, &trace, &calls);
	if (next_line(&calls))
		complain(c, "more calls were made than expected");
	if (strstr(c->parts[EXPECT].ptr, "\nstep ") && jsontext_walk_next(&trace))
		complain(c, "more steps ran than expected: %s", result.steps.ptr);
	run_result_release(&result);
	buf_release(&headers);
	free(event_text);
	free(expect);
}

static void run_case(struct one_case *c)
{
	struct faults faults = {0};
	struct flow *f = NULL;

	int rc = flow_parse(c->parts[FLOW].ptr, c->parts[FLOW].len, &f, &faults);
	assert_int_equal(rc < 0, faults.errors > 0);
	if (rc == 0)
		rc = flow_check_expressions(f, &faults);
	check_faults(c, &faults);
	if (rc == 0 && strstr(c->parts[EXPECT].ptr, "outcome "))
		run_one(c, f);
	else if (strstr(c->parts[EXPECT].ptr, "outcome "))
		complain(c, "the flow does not parse");
	flow_free(f);
	faults_release(&faults);
}

static void run_file(void **state)
{
	char *text = read_file(*state), *at = text, *line;
	struct one_case c = {.calls = BUF_INIT};
	struct buf *part = NULL;
	int number = 0, cases = 0;

	assert_non_null(text);
	for (int i = 0; i < SECTIONS; i++)
		buf_init(&c.parts[i]);
	while ((line = next_line(&at))) {
		number++;
		if (strncmp(line, "=== ", 4) == 0) {
			if (cases++)
				run_case(&c);
			case_reset(&c, line + 4, number);
			part = &c.parts[FLOW];
		} else if (strncmp(line, "--- ", 4) == 0) {
			int i = 0;
			while (i < SECTIONS && strcmp(section_names[i], line + 4) != 0)
				i++;
			assert_true(i < SECTIONS);
			part = &c.parts[i];
		} else if (part == &c.parts[FLOW]) {
			add_flow_line(part, line);
		} else if (part) {
			buf_addf(part, "%s\n", line);
		}
	}
	if (cases)
		run_case(&c);
	for (int i = 0; i < SECTIONS; i++)
		buf_release(&c.parts[i]);
	buf_release(&c.calls);
	free(text);
	assert_true(cases > 0);
	assert_int_equal(c.complaints, 0);
}

int main(void)
{
	glob_t files;
	int failed;

	if (glob("tests/flows/*.case", 0, NULL, &files) != 0) {
		fprintf(stderr, "no tests/flows/*.case here; run from the top folder\n");
		return 1;
	}
	struct CMUnitTest *tests = mem_array(files.gl_pathc, sizeof(*tests));
	for (size_t i = 0; i < files.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){files.gl_pathv[i], run_file, NULL, NULL,
					       files.gl_pathv[i]};
	failed = _cmocka_run_group_tests("flow cases", tests, files.gl_pathc, NULL, NULL);
	globfree(&files);
	free(tests);
	return failed;
}
