/* SPDX-License-Identifier: MIT */
/* Which headers a flow may set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/header.h"

#include <string.h>

static int check(const char *pairs)
{
	struct err err;

	return header_list_check((struct slice){pairs, strlen(pairs)}, header_refused_in_reply, &err);
}

static void ordinary_headers_pass_repeats_too(void **state)
{
	(void)state;
	assert_int_equal(check("[]"), 0);
	assert_int_equal(check("[[\"Content-Type\",\"text/plain\"],[\"X-A\",\"1\"],[\"X-A\",\"2\"]]"), 0);
	assert_int_equal(check("[[\"X-Tab\",\"a\\tb\"]]"), 0);
}

static void what_could_split_a_response_is_refused(void **state)
{
	(void)state;
	assert_int_equal(check("[[\"X-A\",\"a\\r\\nSet-Cookie: b\"]]"), -1);
	assert_int_equal(check("[[\"X-A\",\"a\\nb\"]]"), -1);
	assert_int_equal(check("[[\"X-A\",\"a\\u0000b\"]]"), -1);
	assert_int_equal(check("[[\"X A\",\"b\"]]"), -1);
	assert_int_equal(check("[[\"X-A:\",\"b\"]]"), -1);
	assert_int_equal(check("[[\"\",\"b\"]]"), -1);
}

static void headers_that_are_ours_to_write_are_refused(void **state)
{
	static const char *const names[] = {"Content-Length", "transfer-encoding", "Connection",
					    "Set-Cookie", "Date", "Upgrade", "Keep-Alive"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_non_null(header_refused_in_reply(names[i]));
	assert_null(header_refused_in_reply("Location"));
	assert_null(header_refused_in_reply("X-Anything"));
}

static void there_is_an_end_to_how_many_and_how_long(void **state)
{
	struct buf list = BUF_INIT;

	(void)state;
	for (int i = 0; i <= HEADERS_MAX; i++)
		buf_addf(&list, "%s[\"X-%d\",\"1\"]", i ? "," : "[", i);
	buf_add_char(&list, ']');
	assert_int_equal(check(list.ptr), -1);
	buf_clear(&list);
	buf_add_text(&list, "[[\"X-A\",\"");
	for (int i = 0; i <= HEADER_VALUE_MAX; i++)
		buf_add_char(&list, 'a');
	buf_add_text(&list, "\"]]");
	assert_int_equal(check(list.ptr), -1);
	buf_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_headers_pass_repeats_too),
		cmocka_unit_test(what_could_split_a_response_is_refused),
		cmocka_unit_test(headers_that_are_ours_to_write_are_refused),
		cmocka_unit_test(there_is_an_end_to_how_many_and_how_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
