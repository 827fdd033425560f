/* SPDX-License-Identifier: MIT */
/* Bytes that grow: the invariants of buf.h, and JSON text from any bytes. */
#include "common/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void an_empty_buffer_is_an_empty_text(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(b.ptr, "");
	buf_clear(&b);
	buf_release(&b);
	buf_release(&b);
	char *taken = buf_take(&b);
	assert_string_equal(taken, "");
	free(taken);
}

static void what_is_added_stands_in_a_row_and_is_terminated(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_add_text(&b, "cd");
	buf_add_char(&b, 'e');
	buf_add_slice(&b, (struct slice){"fgh", 2});
	buf_add_slice(&b, (struct slice){NULL, 0});
	buf_addf(&b, "%d-%s", 42, "x");
	assert_int_equal(b.len, 12);
	assert_memory_equal(b.ptr, "a\0bcdefg42-x", 13);
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.ptr, "");
	buf_release(&b);
}

static void it_grows_to_a_megabyte_byte_by_byte(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 1 << 20; i++)
		buf_add_char(&b, (char)i);
	for (size_t i = 0; i < 1 << 20; i += 4099)
		assert_int_equal((unsigned char)b.ptr[i], i & 0xFF);
	assert_int_equal(b.ptr[b.len], 0);
	buf_release(&b);
}

static void buf_grow_makes_room_without_moving(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_grow(&b, 1000);
	const char *before = b.ptr;
	for (int i = 0; i < 1000; i++)
		buf_add_char(&b, 'x');
	assert_ptr_equal(b.ptr, before);
	buf_release(&b);
}

static void json_text(const char *bytes, size_t len, const char *want)
{
	struct buf b = BUF_INIT;

	buf_add_json_text(&b, bytes, len);
	assert_string_equal(b.ptr, want);
	buf_release(&b);
}

static void json_text_is_escaped_where_json_asks_for_it(void **state)
{
	(void)state;
	json_text("", 0, "\"\"");
	json_text("plain", 5, "\"plain\"");
	json_text("\"\\\n\r\t", 5, "\"\\\"\\\\\\n\\r\\t\"");
	json_text("a\0b\x1F", 4, "\"a\\u0000b\\u001f\"");
	json_text("gr\xC3\xBC\xC3\x9F", 6, "\"gr\xC3\xBC\xC3\x9F\"");
	json_text("\xF0\x9F\x98\x80", 4, "\"\xF0\x9F\x98\x80\"");
}

static void bytes_that_are_not_utf8_become_the_replacement_character(void **state)
{
	(void)state;
	json_text("a\xFFz", 3, "\"a\xEF\xBF\xBDz\"");
	json_text("\xC3", 1, "\"\xEF\xBF\xBD\"");
	json_text("\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_an_empty_text),
		cmocka_unit_test(what_is_added_stands_in_a_row_and_is_terminated),
		cmocka_unit_test(it_grows_to_a_megabyte_byte_by_byte),
		cmocka_unit_test(buf_grow_makes_room_without_moving),
		cmocka_unit_test(json_text_is_escaped_where_json_asks_for_it),
		cmocka_unit_test(bytes_that_are_not_utf8_become_the_replacement_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
