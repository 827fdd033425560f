/* SPDX-License-Identifier: MIT */
/* UTF-8 after RFC 3629: what is a character and what is not. */
#include "common/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static bool valid(const char *text)
{
	return utf8_valid(text, strlen(text));
}

static void characters_of_each_length_are_known(void **state)
{
	(void)state;
	assert_int_equal(utf8_char_len("a", 1), 1);
	assert_int_equal(utf8_char_len("\xC2\x80", 2), 2);
	assert_int_equal(utf8_char_len("\xE0\xA0\x80", 3), 3);
	assert_int_equal(utf8_char_len("\xEF\xBF\xBF", 3), 3);
	assert_int_equal(utf8_char_len("\xF0\x90\x80\x80", 4), 4);
	assert_int_equal(utf8_char_len("\xF4\x8F\xBF\xBF", 4), 4);
	assert_int_equal(utf8_char_len("", 0), 0);
}

static void overlong_forms_surrogates_and_what_is_beyond_unicode_are_refused(void **state)
{
	static const char *const bad[] = {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
					  "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
					  "\xF5\x80\x80\x80", "\x80", "\xFF", "\xC3(", "\xE2\x82("};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(utf8_char_len(bad[i], strlen(bad[i])), 0);
		assert_false(valid(bad[i]));
	}
}

static void a_character_that_is_cut_short_is_no_character(void **state)
{
	(void)state;
	assert_int_equal(utf8_char_len("\xC3\xBC", 1), 0);
	assert_int_equal(utf8_char_len("\xE2\x82\xAC", 2), 0);
	assert_int_equal(utf8_char_len("\xF0\x9F\x98\x80", 3), 0);
}

static void a_fault_is_found_at_every_place_of_a_long_text(void **state)
{
	char text[40];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		memset(text, 'x', sizeof(text));
		assert_true(utf8_valid(text, sizeof(text)));
		text[i] = '\x80';
		assert_false(utf8_valid(text, sizeof(text)));
	}
	assert_true(utf8_valid("", 0));
	assert_true(valid("12345678\xC3\xBC 12345678 \xF0\x9F\x98\x80"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_of_each_length_are_known),
		cmocka_unit_test(overlong_forms_surrogates_and_what_is_beyond_unicode_are_refused),
		cmocka_unit_test(a_character_that_is_cut_short_is_no_character),
		cmocka_unit_test(a_fault_is_found_at_every_place_of_a_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
