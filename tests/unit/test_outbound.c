/* SPDX-License-Identifier: MIT */
/* The door to other systems, against a server that is slow, endless, rude or redirecting. */
#include "tests/unit/outbound_server.h"

static void an_answer_comes_whole(void **state)
{
	(void)state;
	assert_int_equal(call("/json"), 0);
	assert_int_equal(got.status, 200);
	assert_string_equal(got.body.ptr, "{\"id\": 1e1000}");
	assert_true(got.body_is_json);
	assert_non_null(strstr(got.headers.ptr, "\"x-twice\":\"a, b\""));
	assert_int_equal(call("/broken-json"), 0);
	assert_false(got.body_is_json);
	assert_int_equal(call("/elsewhere"), 0);
	assert_int_equal(got.status, 404);
	assert_int_equal(call("/interim"), 0);
	assert_null(strstr(got.headers.ptr, "x-early"));
	assert_non_null(strstr(got.headers.ptr, "x-late"));
}

static void a_request_goes_out_as_given(void **state)
{
	char *url = mem_format("http://127.0.0.1:%d/empty?a=b%%20c", port);

	(void)state;
	assert_int_equal(call_full("POST", url, "[[\"X-A\",\"1\"],[\"X-A\",\"2\"],[\"X-E\",\"\"]]",
				   "bytes", 2000, 0), 0);
	assert_int_equal(got.status, 204);
	assert_non_null(strstr(seen, "POST /empty?a=b%20c HTTP/1.1\r\n"));
	assert_non_null(strstr(seen, "X-A: 1\r\nX-A: 2\r\nX-E:\r\n"));
	assert_non_null(strstr(seen, "Content-Length: 5\r\n"));
	assert_non_null(strstr(seen, "\r\n\r\nbytes"));
	assert_null(strcasestr(seen, "expect:"));
	assert_null(strcasestr(seen, "content-type:"));
	assert_int_equal(call_full("PUT", url, "[]", NULL, 2000, 0), 0);
	assert_non_null(strstr(seen, "Content-Length: 0\r\n"));
	assert_int_equal(call_full("DELETE", url, "[]", NULL, 2000, 0), 0);
	assert_non_null(strstr(seen, "DELETE "));
	assert_int_equal(call_full("HEAD", url, "[]", NULL, 2000, 0), 0);
	assert_non_null(strstr(seen, "HEAD "));
	assert_int_equal(call_full("GET", url, "[]", NULL, 2000, 0), 0);
	assert_null(strcasestr(seen, "content-length:")); /* nothing is left of earlier calls */
	free(url);
}

static void connections_are_used_again(void **state)
{
	(void)state;
	assert_int_equal(call("/empty"), 0);
	int before = connections, asked = requests;
	for (int i = 0; i < 5; i++)
		assert_int_equal(call("/json"), 0);
	assert_int_equal(connections, before);
	assert_int_equal(requests, asked + 5);
}

static void redirects_are_not_followed(void **state)
{
	(void)state;
	int before = requests;
	assert_int_equal(call("/redirect"), 0);
	assert_int_equal(got.status, 302);
	assert_int_equal(requests, before + 1);
	assert_non_null(strstr(got.headers.ptr, "\"location\":\"/json\""));
}

static void the_environment_has_no_say(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	assert_int_equal(call("/json"), 0);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

static void slow_ends_in_time(void **state)
{
	char *url = mem_format("http://127.0.0.1:%d/slow?key=hidden", port);
	int64_t before = clock_mono_ms();

	(void)state;
	assert_int_equal(call_full("GET", url, "[]", NULL, 150, 1000), -1);
	assert_int_equal(err.kind, ERR_TIMEOUT);
	assert_true(clock_mono_ms() - before < 1500);
	assert_non_null(strstr(err.text, "did not answer within 150 ms"));
	assert_null(strstr(err.text, "hidden"));
	free(url);
}

static void endless_is_cut(void **state)
{
	(void)state;
	assert_int_equal(call("/endless"), -1);
	assert_int_equal(err.kind, ERR_TOO_BIG);
	assert_non_null(strstr(err.text, "more than 1000 bytes"));
	assert_int_equal(got.body.len, 0);
	assert_int_equal(call("/endless-headers"), -1);
	assert_int_equal(err.kind, ERR_TOO_BIG);
	assert_non_null(strstr(err.text, "bytes of headers"));
}

static void rudeness_is_an_upstream_error(void **state)
{
	(void)state;
	assert_int_equal(call("/reset"), -1);
	assert_int_equal(err.kind, ERR_UPSTREAM);
	assert_int_equal(call("/rude"), -1);
	assert_int_equal(err.kind, ERR_UPSTREAM);
	assert_int_equal(call_full("GET", "http://127.0.0.1:1/x?k=hidden", "[]", NULL, 500, 10),
			 -1);
	assert_int_equal(err.kind, ERR_UPSTREAM);
	assert_non_null(strstr(err.text, "GET http://127.0.0.1:1/x"));
	assert_null(strstr(err.text, "hidden"));
	assert_int_equal(call_full("GET", "http://no.such.name.invalid/", "[]", NULL, 2000, 10),
			 -1);
	assert_true(err.kind == ERR_UPSTREAM || err.kind == ERR_TIMEOUT);
	assert_int_equal(call("/json"), 0); /* and all is well again */
}

static void odd_urls_are_refused(void **state)
{
	static const char *const urls[] = {
		"ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://",
		"http://user@127.0.0.1/", "http://a:b@127.0.0.1/", "http://127.0.0.1/a b",
		"nonsense",
		"http://[fe80::1%25lo]/", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1:99999/",
		"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		assert_int_equal(call_full("GET", urls[i], "[]", NULL, 500, 10), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void odd_headers_are_refused(void **state)
{
	static const char *const lists[] = {
		"[[\"X-A\",\"a\\r\\nX-B: c\"]]", "[[\"Content-Length\",\"3\"]]",
		"[[\"transfer-encoding\",\"chunked\"]]", "[[\"Host\",\"x\"]]", "[[\"A B\",\"x\"]]",
		"[[\"\",\"x\"]]", "[[\"X-A\",\"\\u0000\"]]", "[[\"X\\u0000Y\",\"a\"]]",
		"[[\"X-A\"]]",
		"not json",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		assert_int_equal(call_full("GET", "http://127.0.0.1:1/", lists[i], NULL, 500, 10),
				 -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void retry_after_is_read(void **state)
{
	(void)state;
	assert_int_equal(call("/busy"), 0);
	assert_int_equal(got.status, 429);
	assert_int_equal(got.retry_after_ms, 7000);
	assert_int_equal(call("/json"), 0);
	assert_int_equal(got.retry_after_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_whole),
		cmocka_unit_test(a_request_goes_out_as_given),
		cmocka_unit_test(connections_are_used_again),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(the_environment_has_no_say),
		cmocka_unit_test(slow_ends_in_time),
		cmocka_unit_test(endless_is_cut),
		cmocka_unit_test(rudeness_is_an_upstream_error),
		cmocka_unit_test(odd_urls_are_refused),
		cmocka_unit_test(odd_headers_are_refused),
		cmocka_unit_test(retry_after_is_read),
	};
	int failed;

	alarm(60);
	if (outbound_init(&(struct outbound_policy){.allow = "127.0.0.0/8"}, &err) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, start, stop);
	outbound_response_release(&got);
	return failed;
}
