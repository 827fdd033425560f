/* SPDX-License-Identifier: MIT */
/* The plain path: what counts as one, and what it cuts. */
#include "flow/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct scope_event event = {
	.id = 42, .received_at = 1795442531123, .method = "POST", .path = "/in/orders/7",
	.query = "", .headers = "[[\"Content-Type\",\"application/json\"]]",
	.suffix = "/orders/{id}", .remote = "192.0.2.1",
	.trigger = "arrival", .run = 1, .attempt = 1,
};

static struct scope *scope_of(const char *body)
{
	event.body = (struct slice){body, strlen(body)};
	return scope_new(&event);
}

static void cuts_from(struct scope *s, const char *text, int want_rc, const char *want)
{
	struct path *p = path_parse((struct slice){text, strlen(text)});
	struct err err = {0};
	struct slice out = {0};

	if (!p)
		fail_msg("%s is no plain path", text);
	int rc = path_cut(p, s, &out, &err);
	if (rc != want_rc)
		fail_msg("%s gave %d: %s", text, rc, err.text);
	if (rc < 0) {
		assert_string_equal(err.text, want);
	} else if (rc > 0) {
		assert_int_equal(out.len, strlen(want));
		assert_memory_equal(out.ptr, want, out.len);
	}
	path_free(p);
}

static void cuts(const char *body, const char *text, int want_rc, const char *want)
{
	struct scope *s = scope_of(body);

	cuts_from(s, text, want_rc, want);
	scope_free(s);
}

