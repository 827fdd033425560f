/* SPDX-License-Identifier: MIT */
/* Runs every case of the .case files in tests/flows/; their form is in the README there. */
#include "tests/unit/flow_case_expect.h"

#include "common/json.h"
#include "common/header.h"
#include "tests/unit/read_file.h"

#include <glob.h>

#define STOCK_WEBHOOK \
	"{\"system\":\"generic\",\"name\":\"Orders\",\"url_suffix\":\"/orders\"," \
	"\"methods\":[\"POST\"],\"authentication\":{\"type\":\"none\"}}"

/* ---- reading ---- */

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
	struct run_host host = {
		.arg = c, .secret = host_secret, .reply = host_reply, .call = host_call,
		.connection = host_connection, .trace_values = true, .trace_inputs = true, .flow = host_flow, .now_at = 1700000000000,
	};
	char *event_text = mem_dup(c->parts[EVENT].ptr), *expect = mem_dup(c->parts[EXPECT].ptr);
	struct buf headers = BUF_INIT;
	struct scope_event event;
	struct run_result result;
	struct jsontext_walk trace;
	struct err err;

	c->next_answer = c->parts[ANSWERS].ptr;
	c->replies_sent = 0;
	buf_clear(&c->calls);
	buf_clear(&c->keys);
	read_event(event_text, &event, &headers);
	event.suffix = flow_webhook(f)->url_suffix;
	c->waits = 0;
	if (c->parts[RESUME].len)
		run_flow(f, &event, buf_slice(&c->parts[RESUME]), &host, &result);
	else
		c->waits = run_flow_through(f, &event, &host, &result);
	/* Whatever happens, the trace is JSON. */
	if (jsontext_check(buf_slice(&result.steps), 250, &err) < 0)
		complain(c, "the trace is not JSON: %s\n%s", err.text, result.steps.ptr);
	jsontext_walk_start(&trace, buf_slice(&result.steps));
	char *at = expect, *line, *calls = c->calls.ptr, *keys = c->keys.ptr;
	while ((line = next_line(&at)))
		expect_line(c, line, &result, &trace, &calls, &keys);
	if (next_line(&calls))
		complain(c, "more calls were made than expected");
	if (strstr(c->parts[EXPECT].ptr, "\nstep ") && jsontext_walk_next(&trace))
		complain(c, "more steps ran than expected: %s", result.steps.ptr);
	run_result_release(&result);
	buf_release(&headers);
	free(event_text);
	free(expect);
}

/* The flows that can be called: a list of documents. */
static void read_flows(struct one_case *c)
{
	struct err err;
	cJSON *list = json_parse(c->parts[FLOWS].ptr, c->parts[FLOWS].len, &err);
	const cJSON *one;

	assert_non_null(list);
	cJSON_ArrayForEach(one, list) {
		struct faults faults = {0};
		char *text = json_print(one);
		if (flow_parse(text, strlen(text), &c->called[c->n_called++], &faults) < 0)
			fail_msg("line %d: %s", c->line, faults.list[0].text);
		faults_release(&faults);
		free(text);
	}
	cJSON_Delete(list);
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
	if (c->parts[FLOWS].len)
		read_flows(c);
	if (rc == 0 && strstr(c->parts[EXPECT].ptr, "outcome "))
		run_one(c, f);
	else if (strstr(c->parts[EXPECT].ptr, "outcome "))
		complain(c, "the flow does not parse");
	flow_free(f);
	while (c->n_called)
		flow_free(c->called[--c->n_called]);
	faults_release(&faults);
}

static void run_file(void **state)
{
	char *text = read_file(*state), *at = text, *line;
	struct one_case c = {.calls = BUF_INIT, .keys = BUF_INIT};
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
		} else if (part == &c.parts[FLOW] || part == &c.parts[FLOWS]) {
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
	buf_release(&c.keys);
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
