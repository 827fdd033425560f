/* SPDX-License-Identifier: MIT */
/* What an expression can see, from every kind of request. */
#include "flow/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jsontext.h"

static struct scope_event event = {
	.id = 42, .received_at = 1795442531123, .method = "POST", .path = "/in/orders/7",
	.query = "", .headers = "[]", .suffix = "/orders/{id}", .remote = "192.0.2.1",
	.trigger = "arrival", .run = 1, .attempt = 1,
};

static struct scope *scope_of(const char *body)
{
	event.body = (struct slice){body, strlen(body)};
	return scope_new(&event);
}

static void part_is(struct scope *s, enum scope_part part, const char *want)
{
	struct slice text = scope_part(s, part);

	assert_int_equal(jsontext_check(text, 256, NULL), 0);
	if (text.len != strlen(want) || memcmp(text.ptr, want, text.len) != 0)
		fail_msg("%.*s is not %s", (int)text.len, text.ptr, want);
}

static void headers_are_lower_case_and_repeats_joined(void **state)
{
	(void)state;
	event.headers = "[[\"Content-Type\",\"a/b\"],[\"X-A\",\"1\"],[\"b\",\"\\\"\\u00fc\"],[\"x-a\",\"2\"],[\"X-a\",\"\"]]";
	struct scope *s = scope_of("");
	part_is(s, SCOPE_HEADERS,
			"{\"content-type\":\"a/b\",\"x-a\":\"1, 2, \",\"b\":\"\\\"\xC3\xBC\"}");
	scope_free(s);
	event.headers = "[]";
}

static void query_is(const char *query, const char *want)
{
	event.query = query;
	struct scope *s = scope_of("");
	part_is(s, SCOPE_QUERY, want);
	scope_free(s);
	event.query = "";
}

static void a_query_is_decoded_and_a_repeated_key_is_a_list(void **state)
{
	(void)state;
	query_is("", "{}");
	query_is("a=1&b=2&a=3", "{\"a\":[\"1\",\"3\"],\"b\":\"2\"}");
	query_is("a+b=c+d%20e&x=%C3%BC&&y&z=",
			"{\"a b\":\"c d e\",\"x\":\"\xC3\xBC\",\"y\":\"\",\"z\":\"\"}");
	query_is("a=b=c&=v", "{\"a\":\"b=c\",\"\":\"v\"}");
	query_is("p=100%&q=%4&r=%zz&s=%00&t=%ff",
		 "{\"p\":\"100%\",\"q\":\"%4\",\"r\":\"%zz\",\"s\":\"\\u0000\",\"t\":\"\xEF\xBF\xBD\"}");
}

static void a_form_of_a_hundred_thousand_keys_takes_no_quadratic_time(void **state)
{
	int count = getenv("VALGRIND") ? 1000 : 100000;
	struct buf form = BUF_INIT;
	int64_t before = clock_mono_ms();

	(void)state;
	for (int i = 0; i < count; i++)
		buf_addf(&form, "k%d=%d&", i % (count / 2), i);
	event.headers = "[[\"content-type\",\"application/x-www-form-urlencoded\"]]";
	struct scope *s = scope_of(form.ptr);
	assert_int_equal(jsontext_check(scope_part(s, SCOPE_BODY), 2, NULL), 0);
	assert_true(clock_mono_ms() - before < 5000);
	scope_free(s);
	buf_release(&form);
	event.headers = "[]";
}

static void path_is(const char *suffix, const char *path, const char *want)
{
	const char *suffix_before = event.suffix, *path_before = event.path;

	event.suffix = suffix;
	event.path = path;
	struct scope *s = scope_of("");
	part_is(s, SCOPE_PATH, want);
	scope_free(s);
	event.suffix = suffix_before;
	event.path = path_before;
}

static void the_parts_of_the_suffix_are_decoded(void **state)
{
	(void)state;
	path_is("/orders/{id}", "/in/orders/7", "{\"id\":\"7\"}");
	path_is("/orders/{id}/{x}", "/in/orders/a%20b+c/%C3%BC%2F",
			"{\"id\":\"a b+c\",\"x\":\"\xC3\xBC/\"}");
	path_is("/orders", "/in/orders", "{}");
	path_is("/{a}", "/in/", "{}");
	path_is("/orders/{id}", "/", "{}");
}

