/* SPDX-License-Identifier: MIT */
/* The cases of tests/json: what is JSON by RFC 8259 and what is not. */
#include "common/jsontext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/read_file.h"

static int hex(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Writes %0a and %*200:[ out. */
static void spell_out(const char *p, const char *end, struct buf *out)
{
	char *colon;

	buf_clear(out);
	while (p < end) {
		if (*p != '%') {
			buf_add_char(out, *p++);
		} else if (p[1] == '*') {
			for (long n = strtol(p + 2, &colon, 10); n > 0; n--)
				buf_add_char(out, colon[1]);
			p = colon + 2;
		} else {
			buf_add_char(out, (char)(hex(p[1]) * 16 + hex(p[2])));
			p += 3;
		}
	}
}

/* A block of exactly its bytes, so that ASan and valgrind see one too far. */
static void judge(const char *line, size_t len, struct slice bytes, bool json)
{
	char *copy = malloc(bytes.len ? bytes.len : 1);
	struct err err = {0};
	size_t at = 0;

	memcpy(copy, bytes.ptr, bytes.len);
	struct slice text = {copy, bytes.len};
	if ((jsontext_check(text, JSONTEXT_DEPTH_MAX, &err) == 0) != json)
		fail_msg("%.*s: %s", (int)len, line, json ? err.text : "was taken");
	assert_int_equal(jsontext_fault(text, JSONTEXT_DEPTH_MAX, &at) == NULL, json);
	if (json) {
		struct buf out = BUF_INIT;
		jsontext_text(jsontext_trim(text), &out);
		buf_release(&out);
	} else {
		assert_non_null(strstr(err.text, "byte"));
		assert_true(at <= bytes.len);
	}
	free(copy);
}

static void every_case_is_taken_or_refused_as_it_says(void **state)
{
	char *cases = read_file("tests/json/rfc8259.case");
	struct buf bytes = BUF_INIT;
	int n = 0;

	(void)state;
	for (char *line = cases, *end; (end = strchr(line, '\n')); line = end + 1) {
		char *space = memchr(line, ' ', (size_t)(end - line));
		if (*line == '#')
			continue;
		assert_non_null(space);
		spell_out(space + 1, end, &bytes);
		judge(line, end - line > 100 ? 100 : (size_t)(end - line), buf_slice(&bytes),
		      space - line == 4 && memcmp(line, "json", 4) == 0);
		n++;
	}
	assert_true(n >= 300);
	buf_release(&bytes);
	free(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_is_taken_or_refused_as_it_says)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
