/* SPDX-License-Identifier: MIT */
/* What the engine does besides walking: traces, resuming, the host's part. What a flow does
 * is shown by the cases of tests/flows. */
#include "common/clock.h"
#include "common/json.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/flow.h"
#include "common/header.h"
#include "common/outbound.h"
#include "flow/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WEBHOOK \
	"\"webhook\":{\"system\":\"generic\",\"name\":\"n\",\"url_suffix\":\"/o\"," \
	"\"methods\":[\"POST\"],\"authentication\":{\"type\":\"none\"}}"

static struct scope_event event = {
	.id = 42, .received_at = 1700000000000, .method = "POST", .path = "/in/o", .query = "",
	.headers = "[]", .suffix = "/o", .remote = "::1", .trigger = "arrival", .run = 1,
	.attempt = 1,
};

static struct flow *flow_of(const char *steps)
{
	char *text = mem_format("{\"name\":\"f\"," WEBHOOK ",\"steps\":%s}", steps);
	struct faults faults;
	struct flow *f = NULL;

	if (flow_parse(text, strlen(text), &f, &faults) < 0)
		fail_msg("%s: %s", faults.list[0].pointer, faults.list[0].text);
	faults_release(&faults);
	free(text);
	return f;
}

/* ---- a host that counts ---- */

static int calls, replies;
static char last_headers[2000];
static bool keep_fails;

static int host_call(void *arg, const struct outbound_request *q, struct outbound_response *r,
		     struct err *err)
{
	(void)arg;
	(void)err;
	calls++;
	snprintf(last_headers, sizeof(last_headers), "%s", q->headers);
	*r = (struct outbound_response){.status = 200, .headers = BUF_INIT, .body = BUF_INIT};
	buf_add_text(&r->body, "{\"n\":1}");
	r->body_is_json = true;
	return 0;
}

static int host_reply(void *arg, const struct reply *reply, struct err *err)
{
	(void)arg;
	(void)reply;
	replies++;
	return keep_fails ? err_set(err, ERR_BUSY, "the store is full") : 0;
}

static int host_secret(void *arg, const char *name, char **value, struct err *err)
{
	(void)arg;
	if (strcmp(name, "locked") == 0)
		return err_set(err, ERR_SYSTEM, "the key file cannot be read");
	*value = mem_dup("abcdefgh");
	return 1;
}

static struct run_host host = {.secret = host_secret, .reply = host_reply, .call = host_call,
			       .trace_values = true};

static void run(const char *steps, const char *resume, struct run_result *out)
{
	struct flow *f = flow_of(steps);

	calls = replies = 0;
	run_flow(f, &event, (struct slice){resume, resume ? strlen(resume) : 0}, &host, out);
	flow_free(f);
}

static const cJSON *entry(const cJSON *trace, int i, const char *member)
{
	return json_get(cJSON_GetArrayItem(trace, i), member);
}

static cJSON *trace_of(const struct run_result *r)
{
	struct err err;
	cJSON *trace = json_parse(r->steps.ptr, r->steps.len, &err);

	if (!trace)
		fail_msg("%s: %s", err.text, r->steps.ptr);
	return trace;
}

/* ---- tests ---- */

static void a_trace_says_what_was_done(void **state)
{
	struct run_result r;

	(void)state;
	run("[{\"name\":\"a\",\"type\":\"map\",\"value\":{\"x\":1}},"
	    "{\"name\":\"s\",\"type\":\"switch\",\"paths\":[{\"name\":\"p\",\"steps\":[]}]}]",
	    NULL, &r);
	cJSON *trace = trace_of(&r);
	assert_string_equal(entry(trace, 0, "name")->valuestring, "a");
	assert_string_equal(entry(trace, 0, "type")->valuestring, "map");
	assert_string_equal(entry(trace, 0, "outcome")->valuestring, "succeeded");
	assert_true(json_is_number(entry(trace, 0, "started_at")));
	assert_true(json_is_number(entry(trace, 0, "duration_ms")));
	assert_null(entry(trace, 0, "input"));
	assert_string_equal(entry(trace, 1, "path")->valuestring, "p");
	cJSON_Delete(trace);
	run_result_release(&r);
	run_result_release(&r);
}

