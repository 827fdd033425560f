/* SPDX-License-Identifier: MIT */
/* JSON as text: what is JSON, and what is cut out of it. */
#include "common/jsontext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"

static struct slice S(const char *text)
{
	return (struct slice){text, strlen(text)};
}

/* A copy of exactly len bytes, so that valgrind and ASan see a byte too far. */
static int check_exact(const char *bytes, size_t len, struct err *err)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	int rc = jsontext_check((struct slice){copy, len}, JSONTEXT_DEPTH_MAX, err);
	free(copy);
	return rc;
}

static void every_form_of_value_is_json(void **state)
{
	static const char *const good[] = {
		"null", "true", "false", "0", "-0", "12", "-1.5e+10", "1E5", "0.001", "\"\"", "[]",
		"{}",
		" \t\r\n[ 1 , 2 ] \n", "{\"a\":{\"b\":[null,true,{}]},\"a\":1}",
		"\"\\u0000\\ud800\"",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
		"\"gr\xC3\xBC\xC3\x9F 12345678 \xF0\x9F\x98\x80\"", "[[[[]]]]",
		"\"\x7F\"", "[{\"a\":[]},{\"b\":{}}]", "\"0123456789abcdef0123456789abcdef\"",
	};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (check_exact(good[i], strlen(good[i]), &err) < 0)
			fail_msg("%s: %s", good[i], err.text);
}

