/* SPDX-License-Identifier: MIT */
/* What a run may cost: thirty steps over a megabyte, loops of many rounds, long traces. The
 * bounds are generous (measured on two cores: 0.21 s and 22 MiB for the thirty steps); a
 * sanitizer or valgrind gets more. */
#include "common/clock.h"
#include "common/json.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/flow.h"
#include "common/outbound.h"
#include "flow/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#define WEBHOOK \
	"\"webhook\":{\"system\":\"generic\",\"name\":\"n\",\"url_suffix\":\"/o\"," \
	"\"methods\":[\"POST\"],\"authentication\":{\"type\":\"none\"}}"

static struct scope_event event = {
	.id = 42, .received_at = 1700000000000, .method = "POST", .path = "/in/o", .query = "",
	.headers = "[[\"Content-Type\",\"application/json\"]]", .suffix = "/o", .remote = "::1",
	.trigger = "arrival", .run = 1, .attempt = 1,
};
static int calls;

static int host_call(void *arg, const struct outbound_request *q, struct outbound_response *r,
		     struct err *err)
{
	(void)arg;
	(void)q;
	(void)err;
	calls++;
	*r = (struct outbound_response){.status = 200, .headers = BUF_INIT, .body = BUF_INIT};
	return 0;
}

static struct run_host host = {.call = host_call, .trace_values = true};

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

static void run(const char *steps, struct run_result *out)
{
	struct flow *f = flow_of(steps);

	calls = 0;
	run_flow(f, &event, (struct slice){0}, &host, out);
	flow_free(f);
	if (out->outcome == RUN_FAILED)
		fail_msg("%s", out->err.text);
	assert_int_equal(jsontext_check(buf_slice(&out->steps), 250, NULL), 0);
}

static bool watched(void)
{
	return getenv("VALGRIND") || getenv("SANITIZED");
}

static long peak_kib(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return used.ru_maxrss;
}

/* A megabyte of orders. */
static void add_body(struct buf *body)
{
	buf_add_char(body, '[');
	for (int i = 0; body->len < 1024 * 1024; i++)
		buf_addf(body, "%s{\"id\":%d,\"sku\":\"A-%d\",\"quantity\":%d,\"note\":\"as it came\"}",
			 i ? "," : "", i, i % 100, i % 7);
	buf_add_char(body, ']');
}

/* Ten times: the body whole, a plain path, and jq over all of it. */
static void thirty_steps_over_a_megabyte_take_less_than_five_seconds_and_128_mib(void **state)
{
	struct buf steps = BUF_INIT, body = BUF_INIT;
	struct run_result r;

	(void)state;
	add_body(&body);
	event.body = buf_slice(&body);
	for (int i = 0; i < 10; i++) {
		buf_addf(&steps, "%c{\"name\":\"a%d\",\"type\":\"map\",\"value\":\"{{ .body }}\"},", i ? ',' : '[', i);
		buf_addf(&steps, "{\"name\":\"b%d\",\"type\":\"map\",\"value\":\"{{ .steps.a%d[17].sku }}\"},", i, i);
		buf_addf(&steps, "{\"name\":\"c%d\",\"type\":\"map\",\"value\":"
			 "\"{{ [.body[] | select(.quantity > %d) | .id] | add }}\"}", i, i % 5);
	}
	buf_add_char(&steps, ']');
	long before = peak_kib();
	int64_t began = clock_mono_ms();
	run(steps.ptr, &r);
	int64_t took = clock_mono_ms() - began;
	long more = peak_kib() - before;
	print_message("30 steps, 1 MiB: %lld ms, %ld MiB\n", (long long)took, more / 1024);
	assert_true(took < (watched() ? 60000 : 5000));
	assert_true(watched() || more < 128 * 1024);
	assert_true(r.steps.len < 64 * 1024); /* the trace keeps no megabytes */
	run_result_release(&r);
	event.body = (struct slice){0};
	buf_release(&steps);
	buf_release(&body);
}