static void values_are_traced_only_when_wanted(void **state)
{
	struct run_result r;

	(void)state;
	host.trace_values = false;
	run("[{\"name\":\"a\",\"type\":\"map\",\"value\":\"private\"}]", NULL, &r);
	host.trace_values = true;
	assert_null(strstr(r.steps.ptr, "private"));
	assert_null(strstr(r.steps.ptr, "output"));
	run_result_release(&r);
}

static void inputs_are_traced_with_stand_ins_for_secrets(void **state)
{
	struct run_result r;

	(void)state;
	host.trace_inputs = true;
	run("[{\"name\":\"c\",\"type\":\"http_request\",\"url\":\"https://x.example/{{ 1 + 1 }}\","
	    "\"headers\":{\"A\":\"{{ $secrets.k | ascii_upcase }}\",\"B\":[\"1\",\"2\"]},"
	    "\"body\":{\"k\":\"{{ $secrets.k }}\"}}]", NULL, &r);
	host.trace_inputs = false;
	cJSON *trace = trace_of(&r);
	char *input = json_print(entry(trace, 0, "input"));
	assert_string_equal(input,
			    "{\"url\":\"https://x.example/2\",\"body\":{\"k\":\"[secret k]\"},"
				   "\"headers\":[[\"A\",\"[SECRET K]\"],[\"B\",\"1\"],"
				   "[\"B\",\"2\"]]}");
	assert_non_null(strstr(last_headers, "[\"A\",\"ABCDEFGH\"]"));
	free(input);
	cJSON_Delete(trace);
	run_result_release(&r);
}

static void a_large_output_is_noted_not_kept(void **state)
{
	struct run_result r;

	(void)state;
	run("[{\"name\":\"a\",\"type\":\"map\",\"value\":\"{{ [range(30000)] }}\"},"
	    "{\"name\":\"b\",\"type\":\"map\",\"value\":\"{{ .steps.a | length }}\"}]", NULL, &r);
	cJSON *trace = trace_of(&r);
	assert_true(json_int(entry(trace, 0, "output"), "truncated", 0) > 65536);
	assert_true(json_bool(cJSON_GetArrayItem(trace, 0), "truncated", false));
	assert_int_equal(entry(trace, 1, "output")->valuedouble, 30000);
	cJSON_Delete(trace);
	run_result_release(&r);
}

static void a_call_carries_a_stable_key(void **state)
{
	const char *steps = "[{\"name\":\"c\",\"type\":\"http_request\","
			    "\"url\":\"https://x.example/\"}]";
	struct run_result r;

	(void)state;
	for (event.attempt = 1; event.attempt <= 2; event.attempt++) {
		run(steps, NULL, &r);
		assert_non_null(strstr(last_headers, "[\"Idempotency-Key\",\"ringbolt-42-c\"]"));
		assert_non_null(strstr(last_headers,
				       "[\"User-Agent\",\"Ringbolt/" RINGBOLT_VERSION "\"]"));
		run_result_release(&r);
	}
	event.attempt = 1;
	run("[{\"name\":\"c\",\"type\":\"http_request\",\"url\":\"https://x.example/\","
	    "\"headers\":{\"idempotency-key\":\"mine\",\"user-agent\":\"me\"}}]", NULL, &r);
	assert_string_equal(last_headers,
			    "[[\"idempotency-key\",\"mine\"],[\"user-agent\",\"me\"]]");
	run_result_release(&r);
}

#define TWO_CALLS \
	"[{\"name\":\"a\",\"type\":\"http_request\",\"url\":\"https://x.example/a\"}," \
	"{\"name\":\"r\",\"type\":\"webhook_response\",\"body\":\"{{ .steps.a.body.n }}\"}," \
	"{\"name\":\"b\",\"type\":\"map\",\"value\":\"{{ .steps.a.body.n }}\"}]"

