/* SPDX-License-Identifier: MIT */
/* Our own documents: exact numbers, no twins, faults with line and column. */
#include "common/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"

static void prints(const char *text, const char *want)
{
	struct err err = {0};
	cJSON *node = json_parse(text, strlen(text), &err);

	if (!node)
		fail_msg("%s: %s", text, err.text);
	char *printed = json_print(node);
	assert_string_equal(printed, want);
	free(printed);
	cJSON_Delete(node);
}

static void refused(const char *text, const char *want)
{
	struct err err = {0};

	assert_null(json_parse(text, strlen(text), &err));
	assert_string_equal(err.text, want);
	assert_int_equal(err.kind, ERR_INVALID);
}

static void a_document_prints_as_it_was_read(void **state)
{
	static const char *const same[] = {
		"{\"b\":[1,2.50,-0,1e3,1E+3,{}],\"a\":null,\"\":[]}",
		"[820982911946154508,0.1000000000000000055,1e400,18446744073709551616,1.0,1e-400]",
		"[9007199254740991,9007199254740993,0.1,0.30000000000000004,123456789012345678]",
		"\"gr\xC3\xBC \\\" \\\\ \\n \\u0001\"", "[[[[[]]]]]", "true", "-12",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		prints(same[i], same[i]);
	prints(" { \"a\" : [ 1 , 2 ] } ", "{\"a\":[1,2]}");
	prints("\"\\u00fc\\/\"", "\"\xC3\xBC/\"");
}

static void a_number_longer_than_any_buffer_is_kept(void **state)
{
	char text[400];

	(void)state;
	memset(text, '7', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	prints(text, text);
}

static void only_what_a_double_cannot_hold_is_raw(void **state)
{
	static const struct {
		const char *text;
		bool raw;
	} cases[] = {
		{"1", false}, {"1.0", false}, {"-0.0", false}, {"1e3", false}, {"0.1", false},
		{"1e308", false},
		{"9007199254740991", false}, {"9007199254740992", false}, {"0.30000000000000004",
		false},
		{"123456789.123456", false}, {"0.000001", false}, {"5e-324", true},
		{"100000000000000000000", false},
		{"9007199254740993", true}, {"820982911946154508", true}, {"0.1000000000000000055",
		true},
		{"1e400", true}, {"1e-400", true}, {"0e999", false}, {"0.10", false}, {"12.340e5",
		false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cJSON *node = json_parse(cases[i].text, strlen(cases[i].text), NULL);
		if (!node || cJSON_IsRaw(node) != cases[i].raw || !json_is_number(node))
			fail_msg("%s is %sraw", cases[i].text, cases[i].raw ? "not " : "");
		if (!cases[i].raw)
			assert_true(node->valuedouble == strtod(cases[i].text, NULL));
		cJSON_Delete(node);
	}
}

static void a_key_that_stands_twice_is_refused_with_its_place(void **state)
{
	(void)state;
	refused("{\"a\":1,\n  \"b\":2, \"a\":3}",
			"line 2, column 10: the key \"a\" stands twice in one object");
	refused("[{\"x\":{\"k\":1,\"\\u006b\":2}}]",
			"line 1, column 14: the key \"k\" stands twice in one object");
	prints("{\"a\":{\"a\":1},\"A\":2}", "{\"a\":{\"a\":1},\"A\":2}");
}

static void a_nul_has_no_place_in_a_text(void **state)
{
	(void)state;
	refused("{\"a\":\"x\\u0000y\"}",
			"line 1, column 6: \\u0000 has no place in a text of ours");
	refused("{\"a\\u0000\":1}", "line 1, column 2: \\u0000 has no place in a text of ours");
}

static void a_fault_is_named_by_line_and_column(void **state)
{
	(void)state;
	refused("{\n\t\"a\": 1\n\t\"b\": 2\n}", "line 3, column 2: a comma or } was expected");
	refused("[\"\xC3\xBC\xC3\xBC\", x]", "line 1, column 8: a value was expected");
	refused("", "line 1, column 1: a value was expected, but the text ends");
	refused("{} x", "line 1, column 4: there is more after the value");
}

static void a_hundred_thousand_keys_take_no_quadratic_time(void **state)
{
	int count = getenv("VALGRIND") ? 2000 : 100000;
	struct buf text = BUF_INIT;
	int64_t before = clock_mono_ms();

	(void)state;
	for (int i = 0; i < count; i++)
		buf_addf(&text, "%c\"k%d\":%d", i ? ',' : '{', i, i);
	buf_add_char(&text, '}');
	cJSON *node = json_parse(text.ptr, text.len, NULL);
	assert_non_null(node);
	assert_true(clock_mono_ms() - before < 5000);
	cJSON_Delete(node);
	text.len--;
	buf_add_text(&text, ",\"k1\":0}");
	assert_null(json_parse(text.ptr, text.len, NULL));
	buf_release(&text);
}

static void members_are_looked_up_by_exact_name_and_type(void **state)
{
	const char *text = "{\"t\":\"x\",\"n\":7,\"big\":820982911946154508,\"e\":1e3,\"h\":1.5,\"b\":true,"
			   "\"huge\":1e30,\"over\":99999999999999999999}";
	cJSON *o = json_parse(text, strlen(text), NULL);

	(void)state;
	assert_string_equal(json_text(o, "t", NULL), "x");
	assert_null(json_text(o, "T", NULL));
	assert_string_equal(json_text(o, "n", "else"), "else");
	assert_int_equal(json_int(o, "n", 0), 7);
	assert_true(json_int(o, "big", 0) == 820982911946154508);
	assert_int_equal(json_int(o, "e", 0), 1000);
	assert_int_equal(json_int(o, "h", -1), -1);
	assert_int_equal(json_int(o, "huge", -1), -1);
	assert_int_equal(json_int(o, "over", -1), -1);
	assert_int_equal(json_int(o, "t", -1), -1);
	assert_true(json_bool(o, "b", false));
	assert_true(json_bool(o, "n", true));
	assert_null(json_get(NULL, "x"));
	assert_non_null(json_get(o, "b"));
	cJSON_Delete(o);
}

static void what_is_built_prints_exactly(void **state)
{
	cJSON *o = cJSON_CreateObject();

	(void)state;
	json_add_text(o, "t", "\"");
	json_add_text(o, "none", NULL);
	json_add_int(o, "id", INT64_MAX);
	json_add_int(o, "small", -5);
	json_add_raw(o, "raw", "[1.00]");
	cJSON_AddNumberToObject(o, "d", 0.1);
	cJSON_AddItemToObject(o, "list", cJSON_CreateArray());
	char *compact = json_print(o), *pretty = json_print_pretty(o);
	assert_string_equal(compact,
			"{\"t\":\"\\\"\",\"none\":null,\"id\":9223372036854775807,\"small\":-5,"
				     "\"raw\":[1.00],\"d\":0.1,\"list\":[]}");
	assert_non_null(strstr(pretty, "{\n  \"t\": \"\\\"\",\n  \"none\": null,\n"));
	assert_non_null(strstr(pretty, "  \"list\": []\n}\n"));
	assert_true(json_is_number(json_get(o, "id")));
	assert_false(json_is_number(json_get(o, "raw")));
	free(compact);
	free(pretty);
	cJSON_Delete(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_prints_as_it_was_read),
		cmocka_unit_test(a_number_longer_than_any_buffer_is_kept),
		cmocka_unit_test(only_what_a_double_cannot_hold_is_raw),
		cmocka_unit_test(a_key_that_stands_twice_is_refused_with_its_place),
		cmocka_unit_test(a_nul_has_no_place_in_a_text),
		cmocka_unit_test(a_fault_is_named_by_line_and_column),
		cmocka_unit_test(a_hundred_thousand_keys_take_no_quadratic_time),
		cmocka_unit_test(members_are_looked_up_by_exact_name_and_type),
		cmocka_unit_test(what_is_built_prints_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