static void nothing_but_json_passes(void **state)
{
	static const char *const bad[] = {
		"", " ", "nul", "nulll", "True", "01", "-", "1.", ".5", "1e", "1e+", "+1", "0x1",
		"NaN",
		"Infinity", "'a'", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
		"\"a\nb\"",
		"\"\x1F\"", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "}", "{\"a\"",
		"{\"a\":",
		"{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{1:1}", "{\"a\" 1}",
		"{\"a\"::1}",
		"[}", "{]", "[1}", "{\"a\":1]", "1 1", "[] []", "[]x", "// c\n1", "[1]//",
		"\xEF\xBB\xBF" "1",
		"\"\xFF\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"12345678\x01" "2345678\"",
		"\"1234567\"8\"",
		"tru", "-a", "1.e5", "\\", "\"\\", "\f1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (check_exact(bad[i], strlen(bad[i]), NULL) == 0)
			fail_msg("%s passed", bad[i]);
	assert_int_equal(check_exact("\"a\0b\"", 5, NULL), -1);
	assert_int_equal(check_exact("\"\\\0\"", 4, NULL), -1);
	assert_int_equal(check_exact("\"\\u00\0" "0\"", 8, NULL), -1);
	assert_int_equal(check_exact("1\0", 2, NULL), -1);
}

static void a_control_byte_is_found_at_every_place_of_a_string(void **state)
{
	char text[42];

	(void)state;
	for (size_t i = 1; i < 41; i++) {
		memset(text, 'x', sizeof(text));
		text[0] = text[41] = '"';
		assert_int_equal(check_exact(text, sizeof(text), NULL), 0);
		text[i] = '\x1F';
		assert_int_equal(check_exact(text, sizeof(text), NULL), -1);
		text[i] = '\x80';
		assert_int_equal(check_exact(text, sizeof(text), NULL), -1);
		text[i] = '"';
		assert_int_equal(check_exact(text, sizeof(text), NULL), -1);
	}
}

static void the_sentence_names_the_byte(void **state)
{
	struct err err = {0};
	size_t at = 0;

	(void)state;
	assert_int_equal(jsontext_check(S("{\"a\": 1,\n \"b\" 2}"), 10, &err), -1);
	assert_string_equal(err.text, "not JSON at byte 14: a colon was expected");
	assert_non_null(jsontext_fault(S("[1,2,x]"), 10, &at));
	assert_int_equal(at, 5);
	assert_null(jsontext_fault(S("[1,2]"), 10, &at));
	assert_int_equal(jsontext_check(S("[[1]]"), 1, &err), -1);
	assert_string_equal(err.text, "not taken as JSON: byte 1 is nested deeper than 1 levels");
}

static void depth_is_counted_to_the_level(void **state)
{
	char text[500];

	(void)state;
	for (unsigned depth = 1; depth <= 201; depth++) {
		memset(text, depth % 2 ? '[' : '[', depth);
		memset(text + depth, ']', depth);
		struct slice s = {text, depth * 2};
		assert_int_equal(jsontext_check(s, depth, NULL), 0);
		assert_int_equal(jsontext_check(s, depth - 1, NULL), -1);
		assert_int_equal(jsontext_check(s, JSONTEXT_DEPTH_MAX, NULL),
				depth <= 200 ? 0 : -1);
	}
}

static void a_million_deep_array_is_refused_without_stack(void **state)
{
	char *text = mem_new(1000000);
	int64_t before = clock_mono_us();

	(void)state;
	memset(text, '[', 1000000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(jsontext_check((struct slice){text, 1000000}, JSONTEXT_DEPTH_MAX,
				NULL), -1);
	assert_int_equal(jsontext_check((struct slice){text, 1000000}, UINT32_MAX, NULL), -1);
	assert_true(clock_mono_us() - before < 1000000);
	free(text);
}

static void cut(const char *object, const char *key, const char *want)
{
	struct slice out = {0};

	assert_int_equal(jsontext_member(S(object), key, strlen(key), &out), want ? 1 : 0);
	if (want) {
		assert_int_equal(out.len, strlen(want));
		assert_memory_equal(out.ptr, want, out.len);
	}
}

static void a_key_that_stands_twice_gives_the_last_value(void **state)
{
	(void)state;
	cut("{\"a\":1,\"b\":2,\"a\":3}", "a", "3");
	cut("{\"a\":1,\"\\u0061\":[2]}", "a", "[2]");
	cut("{\"\\u0061\":1,\"a\":2,\"A\":3}", "a", "2");
}

static void a_member_is_found_by_its_decoded_key(void **state)
{
	struct slice out;

	(void)state;
	cut("{ \"x\" : { \"a\" : 1 } , \"a\" : \"}\" }", "a", "\"}\"");
	cut("{\"a\":1}", "A", NULL);
	cut("{}", "a", NULL);
	cut("{\"\":7}", "", "7");
	cut("[1]", "a", NULL);
	cut("{\"\\\"\\\\\":1}", "\"\\", "1");
	cut("{\"gr\xC3\xBC\":1}", "gr\xC3\xBC", "1");
	cut("{\"\\ud83d\\ude00\":1}", "\xF0\x9F\x98\x80", "1");
	cut("{\"a\":\"\\\\\",\"b\":2}", "b", "2");
	assert_int_equal(jsontext_member(S("{\"a\\u0000b\":5,\"a\":6}"), "a\0b", 3, &out), 1);
	assert_memory_equal(out.ptr, "5", 1);
}

static void items_count_from_both_ends(void **state)
{
	struct slice list = S("[ 10, [1,2] ,\"]\",{\"a\":[]} , -1e5 ]"), out;

	(void)state;
	assert_int_equal(jsontext_item(list, 1, &out), 1);
	assert_memory_equal(out.ptr, "[1,2]", out.len);
	assert_int_equal(jsontext_item(list, -1, &out), 1);
	assert_int_equal(out.len, 4);
	assert_memory_equal(out.ptr, "-1e5", 4);
	assert_int_equal(jsontext_item(list, -5, &out), 1);
	assert_memory_equal(out.ptr, "10", out.len);
	assert_int_equal(jsontext_item(list, 5, &out), 0);
	assert_int_equal(jsontext_item(list, -6, &out), 0);
	assert_int_equal(jsontext_item(S("[]"), 0, &out), 0);
	assert_int_equal(jsontext_item(S("{}"), 0, &out), 0);
}

static void a_walk_gives_keys_and_values_in_order(void **state)
{
	struct jsontext_walk w;
	struct buf seen = BUF_INIT;

	(void)state;
	for (jsontext_walk_start(&w, S("{\"b\" : 1 , \"a\":{\"x\":[1,{}]},\"b\":null }"));
			jsontext_walk_next(&w);) {
		buf_add_slice(&seen, w.key);
		buf_add_slice(&seen, w.value);
		buf_add_char(&seen, ';');
	}
	assert_string_equal(seen.ptr, "\"b\"1;\"a\"{\"x\":[1,{}]};\"b\"null;");
	buf_release(&seen);
}

static void text_is(const char *json, const char *want, size_t len)
{
	struct buf out = BUF_INIT;

	jsontext_text(S(json), &out);
	assert_int_equal(out.len, len);
	assert_memory_equal(out.ptr, want, len);
	buf_release(&out);
}

static void strings_are_decoded_and_the_rest_is_compacted(void **state)
{
	(void)state;
	text_is("\"a\\n\\u00fc\\\"\\/\"", "a\n\xC3\xBC\"/", 6);
	text_is("\"x\\u0000y\"", "x\0y", 3);
	text_is("\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80", 4);
	text_is("\"\\uFFFF\\u0800\"", "\xEF\xBF\xBF\xE0\xA0\x80", 6);
	text_is("{ \"a b\" : [ 1.0 , \"x  \\\" y\" ] }", "{\"a b\":[1.0,\"x  \\\" y\"]}", 23);
	text_is("null", "null", 4);
	text_is("1.50", "1.50", 4);
}

static void half_a_surrogate_pair_becomes_the_replacement_character(void **state)
{
	(void)state;
	text_is("\"\\ud800\"", "\xEF\xBF\xBD", 3);
	text_is("\"\\udc00x\"", "\xEF\xBF\xBDx", 4);
	text_is("\"\\ud800\\u0041\"", "\xEF\xBF\xBD" "A", 4);
	text_is("\"\\ud800\\ud83d\\ude00\"", "\xEF\xBF\xBD\xF0\x9F\x98\x80", 7);
}

static void kinds_are_named_as_jq_does(void **state)
{
	(void)state;
	assert_string_equal(jsontext_kind_name(jsontext_kind(S("-1"))), "number");
	assert_string_equal(jsontext_kind_name(jsontext_kind(S("true"))), "boolean");
	assert_string_equal(jsontext_kind_name(jsontext_kind(S("\"x\""))), "string");
	assert_string_equal(jsontext_kind_name(jsontext_kind(jsontext_trim(S(" \n{} ")))),
			"object");
	assert_int_equal(jsontext_trim(S(" \t ")).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_value_is_json),
		cmocka_unit_test(nothing_but_json_passes),
		cmocka_unit_test(a_control_byte_is_found_at_every_place_of_a_string),
		cmocka_unit_test(the_sentence_names_the_byte),
		cmocka_unit_test(depth_is_counted_to_the_level),
		cmocka_unit_test(a_million_deep_array_is_refused_without_stack),
		cmocka_unit_test(a_key_that_stands_twice_gives_the_last_value),
		cmocka_unit_test(a_member_is_found_by_its_decoded_key),
		cmocka_unit_test(items_count_from_both_ends),
		cmocka_unit_test(a_walk_gives_keys_and_values_in_order),
		cmocka_unit_test(strings_are_decoded_and_the_rest_is_compacted),
		cmocka_unit_test(half_a_surrogate_pair_becomes_the_replacement_character),
		cmocka_unit_test(kinds_are_named_as_jq_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