static void a_resumed_run_does_nothing_twice(void **state)
{
	struct run_result first, second, third;

	(void)state;
	run(TWO_CALLS, NULL, &first);
	assert_int_equal(calls, 1);
	run(TWO_CALLS, first.steps.ptr, &second);
	assert_int_equal(calls, 0);
	assert_int_equal(second.outcome, RUN_SUCCEEDED);
	assert_int_equal(second.reply.status, 200);
	assert_string_equal(second.reply.body.ptr, "1");
	cJSON *trace = trace_of(&second);
	assert_string_equal(entry(trace, 0, "outcome")->valuestring, "reused");
	assert_string_equal(entry(trace, 1, "outcome")->valuestring, "succeeded"); /* it replies */
	assert_string_equal(entry(trace, 2, "outcome")->valuestring, "reused");
	cJSON_Delete(trace);
	run(TWO_CALLS, second.steps.ptr, &third); /* and what was reused can be again */
	assert_int_equal(calls, 0);
	run_result_release(&first);
	run_result_release(&second);
	run_result_release(&third);
}

static void only_what_succeeded_is_reused(void **state)
{
	struct run_result r;

	(void)state;
	run(TWO_CALLS,
	    "[{\"name\":\"a\",\"type\":\"http_request\",\"outcome\":\"failed\",\"output\":1}]",
	    &r);
	assert_int_equal(calls, 1);
	run_result_release(&r);
	run(TWO_CALLS,
	    "[{\"name\":\"a\",\"type\":\"map\",\"outcome\":\"succeeded\",\"output\":1}]", &r);
	assert_int_equal(calls, 1); /* another type: the flow has changed */
	run_result_release(&r);
	run(TWO_CALLS, "{\"no\":\"trace\"}", &r);
	assert_int_equal(calls, 1);
	run_result_release(&r);
	run(TWO_CALLS, "rubbish [", &r);
	assert_int_equal(calls, 1);
	run_result_release(&r);
}

static void a_call_whose_output_was_not_kept_is_not_repeated(void **state)
{
	static const char *const traces[] = {
		"[{\"name\":\"a\",\"type\":\"http_request\",\"outcome\":\"succeeded\"}]",
		"[{\"name\":\"a\",\"type\":\"http_request\",\"outcome\":\"succeeded\","
		"\"output\":{\"truncated\":70000},\"truncated\":true}]",
	};
	struct run_result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		run(TWO_CALLS, traces[i], &r);
		assert_int_equal(calls, 0);
		assert_int_equal(r.outcome, RUN_FAILED);
		assert_non_null(strstr(r.err.text, "replay from the start"));
		assert_string_equal(r.failed_step, "a");
		run_result_release(&r);
	}
}

#define REPLY_THEN_CALL \
	"[{\"name\":\"r\",\"type\":\"webhook_response\"}," \
	"{\"name\":\"c\",\"type\":\"http_request\",\"url\":\"https://x.example/\"}]"

static void a_reply_that_cannot_be_kept_fails_the_run(void **state)
{
	struct run_result r;

	(void)state;
	keep_fails = true;
	run(REPLY_THEN_CALL, NULL, &r);
	keep_fails = false;
	assert_int_equal(r.outcome, RUN_FAILED);
	assert_int_equal(r.err.kind, ERR_BUSY);
	assert_int_equal(calls, 0);
	assert_int_equal(replies, 1);
	run_result_release(&r);
	run(REPLY_THEN_CALL, NULL, &r);
	assert_int_equal(r.outcome, RUN_SUCCEEDED);
	assert_int_equal(replies, 1);
	run_result_release(&r);
}

