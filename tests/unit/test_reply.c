/* SPDX-License-Identifier: MIT */
/* What may go back to a caller, and which headers a flow may set. */
#include "common/mem.h"
#include "common/header.h"
#include "flow/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slice text(const char *s)
{
	return (struct slice){s, s ? strlen(s) : 0};
}

static void reply_becomes(int status, const char *headers, const char *body,
			  const char *want_headers,
			  const char *want_body)
{
	struct err err = {0};
	struct reply r;

	if (reply_make(&r, status, text(headers), text(body), &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r.status, status);
	assert_string_equal(r.headers, want_headers);
	assert_string_equal(r.body.ptr, want_body);
	reply_release(&r);
	reply_release(&r);
}

static void reply_refused(const char *headers, const char *words)
{
	struct err err = {0};
	struct reply r;

	assert_int_equal(reply_make(&r, 200, text(headers), text("\"x\""), &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" is not in: %s", words, err.text);
	reply_release(&r);
}

static void a_body_decides_its_content_type(void **state)
{
	(void)state;
	reply_becomes(200, "[]", "\"a\\n\\u00e4\"",
		      "[[\"Content-Type\",\"text/plain; charset=utf-8\"]]",
		      "a\n\xC3\xA4");
	reply_becomes(200, "[]", "{\"a\":1.0}", "[[\"Content-Type\",\"application/json\"]]",
		      "{\"a\":1.0}");
	reply_becomes(200, "[]", "null", "[[\"Content-Type\",\"application/json\"]]", "null");
	reply_becomes(200, "[]", NULL, "[]", "");
	reply_becomes(200, " [[\"content-TYPE\",\"a/b\"]] ", "\"x\"",
		      "[[\"content-TYPE\",\"a/b\"]]", "x");
	reply_becomes(201, "[[\"X-A\",\"1\"]]", "1",
		      "[[\"X-A\",\"1\"],[\"Content-Type\",\"application/json\"]]", "1");
}

static void no_content_has_no_body(void **state)
{
	(void)state;
	reply_becomes(204, "[]", "\"x\"", "[]", "");
	reply_becomes(205, "[[\"X-A\",\"1\"]]", "{}", "[[\"X-A\",\"1\"]]", "");
}

static void headers_that_could_split_a_message_are_refused(void **state)
{
	(void)state;
	reply_refused("[[\"X-A\",\"a\\r\\nb: c\"]]", "byte 0x0d");
	reply_refused("[[\"X-A\",\"a\\nb\"]]", "byte 0x0a");
	reply_refused("[[\"X-A\",\"\\u0000\"]]", "byte 0x00");
	reply_refused("[[\"X-A\",\"\\u00e4\"]]", "printable ASCII");
	reply_refused("[[\"X-A\\u0000\",\"a\"]]", "NUL");
	reply_refused("[[\"X A\",\"a\"]]", "letters, digits and hyphens");
	reply_refused("[[\"X:A\",\"a\"]]", "letters, digits and hyphens");
	reply_refused("[[\"\",\"a\"]]", "needs a name");
	reply_refused("[[\"content-length\",\"5\"]]", "counted here");
	reply_refused("[[\"Transfer-Encoding\",\"chunked\"]]", "counted here");
	reply_refused("[[\"CONNECTION\",\"close\"]]", "one connection");
	reply_refused("[[\"Upgrade\",\"h2c\"]]", "one connection");
	reply_refused("[[\"Set-Cookie\",\"a=b\"]]", "cookies");
	reply_refused("[[\"Date\",\"x\"]]", "the server sets it");
	reply_refused("[[\"Server\",\"x\"]]", "the server sets it");
	reply_becomes(200, "[[\"X-A\",\"tab\\there\"]]", NULL, "[[\"X-A\",\"tab\\there\"]]", "");
}

static void headers_have_limits(void **state)
{
	struct buf list = BUF_INIT;
	char *value = mem_new(HEADER_VALUE_MAX + 2);

	(void)state;
	memset(value, 'x', HEADER_VALUE_MAX + 1);
	buf_addf(&list, "[[\"X-A\",\"%s\"]]", value);
	reply_refused(list.ptr, "4097 bytes");
	buf_clear(&list);
	buf_add_char(&list, '[');
	for (int i = 0; i <= HEADERS_MAX; i++)
		header_list_add(&list, "X-A", "1", 1);
	buf_add_char(&list, ']');
	reply_refused(list.ptr, "more than 32 headers");
	buf_release(&list);
	free(value);
}

static void a_status_is_a_number_that_answers(void **state)
{
	static const struct {
		const char *json;
		int rc, status;
	} cases[] = {
		{"200", 1, 200}, {"599", 1, 599}, {"\"404\"", 1, 404}, {"404.0", 1, 404},
		{"4.04e2", 1, 404}, {"null", 0, 0}, {"199", -1, 0}, {"600", -1, 0}, {"302", -1, 0},
		{"100", -1, 0}, {"404.5", -1, 0}, {"-404", -1, 0}, {"1e400", -1, 0}, {"\"\"", -1,
										      0},
		{"\"4 04\"", -1, 0}, {"\"0x1F4\"", -1, 0}, {"true", -1, 0}, {"[404]", -1, 0},
		{"{}", -1, 0},
		{"\"nan\"", -1, 0},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int status = 0, rc = reply_status(text(cases[i].json), &status, &err);
		if (rc != cases[i].rc || status != cases[i].status)
			fail_msg("%s gave %d, status %d", cases[i].json, rc, status);
	}
}

static void lists_are_searched_without_regard_to_case(void **state)
{
	(void)state;
	assert_true(header_list_has(text("[[\"X-A\",\"1\"],[\"content-type\",\"2\"]]"),
				    "Content-Type"));
	assert_false(header_list_has(text("[[\"X-A\",\"Content-Type\"]]"), "Content-Type"));
	assert_false(header_list_has(text("[]"), "X-A"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_decides_its_content_type),
		cmocka_unit_test(no_content_has_no_body),
		cmocka_unit_test(headers_that_could_split_a_message_are_refused),
		cmocka_unit_test(headers_have_limits),
		cmocka_unit_test(a_status_is_a_number_that_answers),
		cmocka_unit_test(lists_are_searched_without_regard_to_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
