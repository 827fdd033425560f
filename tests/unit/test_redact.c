/* SPDX-License-Identifier: MIT */
/* What a webhook keeps from the disk: which values go, and that nothing else does. */
#include "flow/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct flow *flow_with(const char *redact)
{
	struct faults faults;
	struct flow *f;
	char text[2048];

	snprintf(text, sizeof(text), "{\"name\":\"o\",\"webhook\":{\"system\":\"generic\",\"name\":\"n\",\"url_suffix\":"
		 "\"/a\",\"methods\":[\"POST\"],\"authentication\":{\"type\":\"none\"},\"redact\":%s},\"steps\":[]}", redact);
	int got = flow_parse(text, strlen(text), &f, &faults);
	if (got < 0)
		fail_msg("%s: %s", faults.list[0].pointer, faults.list[0].text);
	faults_release(&faults);
	return f;
}

static int redact(const char *how, const char *type, struct slice body, struct flow_redacted *out)
{
	struct flow *f = flow_with(how);
	char headers[200];
	struct err err = {0};

	snprintf(headers, sizeof(headers), "[[\"Content-Type\",\"%s\"]]", type);
	struct scope_event event = {.method = "POST", .path = "/in/a", .query = "a=1&token=s3cret&b", .headers = headers,
				    .suffix = "/a", .remote = "x", .trigger = "arrival", .body = body};
	*out = (struct flow_redacted)FLOW_REDACTED_INIT;
	int got = flow_redact(f, &event, out, &err);
	if (got < 0)
		assert_non_null(strstr(err.text, "must not be stored"));
	flow_free(f);
	return got;
}

/* want NULL: nothing is cut. */
static void becomes(const char *how, const char *type, const char *body, const char *want, const char *names)
{
	struct flow_redacted r;

	/* Exactly as long as the bytes: a sanitizer sees a step beyond. */
	size_t len = strlen(body);
	char *bytes = malloc(len ? len : 1);
	memcpy(bytes, body, len);
	assert_int_equal(redact(how, type, (struct slice){bytes, len}, &r), 0);
	assert_int_equal(r.cut_body, want != NULL);
	if (want)
		assert_string_equal(r.body.ptr, want);
	assert_string_equal(r.names.ptr, names);
	flow_redacted_release(&r);
	free(bytes);
}

static void json(const char *paths, const char *body, const char *want, const char *names)
{
	char how[400];

	snprintf(how, sizeof(how), "{\"body\":%s}", paths);
	becomes(how, "application/json", body, want, names);
}

static void a_value_is_cut_and_all_else_stays_byte_for_byte(void **state)
{
	(void)state;
	json("\".body.card.number\"",
	     " {\"id\" : 820982911946154508,\n \"card\":{ \"number\" :  \"4111 1111\\u0031\" , \"exp\":1e2}, \"é\":\"\\/\" }\n",
	     " {\"id\" : 820982911946154508,\n \"card\":{ \"number\" :  \"[redacted]\" , \"exp\":1e2}, \"é\":\"\\/\" }\n",
	     "\".body.card.number\"");
	json("\".body.card\"", "{\"card\":{\"number\":[1,{}]},\"x\":1}", "{\"card\":\"[redacted]\",\"x\":1}",
	     "\".body.card\"");
	json("\".body.a\"", "\xEF\xBB\xBF{\"a\":12.50}", "\xEF\xBB\xBF{\"a\":\"[redacted]\"}", "\".body.a\"");
	json("\".body.a\"", "{\"b\":1}", NULL, "");
	json("\".body.a.b\"", "{\"a\":7}", NULL, "");
	json("\".body.a\"", "", NULL, "");
	json("\".body\"", " [1, 2] ", " \"[redacted]\" ", "\".body\"");
}

