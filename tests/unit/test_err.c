/* SPDX-License-Identifier: MIT */
/* Kinds and sentences: cut cleanly, chained, never touched on success. */
#include "common/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/utf8.h"

static void a_sentence_is_kept_with_its_kind(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_set(&err, ERR_TIMEOUT, "after %d ms", 5), -1);
	assert_int_equal(err.kind, ERR_TIMEOUT);
	assert_string_equal(err.text, "after 5 ms");
	assert_int_equal(err_set(NULL, ERR_BUSY, "nobody listens"), -1);
}

static void a_layer_puts_its_phrase_in_front(void **state)
{
	struct err err = {0};

	(void)state;
	err_set(&err, ERR_MISSING, "no such thing");
	assert_int_equal(err_within(&err, "flow \"%s\": ", "orders"), -1);
	assert_string_equal(err.text, "flow \"orders\": no such thing");
	assert_int_equal(err.kind, ERR_MISSING);
}

static void a_long_sentence_is_never_cut_inside_a_character(void **state)
{
	char text[ERR_TEXT_MAX * 2];
	struct err err;

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'x', sizeof(text));
		for (size_t i = shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xF0\x9F\x98\x80", 4);
		text[sizeof(text) - 1] = '\0';
		err_set(&err, ERR_INVALID, "%s", text);
		assert_true(strlen(err.text) < ERR_TEXT_MAX);
		assert_true(strlen(err.text) > ERR_TEXT_MAX - 5);
		assert_true(utf8_valid(err.text, strlen(err.text)));
		err_within(&err, "%.*s", (int)shift, "abc");
		assert_true(utf8_valid(err.text, strlen(err.text)));
	}
}

static void every_kind_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int a = ERR_NONE; a <= ERR_DISK; a++) {
		assert_string_not_equal(err_word((enum err_kind)a), "unknown");
		for (int b = ERR_NONE; b < a; b++)
			assert_string_not_equal(err_word((enum err_kind)a),
					err_word((enum err_kind)b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sentence_is_kept_with_its_kind),
		cmocka_unit_test(a_layer_puts_its_phrase_in_front),
		cmocka_unit_test(a_long_sentence_is_never_cut_inside_a_character),
		cmocka_unit_test(every_kind_has_a_word_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
