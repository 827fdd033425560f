/* SPDX-License-Identifier: MIT */
/* Does a request have the structure that its webhook expects? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char document[] =
	"{\"name\":\"f\",\"webhook\":{\"system\":\"generic\",\"name\":\"F\",\"url_suffix\":\"/f\","
	"\"methods\":[\"POST\"],\"authentication\":{\"type\":\"none\"},\"expected\":{"
	"\"headers\":{\"X-Topic\":\"a\"},\"query\":{\"source\":\"web\"},"
	"\"body\":{\"id\":820982911946154508,\"email\":\"a@b\",\"note\":null,\"tags\":[\"x\"],"
	"\"items\":[{\"sku\":\"A\",\"n\":1}],\"a/b\":true},\"mismatch\":\"reject\"}},\"steps\":[]}";

static size_t compare(const char *headers, const char *query, const char *body, struct buf *out)
{
	struct faults faults = {0};
	struct flow *f = NULL;

	assert_int_equal(flow_parse(document, strlen(document), &f, &faults), 0);
	assert_int_equal(flow_webhook(f)->mismatch, MISMATCH_REJECT);
	struct scope_event event = {.method = "POST", .path = "/in/f", .suffix = "/f", .query = query,
				    .headers = headers, .remote = "x", .trigger = "test",
				    .body = {body, strlen(body)}};
	size_t found = flow_mismatches(f, &event, out);
	flow_free(f);
	faults_release(&faults);
	return found;
}

#define HEADERS "[[\"x-topic\",\"b\"],[\"Content-Type\",\"application/json\"]]"
#define BODY "{\"id\":1,\"email\":\"\",\"note\":[1],\"tags\":[],\"items\":[],\"a/b\":false,\"more\":1}"

static void data_of_the_same_shape_fits_whatever_its_values(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(compare(HEADERS, "source=app&x=1", BODY, &out), 0);
	assert_string_equal(out.ptr, "[]");
	buf_release(&out);
}

static void each_difference_is_named_by_its_pointer(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(compare("[]", "", "{\"id\":\"1\",\"note\":1,\"tags\":[1],\"items\":[{\"n\":1}],\"a/b\":1}", &out), 7);
	assert_non_null(strstr(out.ptr, "{\"pointer\":\"/headers/X-Topic\",\"text\":\"it is missing\"}"));
	assert_non_null(strstr(out.ptr, "{\"pointer\":\"/query/source\",\"text\":\"it is missing\"}"));
	assert_non_null(strstr(out.ptr, "{\"pointer\":\"/body/id\",\"text\":\"expected: number; here: string\"}"));
	assert_non_null(strstr(out.ptr, "\"/body/email\""));
	assert_non_null(strstr(out.ptr, "\"/body/tags/0\""));
	assert_non_null(strstr(out.ptr, "\"/body/items/0/sku\""));
	assert_non_null(strstr(out.ptr, "\"/body/a~1b\""));
	buf_release(&out);
}

static void a_body_that_is_no_json_is_one_difference(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(compare(HEADERS, "source=1", "{broken", &out), 1);
	assert_string_equal(out.ptr, "[{\"pointer\":\"/body\",\"text\":\"expected: object; here: string\"}]");
	buf_release(&out);
}

static void a_flood_of_differences_ends(void **state)
{
	struct buf out = BUF_INIT, body = BUF_INIT;

	(void)state;
	buf_add_text(&body, "{\"id\":1,\"email\":\"\",\"note\":1,\"a/b\":true,\"items\":[],\"tags\":[0");
	for (int i = 0; i < 100000; i++)
		buf_add_text(&body, ",0");
	buf_add_text(&body, "]}");
	assert_int_equal(compare(HEADERS, "source=1", body.ptr, &out), FLOW_MISMATCHES_MAX);
	buf_release(&out);
	buf_release(&body);
}

static char *expected_of(const char *authentication, const char *expected)
{
	char text[700];
	struct faults faults = {0};
	struct flow *f = NULL;

	snprintf(text, sizeof(text), "{\"name\":\"f\",\"webhook\":{\"system\":\"generic\",\"name\":\"F\","
		 "\"url_suffix\":\"/f\",\"methods\":[\"POST\"],\"authentication\":%s%s},\"steps\":[]}",
		 authentication, expected);
	assert_int_equal(flow_parse(text, strlen(text), &f, &faults), 0);
	cJSON *tree = flow_expected(f);
	char *printed = json_print(tree);
	cJSON_Delete(tree);
	flow_free(f);
	faults_release(&faults);
	return printed;
}

static void expect(const char *authentication, const char *expected, const char *want)
{
	char *got = expected_of(authentication, expected);

	assert_string_equal(got, want);
	free(got);
}

#define KEY "{\"type\":\"api_key\",\"secret\":\"s\""

static void an_api_key_fills_in_its_header_or_parameter(void **state)
{
	(void)state;
	expect(KEY "}", "", "{\"headers\":{\"X-API-Key\":\"[redacted]\"}}");
	expect(KEY ",\"name\":\"X-Shop\"}", ",\"expected\":{\"headers\":{\"A\":\"1\"},\"mismatch\":\"warn\"}",
	       "{\"headers\":{\"A\":\"1\",\"X-Shop\":\"[redacted]\"}}");
	expect(KEY ",\"in\":\"query\",\"name\":\"key\"}", ",\"expected\":{\"body\":1}",
	       "{\"body\":1,\"query\":{\"key\":\"[redacted]\"}}");
	/* Where it is written down it stays as it is; names of parameters have a case. */
	expect(KEY "}", ",\"expected\":{\"headers\":{\"x-api-KEY\":\"abc\"}}", "{\"headers\":{\"x-api-KEY\":\"abc\"}}");
	expect(KEY ",\"in\":\"query\",\"name\":\"key\"}", ",\"expected\":{\"query\":{\"Key\":\"1\"}}",
	       "{\"query\":{\"Key\":\"1\",\"key\":\"[redacted]\"}}");
	expect("{\"type\":\"none\"}", "", "{}");
	expect("{\"type\":\"bearer\",\"secret\":\"s\"}", "", "{}");
}