static void body_is(const char *type, const char *body, size_t len, const char *kind,
		const char *want)
{
	char headers[100], want_kind[40];

	snprintf(headers, sizeof(headers), "[[\"X-Y\",\"z\"],[\"content-TYPE\",\"%s\"]]",
			type ? type : "");
	event.headers = type ? headers : "[]";
	event.body = (struct slice){body, len};
	struct scope *s = scope_new(&event);
	part_is(s, SCOPE_BODY, want);
	struct slice facts = scope_part(s, SCOPE_EVENT);
	snprintf(want_kind, sizeof(want_kind), "\"body_kind\":\"%s\"", kind);
	if (!memmem(facts.ptr, facts.len, want_kind, strlen(want_kind)))
		fail_msg("%s is not %s: %.*s", body, kind, (int)facts.len, facts.ptr);
	scope_free(s);
	event.headers = "[]";
}

static void a_body_is_known_by_its_type_and_its_looks(void **state)
{
	(void)state;
	body_is("application/json", " {\"a\": 1.0} \n", 13, "json", "{\"a\": 1.0}");
	body_is("application/json; charset=utf-8", "5", 1, "json", "5");
	body_is("application/cloudevents+json", "\"x\"", 3, "json", "\"x\"");
	body_is(NULL, "[1]", 3, "json", "[1]");
	body_is("text/plain", "{\"sns\":1}", 9, "json", "{\"sns\":1}");
	body_is("application/x-www-form-urlencoded", "{\"curl\":1}", 10, "json", "{\"curl\":1}");
	body_is("application/json", "\xEF\xBB\xBF{}", 5, "json", "{}");
	body_is("application/x-www-form-urlencoded", "a=1&a=2", 7, "form", "{\"a\":[\"1\",\"2\"]}");
	body_is("text/plain", "hi", 2, "text", "\"hi\"");
	body_is("text/csv", "a\xFFz", 3, "text", "\"a\xEF\xBF\xBDz\"");
	body_is("application/xml", "<a/>", 4, "text", "\"<a/>\"");
	body_is(NULL, "12", 2, "text", "\"12\"");
	body_is(NULL, "{x", 2, "text", "\"{x\"");
	body_is("image/png", "\x89PNG", 4, "binary", "null");
	body_is("application/octet-stream", "a\0b", 3, "binary", "null");
	body_is("application/json", "", 0, "empty", "null");
}

static void a_json_body_is_the_received_bytes_themselves(void **state)
{
	const char *body = " {\"id\": 820982911946154508}";
	struct scope *s = scope_of(body);

	(void)state;
	assert_ptr_equal(scope_part(s, SCOPE_BODY).ptr, body + 1);
	scope_free(s);
}

static void a_body_that_should_be_json_says_why_it_is_not(void **state)
{
	(void)state;
	event.headers = "[[\"Content-Type\",\"application/json\"]]";
	struct scope *s = scope_of("{\"a\":tru}");
	part_is(s, SCOPE_BODY, "\"{\\\"a\\\":tru}\"");
	assert_string_equal(scope_body_error(s), "not JSON at byte 5: a value was expected");
	struct slice facts = scope_part(s, SCOPE_EVENT);
	assert_non_null(memmem(facts.ptr, facts.len, "\"body_error\":\"not JSON at byte 5", 32));
	scope_free(s);
	event.headers = "[]";
	s = scope_of("{x");
	assert_null(scope_body_error(s));
	scope_free(s);
}

static void the_facts_of_the_event_are_there(void **state)
{
	struct scope *s = scope_of("");

	(void)state;
	part_is(s, SCOPE_EVENT, "{\"id\":42,\"received_at_ms\":1795442531123,"
		"\"received_at\":\"2026-11-23T14:02:11.123Z\",\"method\":\"POST\",\"path\":\"/in/orders/7\","
		"\"remote\":\"192.0.2.1\",\"content_type\":null,\"trigger\":\"arrival\",\"body_kind\":\"empty\","
		"\"body_error\":null,\"system\":null,\"delivery_id\":null,\"type\":null,\"body_bytes\":0,\"run\":1,\"attempt\":1}");
	scope_free(s);
}