static void a_key_is_known_however_it_is_written_and_however_often(void **state)
{
	(void)state;
	json("\".body.card\"", "{\"card\":1,\"c\\u0061rd\":2,\"card\":{\"card\":3}}",
	     "{\"card\":\"[redacted]\",\"c\\u0061rd\":\"[redacted]\",\"card\":\"[redacted]\"}", "\".body.card\"");
	json("\".body[\\\"x-y\\\"]\"", "{\"x-y\":1,\"x\":2}", "{\"x-y\":\"[redacted]\",\"x\":2}",
	     "\".body[\\\"x-y\\\"]\"");
}

static void lists_are_walked_by_brackets_by_number_and_by_themselves(void **state)
{
	(void)state;
	json("\".body.items[].card\"", "{\"items\":[{\"card\":1},{\"x\":2},[{\"card\":3}]]}",
	     "{\"items\":[{\"card\":\"[redacted]\"},{\"x\":2},[{\"card\":\"[redacted]\"}]]}", "\".body.items[].card\"");
	json("\".body.items.card\"", "{\"items\":[{\"card\":1},7,{\"card\":3}]}",
	     "{\"items\":[{\"card\":\"[redacted]\"},7,{\"card\":\"[redacted]\"}]}", "\".body.items.card\"");
	json("\".body.a\"", "[{\"a\":1},{\"a\":2}]", "[{\"a\":\"[redacted]\"},{\"a\":\"[redacted]\"}]", "\".body.a\"");
	json("\".body[1]\"", "[1,2,3]", "[1,\"[redacted]\",3]", "\".body[1]\"");
	json("\".body[-1].a\"", "[{\"a\":1},{\"a\":2}]", "[{\"a\":1},{\"a\":\"[redacted]\"}]", "\".body[-1].a\"");
	json("\".body[-9]\"", "[1]", NULL, "");
	json("\".body[]\"", "{\"a\":1,\"b\":[2]}", "{\"a\":\"[redacted]\",\"b\":\"[redacted]\"}", "\".body[]\"");
}

static void paths_that_meet_cut_once(void **state)
{
	(void)state;
	json("[\".body.a.b\",\".body.a\",\".body.c\",\".body.a.b\"]", "{\"c\":1,\"a\":{\"b\":2},\"d\":3}",
	     "{\"c\":\"[redacted]\",\"a\":\"[redacted]\",\"d\":3}",
	     "\".body.a.b\",\".body.a\",\".body.c\",\".body.a.b\"");
}

static void a_form_is_cut_by_its_names(void **state)
{
	static const char type[] = "application/x-www-form-urlencoded; charset=utf-8";

	(void)state;
	becomes("{\"body\":[\".body.card\"]}", type, "a=%31&c%61rd=4111+1111&card=&card&x=1",
		"a=%31&c%61rd=[redacted]&card=[redacted]&card&x=1", "\".body.card\"");
	becomes("{\"body\":[\".body.card.number\"]}", type, "card=1&b=2", "card=[redacted]&b=2",
		"\".body.card.number\"");
	becomes("{\"body\":[\".body\"]}", type, "card=1&b=2", "card=[redacted]&b=[redacted]", "\".body\"");
	becomes("{\"body\":[\".body.card\"]}", type, "a=1", NULL, "");
	becomes("{\"body\":[\".body.card\",\".body[]\"]}", type, "card=&b=", "card=[redacted]&b=[redacted]",
		"\".body.card\",\".body[]\"");
	/* What is JSON is JSON, whatever it is called. */
	becomes("{\"body\":[\".body.card\"]}", type, "{\"card\":\"a=b&c\"}", "{\"card\":\"[redacted]\"}", "\".body.card\"");
	becomes("{\"body\":[\".body.card\"]}", "text/plain", "[{\"card\":1}]", "[{\"card\":\"[redacted]\"}]",
		"\".body.card\"");
}