static size_t differences(const char *authentication, const char *headers, const char *query)
{
	char text[600];
	struct faults faults = {0};
	struct buf out = BUF_INIT;
	struct flow *f = NULL;

	snprintf(text, sizeof(text), "{\"name\":\"f\",\"webhook\":{\"system\":\"generic\",\"name\":\"F\","
		 "\"url_suffix\":\"/f\",\"methods\":[\"POST\"],\"authentication\":%s},\"steps\":[]}", authentication);
	assert_int_equal(flow_parse(text, strlen(text), &f, &faults), 0);
	struct scope_event event = {.method = "POST", .path = "/in/f", .suffix = "/f", .query = query,
				    .headers = headers, .remote = "x", .trigger = "test", .body = {"", 0}};
	size_t n = flow_mismatches(f, &event, &out);
	flow_free(f);
	faults_release(&faults);
	buf_release(&out);
	return n;
}

static void a_request_without_its_api_key_has_another_structure(void **state)
{
	(void)state;
	assert_int_equal(differences(KEY "}", "[]", ""), 1);
	assert_int_equal(differences(KEY "}", "[[\"x-api-key\",\"1\"]]", ""), 0);
	assert_int_equal(differences(KEY ",\"in\":\"query\",\"name\":\"key\"}", "[]", "Key=1"), 1);
	assert_int_equal(differences(KEY ",\"in\":\"query\",\"name\":\"key\"}", "[]", "key=1"), 0);
	/* Who may come without it is not told so twice. */
	assert_int_equal(differences(KEY ",\"enforce\":false}", "[]", ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_of_the_same_shape_fits_whatever_its_values),
		cmocka_unit_test(each_difference_is_named_by_its_pointer),
		cmocka_unit_test(a_body_that_is_no_json_is_one_difference),
		cmocka_unit_test(a_flood_of_differences_ends),
		cmocka_unit_test(an_api_key_fills_in_its_header_or_parameter),
		cmocka_unit_test(a_request_without_its_api_key_has_another_structure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