static void ten_thousand_rounds_are_counted_in_a_bounded_trace(void **state)
{
	struct run_result r;
	struct err err;

	(void)state;
	run("[{\"name\":\"each\",\"type\":\"for_each\",\"items\":\"{{ [range(10000)] }}\",\"limit\":10000,"
	    "\"steps\":[{\"name\":\"m\",\"type\":\"map\",\"value\":\"{{ .item }}\"},"
	    "{\"name\":\"n\",\"type\":\"map\",\"value\":[\"{{ .steps.m }}\",\"{{ .index }}\"]}],"
	    "\"result\":\"{{ .steps.n[1] }}\"},"
	    "{\"name\":\"end\",\"type\":\"map\",\"value\":\"{{ .steps.each | length }}\"}]", &r);
	cJSON *trace = json_parse(r.steps.ptr, r.steps.len, &err);
	int entries = cJSON_GetArraySize(trace);
	const cJSON *loop = cJSON_GetArrayItem(trace, 0);
	assert_true(entries > 100 && entries < 300);
	assert_int_equal(json_int(loop, "rounds", 0), 10000);
	assert_int_equal(json_int(loop, "unrecorded", 0) + entries - 2, 20000);
	assert_int_equal(json_get(cJSON_GetArrayItem(trace, entries - 1), "output")->valuedouble, 10000);
	cJSON_Delete(trace);
	run_result_release(&r);
}

/* Each round has a large output: bytes bound the trace, too; and of failures more is kept. */
static void large_rounds_and_faulty_ones_are_bounded_too(void **state)
{
	struct run_result r;
	size_t failed = 0;

	(void)state;
	run("[{\"name\":\"each\",\"type\":\"for_each\",\"items\":\"{{ [range(1000)] }}\",\"on_item_error\":\"skip\","
	    "\"result\":1,\"steps\":[{\"name\":\"m\",\"type\":\"map\",\"value\":\"{{ [range(5000)] }}\"},"
	    "{\"name\":\"n\",\"type\":\"map\",\"value\":\"{{ if .index % 2 == 1 then error(\\\"odd\\\") else 1 end }}\"}]}]",
	    &r);
	assert_true(r.steps.len < 1024 * 1024);
	for (const char *p = r.steps.ptr; (p = strstr(p, "\"outcome\":\"failed\"")) != NULL; p++)
		failed++;
	assert_true(failed >= 8);
	assert_non_null(strstr(r.steps.ptr, "\"skipped\":500"));
	run_result_release(&r);
}

static void a_failed_loop_goes_on_where_it_failed_a_thousand_rounds_later(void **state)
{
	struct flow *f = flow_of("[{\"name\":\"each\",\"type\":\"for_each\",\"items\":\"{{ [range(1000)] }}\",\"steps\":["
				 "{\"name\":\"c\",\"type\":\"http_request\",\"url\":\"https://x.example/\"},"
				 "{\"name\":\"m\",\"type\":\"map\",\"value\":\"{{ if .index == 900 and .event.run == 1 "
				 "then error(\\\"no\\\") else .index end }}\"}]}]");
	struct run_result first, second;

	(void)state;
	calls = 0;
	run_flow(f, &event, (struct slice){0}, &host, &first);
	assert_int_equal(first.outcome, RUN_FAILED);
	assert_non_null(strstr(first.err.text, "item 900: step \"m\": value:"));
	assert_int_equal(calls, 901);
	event.run = 2;
	run_flow(f, &event, buf_slice(&first.steps), &host, &second);
	event.run = 1;
	assert_int_equal(second.outcome, RUN_SUCCEEDED);
	assert_int_equal(calls, 901 + 99); /* not once more for the round that failed after its call */
	assert_non_null(strstr(second.steps.ptr, ",998,999]"));
	run_result_release(&first);
	run_result_release(&second);
	flow_free(f);
}

static void many_groups_cost_no_more_than_a_sort(void **state)
{
	struct run_result r;
	int64_t began = clock_mono_ms();

	(void)state;
	run("[{\"name\":\"by\",\"type\":\"aggregate\",\"items\":\"{{ [range(20000)] }}\",\"group_by\":\"{{ .item }}\","
	    "\"values\":{\"n\":{\"op\":\"count\"}}}]", &r);
	assert_true(clock_mono_ms() - began < (watched() ? 60000 : 5000));
	run_result_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thirty_steps_over_a_megabyte_take_less_than_five_seconds_and_128_mib),
		cmocka_unit_test(ten_thousand_rounds_are_counted_in_a_bounded_trace),
		cmocka_unit_test(large_rounds_and_faulty_ones_are_bounded_too),
		cmocka_unit_test(a_failed_loop_goes_on_where_it_failed_a_thousand_rounds_later),
		cmocka_unit_test(many_groups_cost_no_more_than_a_sort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
