/* SPDX-License-Identifier: MIT */
#include "server/query.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static void decodes(const char *text, bool plus, const char *want, size_t len)
{
	struct buf out = BUF_INIT;

	url_decode((struct slice){text, strlen(text)}, plus, &out);
	assert_int_equal(out.len, len);
	assert_memory_equal(out.ptr, want, len);
	buf_release(&out);
}

static void test_url_decode_reads_each_escape_once(void **state)
{
	(void)state;
	decodes("a%2Fb", false, "a/b", 3);
	decodes("%252F", false, "%2F", 3);
	decodes("a+b", false, "a+b", 3);
	decodes("a+b%2b", true, "a b+", 4);
	decodes("%00", false, "\0", 1);
	decodes("%", false, "%", 1);
	decodes("%4", false, "%4", 2);
	decodes("%zz", false, "%zz", 3);
	decodes("", true, "", 0);
}

static void finds(const char *query, const char *name, size_t times, const char *first)
{
	struct buf out = BUF_INIT;

	assert_int_equal(query_find(query, name, &out), times);
	assert_string_equal(out.ptr, first);
	buf_release(&out);
}

static void test_query_find_counts_and_gives_the_first(void **state)
{
	(void)state;
	finds("a=1&key=x%20y&b", "key", 1, "x y");
	finds("key=1&key=2", "key", 2, "1");
	finds("k%65y=v", "key", 1, "v");
	finds("key", "key", 1, "");
	finds("xkey=1&keyx=2&KEY=3", "key", 0, "");
	finds("", "key", 0, "");
	finds("&&key=a=b&", "key", 1, "a=b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url_decode_reads_each_escape_once),
		cmocka_unit_test(test_query_find_counts_and_gives_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