static void steps_grow_and_may_be_replaced(void **state)
{
	struct scope *s = scope_of("");
	struct slice out;

	(void)state;
	part_is(s, SCOPE_STEPS, "{}");
	scope_step_set(s, "a", (struct slice){" 1 ", 3});
	part_is(s, SCOPE_STEPS, "{\"a\":1}");
	scope_step_set(s, "b\"", (struct slice){"[2]", 3});
	part_is(s, SCOPE_STEPS, "{\"a\":1,\"b\\\"\":[2]}");
	assert_int_equal(scope_step_find(s, "a", 1, &out), 1);
	scope_step_set(s, "a", out); /* its own output again */
	scope_step_set(s, "a", (struct slice){"3", 1});
	part_is(s, SCOPE_STEPS, "{\"a\":3,\"b\\\"\":[2]}");
	assert_int_equal(scope_step_find(s, "x", 1, &out), 0);
	scope_free(s);
}

static void an_item_is_there_in_its_loop_only(void **state)
{
	struct scope *s = scope_of("");

	(void)state;
	part_is(s, SCOPE_ITEM, "null");
	scope_item_set(s, (struct slice){"{\"a\":1}", 7}, 0);
	part_is(s, SCOPE_ITEM, "{\"a\":1}");
	part_is(s, SCOPE_INDEX, "0");
	scope_item_set(s, scope_part(s, SCOPE_ITEM), 1);
	part_is(s, SCOPE_ITEM, "{\"a\":1}");
	part_is(s, SCOPE_INDEX, "1");
	scope_item_set(s, (struct slice){NULL, 0}, 0);
	part_is(s, SCOPE_ITEM, "null");
	part_is(s, SCOPE_INDEX, "null");
	scope_free(s);
}

static void a_version_changes_with_its_part_and_never_comes_again(void **state)
{
	struct scope *s = scope_of(""), *other = scope_of("");
	uint64_t body = scope_version(s, SCOPE_BODY), steps = scope_version(s, SCOPE_STEPS);

	(void)state;
	assert_true(body != scope_version(other, SCOPE_BODY));
	assert_int_equal(scope_step_version(s, "a", 1), 0);
	scope_step_set(s, "a", (struct slice){"1", 1});
	uint64_t a = scope_step_version(s, "a", 1);
	scope_step_set(s, "b", (struct slice){"1", 1});
	assert_true(scope_version(s, SCOPE_STEPS) > steps);
	assert_true(scope_step_version(s, "a", 1) == a);
	assert_true(scope_version(s, SCOPE_BODY) == body);
	uint64_t item = scope_version(s, SCOPE_ITEM);
	scope_item_set(s, (struct slice){"1", 1}, 0);
	assert_true(scope_version(s, SCOPE_ITEM) > item);
	scope_free(s);
	scope_free(other);
	scope_free(NULL);
}

static void parts_are_found_by_name(void **state)
{
	(void)state;
	for (int i = 0; i < SCOPE_PARTS; i++) {
		const char *name = scope_part_name((enum scope_part)i);
		assert_int_equal(scope_part_find(name, strlen(name)), i);
	}
	assert_int_equal(scope_part_find("bod", 3), -1);
	assert_int_equal(scope_part_find("bodyx", 5), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_lower_case_and_repeats_joined),
		cmocka_unit_test(a_query_is_decoded_and_a_repeated_key_is_a_list),
		cmocka_unit_test(a_form_of_a_hundred_thousand_keys_takes_no_quadratic_time),
		cmocka_unit_test(the_parts_of_the_suffix_are_decoded),
		cmocka_unit_test(a_body_is_known_by_its_type_and_its_looks),
		cmocka_unit_test(a_json_body_is_the_received_bytes_themselves),
		cmocka_unit_test(a_body_that_should_be_json_says_why_it_is_not),
		cmocka_unit_test(the_facts_of_the_event_are_there),
		cmocka_unit_test(steps_grow_and_may_be_replaced),
		cmocka_unit_test(an_item_is_there_in_its_loop_only),
		cmocka_unit_test(a_version_changes_with_its_part_and_never_comes_again),
		cmocka_unit_test(parts_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
