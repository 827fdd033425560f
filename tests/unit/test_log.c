/* SPDX-License-Identifier: MIT */
/* Log lines: one write each, key=value, nothing that could forge a line. */
#include "common/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int saved;
static FILE *caught;

/* From here on standard error is a file, whose text caught_text gives. */
static void catch_stderr(void)
{
	caught = tmpfile();
	assert_non_null(caught);
	saved = dup(STDERR_FILENO);
	dup2(fileno(caught), STDERR_FILENO);
}

static const char *caught_text(void)
{
	static char text[4096];

	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(caught);
	text[fread(text, 1, sizeof(text) - 1, caught)] = '\0';
	fclose(caught);
	return text;
}

static void a_line_is_time_level_role_words_and_pairs(void **state)
{
	char want[200];

	(void)state;
	log_role("worker");
	catch_stderr();
	log_line(LOG_INFO, "run failed", "event", log_number(1042), "error", "it is \"so\"", "none",
		 NULL, "empty", "", NULL);
	const char *text = caught_text();
	snprintf(want, sizeof(want),
			" info worker[%d] run failed event=1042 error=\"it is \\\"so\\\"\" "
		 "none=- empty=\"\"\n", (int)getpid());
	assert_int_equal(text[4], '-');
	assert_int_equal(text[23], 'Z');
	assert_string_equal(text + 24, want);
}

static void a_value_can_neither_end_the_line_nor_colour_the_terminal(void **state)
{
	(void)state;
	catch_stderr();
	log_line(LOG_WARN, "odd", "a", "x\ny=1", "b", "\x1B[31m", "c", "k=v", NULL);
	const char *text = caught_text();
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_null(strchr(text, '\x1B'));
	assert_non_null(strstr(text, "a=\"x\\ny=1\" b=\"\\u001b[31m\" c=\"k=v\""));
}

static void lines_below_the_threshold_are_dropped(void **state)
{
	(void)state;
	catch_stderr();
	log_line(LOG_DEBUG, "not seen", NULL);
	log_threshold(LOG_ERROR);
	log_line(LOG_WARN, "not seen either", NULL);
	log_line(LOG_ERROR, "seen", NULL);
	log_threshold(LOG_INFO);
	const char *text = caught_text();
	assert_null(strstr(text, "not seen"));
	assert_non_null(strstr(text, "error"));
}

static void eight_numbers_may_be_used_at_once(void **state)
{
	const char *n[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		n[i] = log_number(i - 4);
	assert_string_equal(n[0], "-4");
	assert_string_equal(n[7], "3");
	assert_string_equal(log_number(INT64_MIN), "-9223372036854775808");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_time_level_role_words_and_pairs),
		cmocka_unit_test(a_value_can_neither_end_the_line_nor_colour_the_terminal),
		cmocka_unit_test(lines_below_the_threshold_are_dropped),
		cmocka_unit_test(eight_numbers_may_be_used_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
