/* SPDX-License-Identifier: MIT */
/* The command line and the tables. The command line's code is no part of the library, so its
 * two independent files are compiled in here. */
#include "cli/args.c"
#include "cli/table.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct option own[] = {
	{"flow", "NAME", "", false}, {"limit", "N", "", false},	  {"rate", "N/s", "", false},
	{"all", NULL, "", false},    {"header", "K:V", "", true}, {NULL, NULL, NULL, false},
};
static const struct option common[] = {{"data", "DIR", "", false}, {NULL, NULL, NULL, false}};
static const struct option *const lists[] = {own, common, NULL};

#define PARSE(a, err, ...) \
	args_parse(a, lists, (int)ARRAY_LEN(((const char *[]){__VA_ARGS__})), \
		   (char **)(const char *[]){__VA_ARGS__}, err)

#define REFUSED(words, ...) \
	do { \
		struct args refused_; \
		struct err err_ = {0}; \
		assert_int_equal(PARSE(&refused_, &err_, __VA_ARGS__), -1); \
		assert_int_equal(err_.kind, ERR_INVALID); \
		if (!strstr(err_.text, words)) \
			fail_msg("\"%s\" does not say \"%s\"", err_.text, words); \
	} while (0)

/* ---- args ---- */

static void test_args_tells_options_from_words(void **state)
{
	struct args a;
	struct err err;

	(void)state;
	assert_int_equal(PARSE(&a, &err, "7", "--flow", "orders", "--all", "8", "--data=/x=y", "-"), 0);
	assert_int_equal(a.n_words, 3);
	assert_string_equal(a.words[0], "7");
	assert_string_equal(a.words[1], "8");
	assert_string_equal(a.words[2], "-");
	assert_string_equal(args_value(&a, "flow", NULL), "orders");
	assert_string_equal(args_value(&a, "data", NULL), "/x=y");
	assert_true(args_has(&a, "all"));
	assert_false(args_has(&a, "limit"));
	assert_string_equal(args_value(&a, "limit", "50"), "50");
	args_done(&a);
}

static void test_args_after_two_dashes_are_words(void **state)
{
	struct args a;
	struct err err;

	(void)state;
	assert_int_equal(PARSE(&a, &err, "--all", "--", "--flow", "-x", "--"), 0);
	assert_int_equal(a.n_words, 3);
	assert_string_equal(a.words[0], "--flow");
	assert_string_equal(a.words[2], "--");
	args_done(&a);
}

static void test_args_values_of_a_repeated_option_stand_in_order(void **state)
{
	struct args a;
	struct err err;
	size_t at = 0;

	(void)state;
	assert_int_equal(PARSE(&a, &err, "--header", "A:1", "w", "--header=B:2"), 0);
	assert_string_equal(args_next(&a, "header", &at), "A:1");
	assert_string_equal(args_next(&a, "header", &at), "B:2");
	assert_null(args_next(&a, "header", &at));
	args_done(&a);
}

static void test_args_nothing_is_fine(void **state)
{
	char *none[] = {NULL};
	struct args a;
	struct err err;

	(void)state;
	assert_int_equal(args_parse(&a, lists, 0, none, &err), 0);
	assert_int_equal(a.n_words, 0);
	assert_int_equal(args_words(&a, 0, 0, "", &err), 0);
	assert_int_equal(args_words(&a, 1, 1, "FILE", &err), -1);
	assert_string_equal(err.text, "FILE is missing");
	args_done(&a);
	args_done(&a);
}

static void test_args_refuses_what_it_does_not_know(void **state)
{
	(void)state;
	REFUSED("there is no option --flwo; did you mean --flow?", "--flwo", "x");
	REFUSED("did you mean --limit?", "--lim=3");
	REFUSED("there is no option --zzzzz", "--zzzzz");
	REFUSED("there is no option -a", "-a");
	REFUSED("there is no option -5", "-5");
	REFUSED("did you mean --all?", "-all");
}

static void test_args_refuses_wrong_values(void **state)
{
	(void)state;
	REFUSED("--flow needs a value: --flow NAME", "--flow");
	REFUSED("--flow needs a value", "--flow", "--all");
	REFUSED("--all takes no value", "--all=yes");
	REFUSED("--flow stands twice", "--flow", "a", "--flow", "b");
}

static void test_args_too_many_words_are_named(void **state)
{
	struct args a;
	struct err err;

	(void)state;
	assert_int_equal(PARSE(&a, &err, "one", "two"), 0);
	assert_int_equal(args_words(&a, 1, ARGS_ANY, "FILE", &err), 0);
	assert_int_equal(args_words(&a, 1, 1, "FILE", &err), -1);
	assert_string_equal(err.text, "\"two\" is one word too many");
	args_done(&a);
}

static void number(const char *text, int want, int64_t value)
{
	struct args a;
	struct err err;
	int64_t n = 50;

	assert_int_equal(PARSE(&a, &err, "--limit", text), 0);
	assert_int_equal(args_number(&a, "limit", 1, 100, &n, &err), want);
	assert_int_equal(n, value);
	args_done(&a);
}

static void test_args_numbers_have_limits(void **state)
{
	(void)state;
	number("1", 1, 1);
	number("100", 1, 100);
	number("0", -1, 50);
	number("101", -1, 50);
	number("7x", -1, 50);
	number("", -1, 50);
	number("-1", -1, 50);
	number("99999999999999999999", -1, 50);
}

