/* SPDX-License-Identifier: MIT */
/* Numbers are written as jq writes them; libjq itself is the judge. */
#include "common/buf.h"
#include "flow/event.h"
#include "flow/jq.h"
#include "flow/number.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double interesting(unsigned i)
{
	static const double list[] = {0, -0.0, 1, -1, 0.1 + 0.2, 100, 1e5, 1e15, 1e16, 1e17, 1.5e17,
				      123456789012345678.0, 1e-3, 1e-4, 1e-5, 1.234e-5, 1e22, 1e300,
				      5e-324, 1.7976931348623157e308, 9007199254740993.0};
	if (i < ARRAY_LEN(list))
		return list[i];
	/* Any exponent, few or many digits. */
	double n = (double)(random() % (i % 2 ? 1000 : 1000000000)) * pow(10, (double)(random() % 50) - 25);
	return i % 3 ? n : -n;
}

static void numbers_are_written_as_jq_writes_them(void **state)
{
	struct scope_event event = {.method = "POST", .path = "/", .query = "", .headers = "[]",
				    .suffix = "/", .remote = "", .trigger = "test"};
	struct program *program = program_new();
	struct err err;

	(void)state;
	int n = program_add(program, (struct slice){".item + 0", 9}, &err);
	assert_true(n >= 0);
	struct scope *scope = scope_new(&event);
	for (unsigned i = 0; i < 5000; i++) {
		struct buf item = BUF_INIT, want = BUF_INIT, got = BUF_INIT;
		double number = interesting(i);
		buf_addf(&item, "%.17g", number);
		scope_item_set(scope, buf_slice(&item), 0);
		if (program_eval(program, n, scope, NULL, &want, &err) < 0)
			fail_msg("%s", err.text);
		number_write(number_read(buf_slice(&item)) + 0, &got);
		if (strcmp(got.ptr, want.ptr) != 0)
			fail_msg("%s: jq writes %s, not %s", item.ptr, want.ptr, got.ptr);
		buf_release(&item);
		buf_release(&want);
		buf_release(&got);
	}
	scope_free(scope);
	program_free(program);
}

static void what_is_too_large_becomes_the_largest(void **state)
{
	struct buf got = BUF_INIT;

	(void)state;
	number_write(number_read((struct slice){"-1e999", 6}), &got);
	buf_add_char(&got, ' ');
	number_write(INFINITY, &got);
	buf_add_char(&got, ' ');
	number_write(NAN, &got);
	assert_string_equal(got.ptr, "-1.7976931348623157e+308 1.7976931348623157e+308 null");
	buf_release(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_as_jq_writes_them),
		cmocka_unit_test(what_is_too_large_becomes_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
