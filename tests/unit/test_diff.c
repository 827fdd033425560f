/* SPDX-License-Identifier: MIT */
/* Which lines differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/diff.c"

static void expect(const char *old, const char *new, const char *want)
{
	struct buf out = BUF_INIT;
	size_t n = diff_lines((struct slice){old, strlen(old)}, (struct slice){new, strlen(new)}, &out);

	assert_string_equal(out.ptr, want);
	assert_int_equal(n > 0, *want != '\0');
	buf_release(&out);
}

static void the_same_text_differs_in_nothing(void **state)
{
	(void)state;
	expect("", "", "");
	expect("a\nb\n", "a\nb\n", "");
	expect("a", "a", "");
}

static void what_goes_and_what_comes_has_its_sign_and_its_place(void **state)
{
	(void)state;
	expect("a\nb\nc\n", "a\nx\nc\n", "@@ 1, 1 @@\n a\n-b\n+x\n c\n");
	expect("", "a\n", "@@ 1, 1 @@\n+a\n");
	expect("a\n", "", "@@ 1, 1 @@\n-a\n");
	expect("a\nb\n", "b\na\n", "@@ 1, 1 @@\n-a\n b\n+a\n");
	expect("1\n2\n3\n4\n5\n", "1\n2\n3\n4\nx\n5\n", "@@ 2, 2 @@\n 2\n 3\n 4\n+x\n 5\n");
}

static void far_differences_stand_apart(void **state)
{
	(void)state;
	expect("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "x\n1\n2\n3\n4\n5\n6\n7\ny\n",
	       "@@ 1, 1 @@\n-a\n+x\n 1\n 2\n 3\n@@ 6, 6 @@\n 5\n 6\n 7\n-b\n+y\n");
}

static void a_missing_newline_at_the_end_is_a_difference(void **state)
{
	(void)state;
	expect("a\n", "a", "@@ 1, 1 @@\n-a\n+a\n\\ no newline at the end\n");
}

static void a_very_large_difference_is_shown_as_one(void **state)
{
	struct buf old = BUF_INIT, new = BUF_INIT, out = BUF_INIT;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		buf_addf(&old, "old %d\n", i);
		buf_addf(&new, "new %d\n", i);
	}
	assert_int_equal(diff_lines(buf_slice(&old), buf_slice(&new), &out), 40000);
	assert_memory_equal(out.ptr, "@@ 1, 1 @@\n-old 0\n-old 1\n", 25);
	buf_release(&old);
	buf_release(&new);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_text_differs_in_nothing),
		cmocka_unit_test(what_goes_and_what_comes_has_its_sign_and_its_place),
		cmocka_unit_test(far_differences_stand_apart),
		cmocka_unit_test(a_missing_newline_at_the_end_is_a_difference),
		cmocka_unit_test(a_very_large_difference_is_shown_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
