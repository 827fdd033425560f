/* SPDX-License-Identifier: MIT */
/* libjq behind its wall: one program for many expressions, and what each mistake says. */
#include "flow/jq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"

static struct scope_event event = {
	.id = 42, .received_at = 1795442531123, .method = "POST", .path = "/in/orders/7",
	.query = "q=1",
	.headers = "[[\"Content-Type\",\"application/json\"]]", .suffix = "/orders/{id}",
	.remote = "192.0.2.1", .trigger = "arrival", .run = 1, .attempt = 1,
};

static struct scope *scope_of(const char *body)
{
	event.body = (struct slice){body, strlen(body)};
	return scope_new(&event);
}

static int add(struct program *p, const char *expression)
{
	struct err err = {0};
	int n = program_add(p, (struct slice){expression, strlen(expression)}, &err);

	if (n < 0)
		fail_msg("%s: %s", expression, err.text);
	return n;
}

static void evals(struct program *p, int n, struct scope *s, int want_rc, const char *want)
{
	struct buf out = BUF_INIT;
	struct err err = {0};
	int rc = program_eval(p, n, s, NULL, &out, &err);
	const char *got = rc < 0 ? err.text : out.ptr;

	if (rc != want_rc || strcmp(got, want) != 0)
		fail_msg("%d: %s\nnot %d: %s", rc, got, want_rc, want);
	buf_release(&out);
}

static void one(const char *body, const char *expression, int want_rc, const char *want)
{
	struct program *p = program_new();
	struct scope *s = scope_of(body);

	evals(p, add(p, expression), s, want_rc, want);
	scope_free(s);
	program_free(p);
}

static void many_expressions_are_one_program(void **state)
{
	struct program *p = program_new();
	struct scope *s = scope_of("{\"a\":7}");
	char text[60], want[20];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), ".body.a + %d # ) else", i);
		assert_int_equal(add(p, text), i);
	}
	assert_int_equal(add(p, " .body.a + 5 # ) else"), 5);
	assert_int_equal(program_compile(p, NULL), 0);
	for (int i = 0; i < 100; i++) {
		snprintf(want, sizeof(want), "%d", 7 + i);
		evals(p, i, s, 1, want);
	}
	assert_int_equal(add(p, ".body | length"), 100); /* added late: compiled again */
	evals(p, 100, s, 1, "1");
	evals(p, 3, s, 1, "10");
	scope_free(s);
	program_free(p);
}

static void none_one_and_many_results_are_told_apart(void **state)
{
	(void)state;
	one("[1,2]", "empty", 0, "");
	one("[1,2]", ".body[] | select(. > 1)", 1, "2");
	one("[1,2]", ".body | .[]", -1,
			"{{ .body | .[] }}: it gives more than one result; write [ ... ] for a "
				       "list of them, or first( ... )");
	one("[1,2]", "1, range(1e18)", -1,
			"{{ 1, range(1e18) }}: it gives more than one result; write [ ... ] for "
					  "a list of them, or first( ... )");
	one("[1,2]", "1, error(\"late\")", -1, "{{ 1, error(\"late\") }}: late");
}

static void an_error_is_libjqs_words_and_the_expression(void **state)
{
	(void)state;
	one("{\"a\":5}", ".body | .a.x", -1, "{{ .body | .a.x }}: Cannot index number with \"x\"");
	one("{}", ".body | error(\"mine\")", -1, "{{ .body | error(\"mine\") }}: mine");
	one("{}", "error({a: 1})", -1, "{{ error({a: 1}) }}: {\"a\":1}");
	one("{}", ".body + 1", -1, "{{ .body + 1 }}: object ({}) and number (1) cannot be added");
}

static void the_expression_at_fault_is_named_when_the_program_does_not_compile(void **state)
{
	struct program *p = program_new();
	struct err err = {0};

	(void)state;
	add(p, ".body | length");
	add(p, ".body | lenght");
	add(p, ".body | keys");
	assert_int_equal(program_compile(p, &err), -1);
	assert_string_equal(err.text, "{{ .body | lenght }}: lenght/0 is not defined");
	assert_int_equal(program_compile(p, &err), -1);
	program_free(p);
	one("{}", ".body | $nope", -1, "{{ .body | $nope }}: $nope is not defined");
	one("{}", ".body +", -1, "{{ .body + }}: the expression is not complete");
	one("{}", ".body .. a", -1, "{{ .body .. a }}: syntax error, unexpected ..");
}

