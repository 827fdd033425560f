/* SPDX-License-Identifier: MIT */
/* Which known word did they mean? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/nearest.h"

#include <string.h>

static const char *best_of(const char *word)
{
	static const char *const known[] = {"listen", "console", "workers", "url_suffix"};
	struct nearest n = {.word = word};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		nearest_offer(&n, known[i]);
	return n.best;
}

static void a_slip_of_the_finger_finds_the_word(void **state)
{
	(void)state;
	assert_string_equal(best_of("lisen"), "listen");
	assert_string_equal(best_of("worker"), "workers");
	assert_string_equal(best_of("url_sufix"), "url_suffix");
	assert_string_equal(best_of("CONSOLE"), "console");
}

static void a_word_of_its_own_finds_none(void **state)
{
	(void)state;
	assert_null(best_of("banana"));
	assert_null(best_of(""));
}

static void the_hint_is_empty_when_there_is_none(void **state)
{
	struct nearest none = {.word = "x"}, some = {.word = "lisen"};
	char out[128];

	(void)state;
	assert_string_equal(nearest_hint(&none, out), "");
	nearest_offer(&some, "listen");
	assert_non_null(strstr(nearest_hint(&some, out), "\"listen\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_of_the_finger_finds_the_word),
		cmocka_unit_test(a_word_of_its_own_finds_none),
		cmocka_unit_test(the_hint_is_empty_when_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