static void every_spelling_of_a_member_is_known(void **state)
{
	static const char *const same[] = {
		".body.a.b", ".body[\"a\"].b", ".body.\"a\".\"b\"", ".[\"body\"].a[\"b\"]",
		".\"body\".a.b",
		".body?.a?.b?", " .body.a.b\n", ".body.a[\"\\u0062\"]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		cuts("{\"a\": {\"b\": 1.0}}", same[i], 1, "1.0");
}

static void a_number_passes_untouched(void **state)
{
	(void)state;
	cuts("{\"id\":820982911946154508}", ".body.id", 1, "820982911946154508");
	cuts("[1e400]", ".body[0]", 1, "1e400");
	cuts(" [ 1.50 , {\"a\": \"\\ud800\"} ] ", ".body[1]", 1, "{\"a\": \"\\ud800\"}");
	cuts(" [ 1.50 ] ", ".body", 1, "[ 1.50 ]");
}

static void a_key_that_stands_twice_gives_the_last_value(void **state)
{
	(void)state;
	cuts("{\"a\":1,\"a\":{\"b\":2}}", ".body.a.b", 1, "2");
}

static void items_count_from_both_ends(void **state)
{
	(void)state;
	cuts("[1,2,3]", ".body[0]", 1, "1");
	cuts("[1,2,3]", ".body[-1]", 1, "3");
	cuts("[1,2,3]", ".body[-0]", 1, "1");
	cuts("[1,2,3]", ".body[3]", 1, "null");
	cuts("[1,2,3]", ".body[-4]", 1, "null");
	cuts("[[1,[2]]]", ".body[0][1][0]", 1, "2");
}

static void what_is_missing_is_null_and_so_is_all_of_it(void **state)
{
	(void)state;
	cuts("{}", ".body.a", 1, "null");
	cuts("{}", ".body.a.b[0].c", 1, "null");
	cuts("null", ".body[5]", 1, "null");
	cuts("{}", ".item.x", 1, "null");
	cuts("{}", ".steps.none.x", 1, "null");
}

static void a_mistake_is_said_in_jqs_words(void **state)
{
	(void)state;
	cuts("{\"a\":5}", ".body.a.x", -1, "Cannot index number with \"x\"");
	cuts("[1]", ".body.x", -1, "Cannot index array with \"x\"");
	cuts("[true]", ".body[0][0]", -1, "Cannot index boolean with number");
	cuts("{}", ".body[0]", -1, "Cannot index object with number");
	cuts("\"s\"", ".body.x", -1, "Cannot index string with \"x\"");
}

static void a_question_mark_makes_a_mistake_nothing(void **state)
{
	(void)state;
	cuts("5", ".body.x?", 0, NULL);
	cuts("5", ".body.x?.y", 0, NULL);
	cuts("5", ".body?.x", -1, "Cannot index number with \"x\"");
	cuts("{\"a\":5}", ".body.a?", 1, "5");
}

static void keywords_are_fine_after_a_dot(void **state)
{
	(void)state;
	cuts("{\"and\":{\"env\":{\"if\":1}}}", ".body.and.env.if", 1, "1");
}

static void a_step_is_cut_from_its_own_output(void **state)
{
	struct scope *s = scope_of("{}");

	(void)state;
	scope_step_set(s, "x-y", (struct slice){"{\"status\":404}", 14});
	cuts_from(s, ".steps[\"x-y\"].status", 1, "404");
	cuts_from(s, ".steps", 1, "{\"x-y\":{\"status\":404}}");
	scope_item_set(s, (struct slice){" [7] ", 5}, 3);
	cuts_from(s, ".item[0]", 1, "7");
	cuts_from(s, ".index", 1, "3");
	scope_free(s);
}

static void all_else_is_no_plain_path(void **state)
{
	static const char *const other[] = {
		"", ".", "..", ".foo", ".body.", ".body..a", ".body[]", ".body[1:2]", ".body[1.5]",
		".body[a]",
		".body.a | .b", ".body.a-b", ".body .a", ".body. a", ".body[ 0 ]", ".body.[0]",
		".body.[\"a\"]",
		".body.a??", ".body[\"a\\(1)\"]", ".body[\"a]", ".body[\"\\x\"]",
		".body[\"\\ud800\"]", "body",
		".body[12345678901]", ".body[99999999999999999999]", ".body[--1]", ".body[-]", ".body[\"a\",\"b\"]", ".[0]",
		".body.1", "$secrets.x",
		".body[\"a\nb\"]", ".body.a#c", ".body.\xC3\xBC", ".body[", ".body[\"a\"", ".bodyx",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		if (path_parse((struct slice){other[i], strlen(other[i])}))
			fail_msg("%s was taken", other[i]);
}

static void part_step_and_secret_are_named(void **state)
{
	static const char step[] = ".steps.customer.status", secret[] = "$secrets[\"a-b\"]",
			part[] = ".query.x";
	struct path *p = path_parse((struct slice){step, sizeof(step) - 1});
	struct slice out;

	(void)state;
	assert_int_equal(path_part(p), SCOPE_STEPS);
	assert_string_equal(path_step(p), "customer");
	assert_null(path_secret(p));
	path_free(p);
	p = path_parse((struct slice){part, sizeof(part) - 1});
	assert_int_equal(path_part(p), SCOPE_QUERY);
	assert_null(path_step(p));
	path_free(p);
	p = path_parse_secret((struct slice){secret, sizeof(secret) - 1});
	assert_string_equal(path_secret(p), "a-b");
	assert_int_equal(path_cut_from(p, (struct slice){"{\"a-b\":\"s\"}", 11}, &out, NULL), 1);
	assert_memory_equal(out.ptr, "\"s\"", 3);
	path_free(p);
	assert_null(path_parse_secret((struct slice){"$secrets", 8}));
	assert_null(path_parse_secret((struct slice){"$secrets | .a", 13}));
	path_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_of_a_member_is_known),
		cmocka_unit_test(a_number_passes_untouched),
		cmocka_unit_test(a_key_that_stands_twice_gives_the_last_value),
		cmocka_unit_test(items_count_from_both_ends),
		cmocka_unit_test(what_is_missing_is_null_and_so_is_all_of_it),
		cmocka_unit_test(a_mistake_is_said_in_jqs_words),
		cmocka_unit_test(a_question_mark_makes_a_mistake_nothing),
		cmocka_unit_test(keywords_are_fine_after_a_dot),
		cmocka_unit_test(a_step_is_cut_from_its_own_output),
		cmocka_unit_test(all_else_is_no_plain_path),
		cmocka_unit_test(part_step_and_secret_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