static void a_multipart_body_is_cut_by_fields_and_files(void **state)
{
	static const char type[] = "multipart/form-data; boundary=b",
		body[] = "--b\r\nContent-Disposition: form-data; name=\"card\"\r\n\r\n4111\r\n--b\r\n"
			 "Content-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b\r\n"
			 "Content-Disposition: form-data; name=\"card\"; filename=\"f\"\r\n\r\nsecret\r\n--b--\r\n";

	(void)state;
	becomes("{\"body\":[\".body.fields.card\"]}", type, body,
		"--b\r\nContent-Disposition: form-data; name=\"card\"\r\n\r\n[redacted]\r\n--b\r\n"
		"Content-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b\r\n"
		"Content-Disposition: form-data; name=\"card\"; filename=\"f\"\r\n\r\nsecret\r\n--b--\r\n",
		"\".body.fields.card\"");
	becomes("{\"body\":[\".body.files[0].base64\",\".body.fields.none\"]}", type, body,
		"--b\r\nContent-Disposition: form-data; name=\"card\"\r\n\r\n4111\r\n--b\r\n"
		"Content-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b\r\n"
		"Content-Disposition: form-data; name=\"card\"; filename=\"f\"\r\n\r\n[redacted]\r\n--b--\r\n",
		"\".body.files[0].base64\"");
	becomes("{\"body\":[\".body.card\"]}", type, body, NULL, "");
}

static void what_cannot_be_read_is_refused(void **state)
{
	static const char *const bodies[] = {"{\"card\":1", "card 1", "{\"card\":1}{\"card\":2}", "{\"card\":\"\xff\"}"};
	struct flow_redacted r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		const char *how = "{\"body\":\".body.card\"}";
		assert_int_equal(redact(how, "application/json", (struct slice){bodies[i], strlen(bodies[i])}, &r), -1);
		flow_redacted_release(&r);
		/* Where nothing of the body is asked for, nobody reads it. */
		how = "{\"headers\":\"X-Card\",\"query\":\"x\"}";
		assert_int_equal(redact(how, "application/json", (struct slice){bodies[i], strlen(bodies[i])}, &r), 0);
		flow_redacted_release(&r);
	}
}

static void parameters_of_the_query_are_cut(void **state)
{
	struct flow_redacted r;

	(void)state;
	assert_int_equal(redact("{\"query\":[\"token\",\"none\"]}", "", (struct slice){"", 0}, &r), 0);
	assert_true(r.cut_query);
	assert_string_equal(r.query.ptr, "a=1&token=[redacted]&b");
	assert_string_equal(r.names.ptr, "\"query token\"");
	flow_redacted_release(&r);
}

static void depth_and_breadth_cost_no_stack(void **state)
{
	const size_t n = 100000, depth = 150;
	struct buf body = BUF_INIT;
	struct flow_redacted r;

	(void)state;
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&body, '[');
	for (size_t i = 0; i < n; i++)
		buf_add_text(&body, i ? ",{\"card\":1}" : "{\"card\":1}");
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&body, ']');
	assert_int_equal(redact("{\"body\":\".body.card\"}", "application/json", buf_slice(&body), &r), 0);
	assert_int_equal(r.body.len, body.len + n * 11);
	assert_null(strstr(r.body.ptr, ":1}"));
	flow_redacted_release(&r);
	buf_release(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_cut_and_all_else_stays_byte_for_byte),
		cmocka_unit_test(a_key_is_known_however_it_is_written_and_however_often),
		cmocka_unit_test(lists_are_walked_by_brackets_by_number_and_by_themselves),
		cmocka_unit_test(paths_that_meet_cut_once),
		cmocka_unit_test(a_form_is_cut_by_its_names),
		cmocka_unit_test(a_multipart_body_is_cut_by_fields_and_files),
		cmocka_unit_test(what_cannot_be_read_is_refused),
		cmocka_unit_test(parameters_of_the_query_are_cut),
		cmocka_unit_test(depth_and_breadth_cost_no_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
