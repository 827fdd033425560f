/* SPDX-License-Identifier: MIT */
/* multipart/form-data as JSON: what senders write, and what hostile ones would. */
#include "flow/multipart.h"

#include "common/jsontext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define TYPE "multipart/form-data; boundary=b"
#define FIELD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"

static int read_bytes(const char *type, const char *body, size_t len, struct buf *out, struct err *err)
{
	/* Exactly as long as the bytes: a sanitizer sees a step beyond. */
	char *bytes = malloc(len ? len : 1);

	memcpy(bytes, body, len);
	int rc = multipart_json(type, (struct slice){bytes, len}, out, err);
	free(bytes);
	return rc;
}

static void gives(const char *type, const char *body, const char *want)
{
	struct buf out = BUF_INIT;
	struct err err = {0};

	if (read_bytes(type, body, strlen(body), &out, &err) < 0)
		fail_msg("%s in:\n%s", err.text, body);
	assert_string_equal(out.ptr, want);
	assert_int_equal(jsontext_check(buf_slice(&out), 10, NULL), 0);
	buf_release(&out);
}

static void refuses(const char *type, const char *body, const char *words)
{
	struct buf out = BUF_INIT;
	struct err err = {0};

	assert_int_equal(read_bytes(type, body, strlen(body), &out, &err), -1);
	if (!strstr(err.text, words))
		fail_msg("%s\n  is not: %s", err.text, words);
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

static void fields_and_files_have_one_shape(void **state)
{
	(void)state;
	gives(TYPE, "--b\r\n" FIELD("a") "1\r\n--b\r\n" FIELD("tag") "x & y\r\n--b\r\n" FIELD("tag") "\xC3\xBC\r\n--b--\r\n",
	      "{\"fields\":{\"a\":\"1\",\"tag\":[\"x & y\",\"\xC3\xBC\"]},\"files\":[]}");
	gives(TYPE, "--b\r\ncontent-type: text/plain\r\nCONTENT-disposition:form-data; filename=\"a b.txt\"; name=f\r\n\r\nhi\r\n--b--",
	      "{\"fields\":{},\"files\":[{\"name\":\"f\",\"filename\":\"a b.txt\",\"content_type\":\"text/plain\",\"bytes\":2,"
	      "\"base64\":\"aGk=\"}]}");
	gives(TYPE, "--b--", "{\"fields\":{},\"files\":[]}");
	gives(TYPE, "a preamble\r\n--b \t\r\n" FIELD("a") "\r\n--b--\r\nan epilogue\r\n--b\r\n",
	      "{\"fields\":{\"a\":\"\"},\"files\":[]}");
	/* The line between parts may stand in a value, where it is not one. */
	gives(TYPE, "--b\r\n" FIELD("a") "x--b\r\ny\n--b\r\n--b--", "{\"fields\":{\"a\":\"x--b\\r\\ny\\n--b\"},\"files\":[]}");
	gives("Multipart/Form-Data; charset=utf-8; Boundary=\"b c\"", "--b c\r\n" FIELD("a") "1\r\n--b c--",
	      "{\"fields\":{\"a\":\"1\"},\"files\":[]}");
}

static void names_are_read_as_browsers_and_others_write_them(void **state)
{
	(void)state;
	gives(TYPE, "--b\r\n" FIELD("a%22b%0d%0A%41") "1\r\n--b--", "{\"fields\":{\"a\\\"b\\r\\n%41\":\"1\"},\"files\":[]}");
	gives(TYPE, "--b\r\n" FIELD("a\\\"b\\\\c") "1\r\n--b--", "{\"fields\":{\"a\\\"b\\\\c\":\"1\"},\"files\":[]}");
	gives(TYPE, "--b\r\n" FIELD("") "1\r\n--b--", "{\"fields\":{\"\":\"1\"},\"files\":[]}");
	gives(TYPE, "--b\r\nContent-Disposition: form-data; filename=\"name=x\"; name=\"y\"\r\n\r\n\r\n--b--",
	      "{\"fields\":{},\"files\":[{\"name\":\"y\",\"filename\":\"name=x\",\"content_type\":null,\"bytes\":0,\"base64\":\"\"}]}");
}

static void what_is_not_text_is_a_file_without_a_name(void **state)
{
	static const char body[] = "--b\r\n" FIELD("a") "\xff\0\r\n--b--";
	struct buf out = BUF_INIT;
	struct err err = {0};

	(void)state;
	assert_int_equal(read_bytes(TYPE, body, sizeof(body) - 1, &out, &err), 0);
	assert_string_equal(out.ptr, "{\"fields\":{},\"files\":[{\"name\":\"a\",\"filename\":null,\"content_type\":null,"
				     "\"bytes\":2,\"base64\":\"/wA=\"}]}");
	buf_release(&out);
}

static void what_is_broken_is_said(void **state)
{
	(void)state;
	refuses("multipart/form-data", "--b--", "has no boundary");
	refuses("multipart/form-data; boundary=", "--b--", "has no boundary");
	refuses("multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x",
		"1 to 70 characters");
	refuses(TYPE, "", "is not in it");
	refuses(TYPE, "--", "is not in it");
	refuses(TYPE, "x--b--", "is not in it");
	refuses(TYPE, "--b\r\n" FIELD("a") "1", "in the middle of a part");
	refuses(TYPE, "--b\r\n" FIELD("a") "1\r\n--c--", "in the middle of a part");
	refuses(TYPE, "--b", "does not end");
	refuses(TYPE, "--bb\r\n" FIELD("a") "1\r\n--b--", "does not end");
	refuses(TYPE, "--b\r\nContent-Disposition: form-data; name=a\r\n--b--", "no end of its headers");
	refuses(TYPE, "--b\r\n\r\n1\r\n--b--", "part 1 has no name");
	refuses(TYPE, "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--", "part 1 has no name");
}

static void a_thousand_parts_and_no_more(void **state)
{
	struct buf body = BUF_INIT, out = BUF_INIT;
	struct err err = {0};

	(void)state;
	for (int i = 0; i < MULTIPART_PARTS_MAX; i++)
		buf_add_text(&body, "--b\r\n" FIELD("a") "1\r\n");
	size_t len = body.len;
	buf_add_text(&body, "--b--");
	assert_int_equal(read_bytes(TYPE, body.ptr, body.len, &out, &err), 0);
	buf_clear(&out);
	body.len = len;
	buf_add_text(&body, "--b\r\n" FIELD("a") "1\r\n--b--");
	assert_int_equal(read_bytes(TYPE, body.ptr, body.len, &out, &err), -1);
	assert_non_null(strstr(err.text, "more than 1000 parts"));
	buf_release(&body);
	buf_release(&out);
}

/* Every cut of a sound body is read or refused, and never read beyond. */
static void no_cut_of_it_is_read_beyond(void **state)
{
	static const char body[] = "--b\r\nContent-Disposition: form-data; name=\"a\\\"%22\"; filename=\"f\"\r\nContent-Type: x\r\n\r\n"
				   "1\r\n--b\r\n" FIELD("c") "2\r\n--b--\r\n";

	(void)state;
	for (size_t from = 0; from < sizeof(body); from++) {
		for (size_t len = 0; from + len < sizeof(body); len++) {
			struct buf out = BUF_INIT;
			struct err err = {0};
			if (read_bytes(TYPE, body + from, len, &out, &err) == 0)
				assert_int_equal(jsontext_check(buf_slice(&out), 10, NULL), 0);
			buf_release(&out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_and_files_have_one_shape),
		cmocka_unit_test(names_are_read_as_browsers_and_others_write_them),
		cmocka_unit_test(what_is_not_text_is_a_file_without_a_name),
		cmocka_unit_test(what_is_broken_is_said),
		cmocka_unit_test(a_thousand_parts_and_no_more),
		cmocka_unit_test(no_cut_of_it_is_read_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