static void a_secret_the_host_cannot_give_fails_the_step(void **state)
{
	struct run_result r;

	(void)state;
	run("[{\"name\":\"c\",\"type\":\"http_request\",\"url\":\"https://x.example/\","
	    "\"body\":\"{{ $secrets.locked }}\"}]", NULL, &r);
	assert_int_equal(r.err.kind, ERR_SYSTEM);
	assert_non_null(strstr(r.err.text, "step \"c\": body: the key file"));
	run_result_release(&r);
}

static void a_test_without_an_event_has_keys_of_its_own(void **state)
{
	struct run_result r;

	(void)state;
	event.id = 0;
	run("[{\"name\":\"c\",\"type\":\"http_request\",\"url\":\"https://x.example/\"}]", NULL,
	    &r);
	event.id = 42;
	assert_non_null(strstr(last_headers, "ringbolt-test-1700000000000-c"));
	run_result_release(&r);
}

static int busy_calls;
static int64_t busy_asks_ms;

static int host_busy(void *arg, const struct outbound_request *q, struct outbound_response *r,
		     struct err *err)
{
	(void)arg;
	(void)q;
	(void)err;
	*r = (struct outbound_response){.status = busy_calls++ ? 200 : 503, .headers = BUF_INIT,
					.body = BUF_INIT, .retry_after_ms = busy_asks_ms};
	return 0;
}

static void retry_after_is_honoured_within_bounds(void **state)
{
	const char *steps = "[{\"name\":\"c\",\"type\":\"http_request\",\"url\":\"https://x.example/\","
			    "\"retry\":{\"attempts\":3,\"pause_ms\":1,\"max_pause_ms\":500}}]";
	struct run_result r;

	(void)state;
	host.call = host_busy;
	busy_calls = 0;
	busy_asks_ms = 40;
	int64_t before = clock_mono_ms();
	run(steps, NULL, &r);
	assert_int_equal(r.outcome, RUN_SUCCEEDED);
	assert_true(clock_mono_ms() - before >= 40);
	assert_int_equal(busy_calls, 2);
	run_result_release(&r);
	busy_calls = 0;
	busy_asks_ms = 501; /* more than the step would wait: asking sooner is no use */
	run(steps, NULL, &r);
	assert_int_equal(r.outcome, RUN_FAILED);
	assert_int_equal(busy_calls, 1);
	run_result_release(&r);
	host.call = host_call;
}

static void preparing_twice_is_fine(void **state)
{
	struct flow *f = flow_of("[{\"name\":\"a\",\"type\":\"map\",\"value\":\"{{ 1 + 1 }}\"}]");
	struct flow *bad = flow_of("[{\"name\":\"a\",\"type\":\"map\","
				   "\"value\":\"{{ nosuch(1) }}\"}]");
	struct err err;

	(void)state;
	assert_int_equal(run_prepare(f, &err), 0);
	assert_int_equal(run_prepare(f, &err), 0);
	assert_int_equal(run_prepare(bad, &err), -1);
	assert_non_null(strstr(err.text, "flow \"f\": "));
	flow_free(f);
	flow_free(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trace_says_what_was_done),
		cmocka_unit_test(values_are_traced_only_when_wanted),
		cmocka_unit_test(inputs_are_traced_with_stand_ins_for_secrets),
		cmocka_unit_test(a_large_output_is_noted_not_kept),
		cmocka_unit_test(a_call_carries_a_stable_key),
		cmocka_unit_test(a_resumed_run_does_nothing_twice),
		cmocka_unit_test(only_what_succeeded_is_reused),
		cmocka_unit_test(a_call_whose_output_was_not_kept_is_not_repeated),
		cmocka_unit_test(a_reply_that_cannot_be_kept_fails_the_run),
		cmocka_unit_test(a_secret_the_host_cannot_give_fails_the_step),
		cmocka_unit_test(a_test_without_an_event_has_keys_of_its_own),
		cmocka_unit_test(retry_after_is_honoured_within_bounds),
		cmocka_unit_test(preparing_twice_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
