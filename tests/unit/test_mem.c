/* SPDX-License-Identifier: MIT */
/* Allocation that never returns NULL: zeroed, copied, and ending the process when it cannot. */
#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void new_memory_is_zeroed(void **state)
{
	char *p = mem_new(100), *list = mem_array(10, 10), *none = mem_new(0);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i] | list[i], 0);
	assert_non_null(none);
	free(none);
	free(list);
	free(p);
}

static void copies_are_terminated_and_ones_own(void **state)
{
	char text[] = "abc", *a = mem_dup(text), *b = mem_dup_len("x\0yz", 3),
			*c = mem_dup_len(NULL, 0);

	(void)state;
	text[0] = 'z';
	assert_string_equal(a, "abc");
	assert_memory_equal(b, "x\0y\0", 4);
	assert_string_equal(c, "");
	assert_null(mem_dup(NULL));
	free(a);
	free(b);
	free(c);
}

static void resizing_keeps_what_was_there(void **state)
{
	int *list = NULL;

	(void)state;
	for (int i = 0; i < 100; i++) {
		list = mem_resize(list, (size_t)i + 1, sizeof(*list));
		list[i] = i;
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(list[i], i);
	list = mem_resize(list, 0, sizeof(*list));
	assert_non_null(list);
	free(list);
}

static void a_format_of_any_length_fits(void **state)
{
	char *text = mem_format("%s %0500d", "n", 7);

	(void)state;
	assert_int_equal(strlen(text), 502);
	free(text);
	mem_wipe_free(NULL, 0);
	mem_wipe_free(mem_dup("secret"), 6);
}

static void a_size_that_overflows_ends_the_process(void **state)
{
	int status = 0;

	(void)state;
	pid_t child = fork();
	if (child == 0) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL); /* cmocka would catch it */
		free(mem_resize(NULL, SIZE_MAX / 2, 4));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_memory_is_zeroed),
		cmocka_unit_test(copies_are_terminated_and_ones_own),
		cmocka_unit_test(resizing_keeps_what_was_there),
		cmocka_unit_test(a_format_of_any_length_fits),
		cmocka_unit_test(a_size_that_overflows_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