static void rate(const char *text, int want, int value)
{
	struct args a;
	struct err err;
	int n = 0;

	assert_int_equal(PARSE(&a, &err, "--rate", text), 0);
	assert_int_equal(args_rate(&a, "rate", &n, &err), want);
	assert_int_equal(n, value);
	args_done(&a);
}

static void test_args_rates_are_per_second(void **state)
{
	(void)state;
	rate("50/s", 1, 50);
	rate("50", 1, 50);
	rate("600/m", 1, 10);
	rate("1/m", 1, 1);
	rate("0/s", -1, 0);
	rate("5/h", -1, 0);
	rate("/s", -1, 0);
	rate("fast", -1, 0);
}

static void test_args_ids_are_numbers_from_one(void **state)
{
	struct err err;
	int64_t id;

	(void)state;
	assert_int_equal(args_id("1042", &id, &err), 0);
	assert_int_equal(id, 1042);
	assert_int_equal(args_id("0", &id, &err), -1);
	assert_int_equal(args_id("12a", &id, &err), -1);
	assert_int_equal(args_id("", &id, &err), -1);
}

/* ---- table ---- */

static const struct column columns[] = {
	{"id", CELL_NUMBER, 0}, {"flow_name", CELL_TEXT, 0}, {"error", CELL_TEXT, 0},
};

/* What two rows look like. */
static char *two_rows(bool json)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct table t;

	table_start(&t, columns, ARRAY_LEN(columns), json, out);
	table_number(&t, 7);
	table_text(&t, "orders");
	table_text(&t, "line one\nline \x1b[31mtwo");
	table_number(&t, 12345);
	table_text(&t, NULL);
	table_nothing(&t);
	table_end(&t);
	assert_int_equal(t.rows, 2);
	fclose(out);
	return text;
}

static void test_table_for_people_is_columns(void **state)
{
	char *text = two_rows(false);

	(void)state;
	assert_string_equal(text, "   ID  FLOW NAME  ERROR\n"
				  "    7  orders     line one\\nline \\x1b[31mtwo\n"
				  "12345  -          -\n");
	free(text);
}

static void test_table_for_programs_is_an_object_a_line(void **state)
{
	char *text = two_rows(true);

	(void)state;
	assert_string_equal(text, "{\"id\":7,\"flow_name\":\"orders\",\"error\":\"line one\\nline "
				  "\\u001b[31mtwo\"}\n"
				  "{\"id\":12345,\"flow_name\":null,\"error\":null}\n");
	free(text);
}

static void test_table_of_many_rows_comes_in_full(void **state)
{
	static const struct column one[] = {{"n", CELL_NUMBER, 0}};
	char *text = NULL, *line;
	size_t len = 0, lines = 0;
	FILE *out = open_memstream(&text, &len);
	struct table t;

	(void)state;
	table_start(&t, one, 1, false, out);
	for (int i = 0; i < 1000; i++)
		table_number(&t, i);
	table_end(&t);
	fclose(out);
	for (line = text; (line = strchr(line, '\n')) != NULL; line++)
		lines++;
	assert_int_equal(lines, 1001);
	assert_string_equal(text + len - 4, "999\n");
	free(text);
}

static void test_table_without_rows_says_nothing(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct table t;

	(void)state;
	table_start(&t, columns, ARRAY_LEN(columns), false, out);
	table_end(&t);
	fclose(out);
	assert_string_equal(text, "");
	free(text);
}

static void escaped(const char *bytes, size_t len, bool lines, const char *want)
{
	struct buf out = BUF_INIT;

	table_escape(bytes, len, lines, &out);
	assert_string_equal(out.ptr, want);
	buf_release(&out);
}

static void test_escape_lets_nothing_speak_to_the_terminal(void **state)
{
	(void)state;
	escaped("plain é €", strlen("plain é €"), false, "plain é €");
	escaped("a\tb\nc\rd", 7, false, "a\\tb\\nc\\rd");
	escaped("a\tb\nc\rd", 7, true, "a\tb\nc\\rd");
	escaped("\x1b]0;title\x07", 10, false, "\\x1b]0;title\\x07");
	escaped("nul\0nul", 7, false, "nul\\x00nul");
	escaped("\x7f", 1, false, "\\x7f");
	escaped("\xc2\x9b" "31m", 5, false, "\\u009b31m");        /* CSI as one character */
	escaped("\xe2\x80\xae" "txt.exe", 10, false, "\\u202etxt.exe"); /* right to left */
	escaped("\xff\xc3(", 3, false, "\\xff\\xc3(");
	escaped("\xed\xa0\x80", 3, false, "\\xed\\xa0\\x80");    /* a surrogate */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_args_tells_options_from_words),
		cmocka_unit_test(test_args_after_two_dashes_are_words),
		cmocka_unit_test(test_args_values_of_a_repeated_option_stand_in_order),
		cmocka_unit_test(test_args_nothing_is_fine),
		cmocka_unit_test(test_args_refuses_what_it_does_not_know),
		cmocka_unit_test(test_args_refuses_wrong_values),
		cmocka_unit_test(test_args_too_many_words_are_named),
		cmocka_unit_test(test_args_numbers_have_limits),
		cmocka_unit_test(test_args_rates_are_per_second),
		cmocka_unit_test(test_args_ids_are_numbers_from_one),
		cmocka_unit_test(test_table_for_people_is_columns),
		cmocka_unit_test(test_table_for_programs_is_an_object_a_line),
		cmocka_unit_test(test_table_of_many_rows_comes_in_full),
		cmocka_unit_test(test_table_without_rows_says_nothing),
		cmocka_unit_test(test_escape_lets_nothing_speak_to_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
