/* SPDX-License-Identifier: MIT */
/* Queries, forms and headers as one JSON object each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/pairs.h"

#include "common/jsontext.h"

#include <string.h>

static void form_is(const char *text, const char *json)
{
	struct buf out = BUF_INIT;
	struct err err;

	pairs_form((struct slice){text, strlen(text)}, &out);
	assert_string_equal(out.ptr, json);
	assert_int_equal(jsontext_check(buf_slice(&out), 10, &err), 0);
	buf_release(&out);
}

static void a_form_is_decoded_and_a_repeated_name_is_a_list(void **state)
{
	(void)state;
	form_is("a=1&b=2", "{\"a\":\"1\",\"b\":\"2\"}");
	form_is("a=1&b=2&a=3", "{\"a\":[\"1\",\"3\"],\"b\":\"2\"}");
	form_is("q=a%20b+c%26", "{\"q\":\"a b c&\"}");
	form_is("", "{}");
}

static void odd_forms_lose_nothing_and_stay_json(void **state)
{
	(void)state;
	form_is("a", "{\"a\":\"\"}");
	form_is("a==b", "{\"a\":\"=b\"}");
	form_is("a=%zz%4", "{\"a\":\"%zz%4\"}");
	form_is("a=%22%0A", "{\"a\":\"\\\"\\n\"}");
}

static void header_names_are_lower_case_and_repeats_are_joined(void **state)
{
	static const char headers[] = "[[\"X-A\",\"1\"],[\"Host\",\"h\"],[\"x-a\",\"2\"]]";
	struct buf out = BUF_INIT;

	(void)state;
	pairs_headers((struct slice){headers, strlen(headers)}, &out);
	assert_string_equal(out.ptr, "{\"x-a\":\"1, 2\",\"host\":\"h\"}");
	buf_release(&out);
}

static void a_hundred_thousand_names_take_no_quadratic_time(void **state)
{
	struct buf text = BUF_INIT, out = BUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_addf(&text, "%sn%d=%d", i ? "&" : "", i % 50000, i);
	pairs_form(buf_slice(&text), &out); /* a search each would take minutes */
	assert_true(out.len > text.len);
	buf_release(&text);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_is_decoded_and_a_repeated_name_is_a_list),
		cmocka_unit_test(odd_forms_lose_nothing_and_stay_json),
		cmocka_unit_test(header_names_are_lower_case_and_repeats_are_joined),
		cmocka_unit_test(a_hundred_thousand_names_take_no_quadratic_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
