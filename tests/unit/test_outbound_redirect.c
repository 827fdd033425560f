/* SPDX-License-Identifier: MIT */
/* Redirects: which are followed, and what goes along. That each is judged like a call is in
 * test_outbound_matrix.c. */
#include "tests/unit/outbound_server.h"

static void redirects_are_followed_where_nothing_is_sent_again(void **state)
{
	char *url = mem_format("http://127.0.0.1:%d/redirect", port);
	static const char headers[] = "[[\"Authorization\",\"Bearer t\"],[\"Content-Type\",\"a/b\"]]";

	(void)state;
	redirects = 1;
	assert_int_equal(call("/redirect"), 0);
	assert_int_equal(got.status, 200);
	assert_true(got.body_is_json);
	assert_null(strstr(got.headers.ptr, "location"));
	/* After a POST it is a GET without the body; the same host gets the same headers. */
	assert_int_equal(call_full("POST", url, headers, "once", 2000, 1000), 0);
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(seen, "GET /json"));
	assert_null(strstr(seen, "once"));
	assert_null(strcasestr(seen, "content-type"));
	assert_non_null(strstr(seen, "Authorization: Bearer t"));
	/* Nothing else is asked for again. */
	assert_int_equal(call_full("PUT", url, "[]", "once", 2000, 1000), 0);
	assert_int_equal(got.status, 302);
	assert_int_equal(call_full("DELETE", url, "[]", NULL, 2000, 1000), 0);
	assert_int_equal(got.status, 302);
	assert_int_equal(call("/redirect-307"), 0);
	assert_int_equal(got.status, 200);
	free(url);
	url = mem_format("http://127.0.0.1:%d/redirect-307", port);
	assert_int_equal(call_full("POST", url, "[]", "once", 2000, 1000), 0);
	assert_int_equal(got.status, 307);
	free(url);
	redirects = 0;
}

static void redirects_end(void **state)
{
	(void)state;
	redirects = 3;
	int before = requests;
	assert_int_equal(call("/round"), 0);
	assert_int_equal(got.status, 302);
	assert_int_equal(requests, before + 4);
	assert_int_equal(call("/redirect-twice"), 0); /* two Locations: which one? */
	assert_int_equal(got.status, 302);
	redirects = 0;
}

static void another_host_gets_no_secrets(void **state)
{
	char *url = mem_format("http://127.0.0.1:%d/redirect-away", port);

	(void)state;
	redirects = 1;
	assert_int_equal(call_full("GET", url, "[[\"Authorization\",\"a\"],[\"X-API-Key\",\"b\"],"
				   "[\"Cookie\",\"c\"],[\"Accept\",\"text/x\"],[\"User-Agent\",\"u\"]]",
				   NULL, 2000, 1000), 0);
	redirects = 0;
	assert_int_equal(got.status, 429);
	assert_non_null(strstr(seen, "Host: localhost:"));
	assert_null(strcasestr(seen, "authorization"));
	assert_null(strcasestr(seen, "x-api-key"));
	assert_null(strcasestr(seen, "cookie"));
	assert_non_null(strstr(seen, "Accept: text/x"));
	assert_non_null(strstr(seen, "User-Agent: u"));
	free(url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redirects_are_followed_where_nothing_is_sent_again),
		cmocka_unit_test(redirects_end),
		cmocka_unit_test(another_host_gets_no_secrets),
	};
	int failed;

	alarm(60);
	if (outbound_init(&(struct outbound_policy){.allow = "127.0.0.0/8"}, &err) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, start, stop);
	outbound_response_release(&got);
	return failed;
}