static void refused_words_never_reach_libjq(void **state)
{
	struct program *p = program_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(program_add(p, (struct slice){"$ENV", 4}, &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_int_equal(program_compile(p, &err), 0);
	program_free(p);
	program_free(NULL);
}

static void all_of_the_scope_is_there_when_asked_for(void **state)
{
	struct program *p = program_new();
	struct scope *s = scope_of("{\"a\":1}");

	(void)state;
	int all = add(p,
			"[paths | join(\"/\") | select(test(\"^(body|path|steps|query)\"))] | sort");
	int body = add(p,
			"[.body.a, .path.id, .query.q, .event.method, .headers[\"content-type\"], .item]");
	int named = add(p, ".steps.one.x + .steps.two.x");
	scope_step_set(s, "one", (struct slice){"{\"x\":1}", 7});
	evals(p, named, s, 1, "1");
	scope_step_set(s, "two", (struct slice){"{\"x\":2}", 7});
	evals(p, named, s, 1, "3");
	scope_step_set(s, "one", (struct slice){"{\"x\":10}", 8});
	evals(p, named, s, 1, "12");
	evals(p, body, s, 1, "[1,\"7\",\"1\",\"POST\",\"application/json\",null]");
	evals(p, all, s, 1,
			"[\"body\",\"body/a\",\"path\",\"path/id\",\"query\",\"query/q\",\"steps\","
			    "\"steps/one\",\"steps/one/x\",\"steps/two\",\"steps/two/x\"]");
	scope_free(s);
	program_free(p);
}

static void a_new_scope_is_seen_and_a_forgotten_one_is_not_missed(void **state)
{
	struct program *p = program_new();
	int n = add(p, ".body | .a"), item = add(p, ".item * 2");

	(void)state;
	for (int i = 0; i < 20; i++) {
		char body[20], want[20];
		snprintf(body, sizeof(body), "{\"a\":%d}", i);
		snprintf(want, sizeof(want), "%d", i);
		struct scope *s = scope_of(body);
		evals(p, n, s, 1, want);
		snprintf(want, sizeof(want), "%d", i * 2);
		scope_item_set(s, (struct slice){body + 5, strlen(body + 5) - 1}, i);
		evals(p, item, s, 1, want);
		if (i % 3 == 0)
			program_forget(p);
		evals(p, item, s, 1, want);
		scope_free(s);
	}
	program_free(p);
}

static void one_expression_never_sees_the_secrets_of_another(void **state)
{
	struct program *p = program_new();
	struct scope *s = scope_of("{}");
	struct buf out = BUF_INIT;
	struct err err = {0};
	int with = add(p, "$secrets.a"), without = add(p,
			"[.., $__loc__] | tojson | test(\"hunter2\")");

	(void)state;
	assert_int_equal(program_eval(p, with, s, "{\"a\":\"hunter2\"}", &out, &err), 1);
	assert_string_equal(out.ptr, "\"hunter2\"");
	buf_clear(&out);
	assert_int_equal(program_eval(p, without, s, "{\"a\":\"hunter2\"}", &out, &err), 1);
	assert_string_equal(out.ptr, "false");
	buf_release(&out);
	scope_free(s);
	program_free(p);
}

static void a_result_too_deep_to_print_is_an_error(void **state)
{
	(void)state;
	one("{}", "reduce range(200) as $i (1; [.]) | length", 1, "1");
	one("{}", "reduce range(600) as $i (1; [.])", -1,
	    "{{ reduce range(600) as $i (1; [.]) }}: the result is nested deeper than 256 levels");
	one("\"<stripped: exceeds max depth>\"", ".body | .", 1,
			"\"<stripped: exceeds max depth>\"");
}

static void the_home_directory_defines_nothing(void **state)
{
	char dir[] = "/tmp/ringbolt_jq_XXXXXX", path[60];
	char *before = mem_dup(getenv("HOME"));

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/.jq", dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("def length: \"theirs\"; def theirs: 1;", f);
	fclose(f);
	setenv("HOME", dir, 1);
	one("[1]", ".body | length", 1, "1");
	one("[1]", ".body | theirs", -1, "{{ .body | theirs }}: theirs/0 is not defined");
	assert_string_equal(getenv("HOME"), dir);
	if (before)
		setenv("HOME", before, 1);
	else
		unsetenv("HOME");
	free(before);
	unlink(path);
	rmdir(dir);
}

static void half_a_surrogate_pair_is_read_as_the_plain_path_reads_it(void **state)
{
	(void)state;
	one("{\"a\":\"x\\ud800\",\"b\":\"\\ud83d\\ude00\\udc00\\\\ud800\"}", ".body | [.a, .b]", 1,
	    "[\"x\xEF\xBF\xBD\",\"\xF0\x9F\x98\x80\xEF\xBF\xBD\\\\ud800\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_expressions_are_one_program),
		cmocka_unit_test(none_one_and_many_results_are_told_apart),
		cmocka_unit_test(an_error_is_libjqs_words_and_the_expression),
		cmocka_unit_test(the_expression_at_fault_is_named_when_the_program_does_not_compile),
		cmocka_unit_test(refused_words_never_reach_libjq),
		cmocka_unit_test(all_of_the_scope_is_there_when_asked_for),
		cmocka_unit_test(a_new_scope_is_seen_and_a_forgotten_one_is_not_missed),
		cmocka_unit_test(one_expression_never_sees_the_secrets_of_another),
		cmocka_unit_test(a_result_too_deep_to_print_is_an_error),
		cmocka_unit_test(the_home_directory_defines_nothing),
		cmocka_unit_test(half_a_surrogate_pair_is_read_as_the_plain_path_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
