/* SPDX-License-Identifier: MIT */
/* What becomes of a sentence that holds a secret, or the beginning of one. */
#include "flow/secrets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void masked_is(const char *text, const char *want)
{
	struct run_host host = {0};
	struct secrets s = {.host = &host};
	char sentence[ERR_TEXT_MAX];

	secrets_keep(&s, "key", "planted-\"key\"-7");
	secrets_keep(&s, "pin", "123");
	secrets_keep(&s, "long", "plantation of trees");
	snprintf(sentence, sizeof(sentence), "%s", text);
	secrets_mask_text(&s, sentence, sizeof(sentence));
	secrets_release(&s);
	assert_string_equal(sentence, want);
}

static void a_secret_is_masked_plain_and_as_json_writes_it(void **state)
{
	(void)state;
	masked_is("it said planted-\"key\"-7 to us", "it said [secret key] to us");
	masked_is("string (\"planted-\\\"key\\\"-7\") will not do", "string (\"[secret key]\") will not do");
	masked_is("nothing planted here", "nothing planted here");
}

static void the_beginning_of_a_secret_is_masked_where_it_was_cut(void **state)
{
	(void)state;
	masked_is("string (\"planted...) will not do", "string (\"[secret key]...) will not do");
	masked_is("string (\"planted-\\\"k...) will not do", "string (\"[secret key]...) will not do");
	masked_is("is \"Bearer plan...) no", "is \"Bearer [secret key]...) no");
	masked_is("the longer one: plantation...", "the longer one: [secret long]...");
	masked_is("half a character: plante\xEF\xBF\xBD...", "half a character: [secret key]\xEF\xBF\xBD...");
	masked_is("three letters say nothing: pla...", "three letters say nothing: pla...");
	masked_is("planted without dots", "planted without dots");
}

static void a_sentence_that_was_full_may_end_inside_a_secret(void **state)
{
	char text[ERR_TEXT_MAX], want[ERR_TEXT_MAX];

	(void)state;
	memset(text, 'x', sizeof(text));
	memset(want, 'x', sizeof(want));
	text[ERR_TEXT_MAX - 1] = '\0';
	memcpy(text + ERR_TEXT_MAX - 1 - 13, "planted-\"key\"", 13);
	snprintf(want + ERR_TEXT_MAX - 1 - 13, 14, "[secret key]");
	masked_is(text, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_masked_plain_and_as_json_writes_it),
		cmocka_unit_test(the_beginning_of_a_secret_is_masked_where_it_was_cut),
		cmocka_unit_test(a_sentence_that_was_full_may_end_inside_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
