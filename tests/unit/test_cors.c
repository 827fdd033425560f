/* SPDX-License-Identifier: MIT */
/* What browsers are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/cors.h"

#include <string.h>

#define SHOP "https://shop.example.com"

static const char *const two[] = {SHOP, "http://localhost:3000"};
static const char *const every[] = {"*"};

static struct http_request asked_by(struct http_header *headers, const char *method, const char *origin,
				    const char *wanted)
{
	struct http_request r = {.method = method, .headers = headers};

	if (origin)
		headers[r.n_headers++] = (struct http_header){"origin", origin};
	if (wanted)
		headers[r.n_headers++] = (struct http_header){"Access-Control-Request-Method", wanted};
	return r;
}

static void a_preflight_is_options_with_an_origin_and_a_method(void **state)
{
	struct http_header headers[4];
	struct cors_question q;
	struct http_request r = asked_by(headers, "OPTIONS", SHOP, "PUT");

	(void)state;
	assert_true(cors_asks(&r, &q));
	assert_string_equal(q.origin, SHOP);
	assert_string_equal(q.method, "PUT");
	r.method = "POST";
	assert_false(cors_asks(&r, &q));
	r = asked_by(headers, "OPTIONS", SHOP, NULL);
	assert_false(cors_asks(&r, &q));
	r = asked_by(headers, "OPTIONS", NULL, "PUT");
	assert_false(cors_asks(&r, &q));
	r = asked_by(headers, "OPTIONS", SHOP, "PUT");
	headers[r.n_headers++] = (struct http_header){"Origin", "https://other.example.com"};
	assert_false(cors_asks(&r, &q));
}

static void an_origin_is_allowed_only_letter_by_letter(void **state)
{
	struct flow_cors some = {.origins = two, .n_origins = 2}, none = {.n_origins = 0};
	struct flow_cors all = {.origins = every, .n_origins = 1, .any = true};
	static const char *const others[] = {"https://shop.example.com.evil.com", "http://shop.example.com",
		"https://shop.example.com:444", "https://SHOP.example.com", "null", "", "*",
		"https://shop.example.co"};

	(void)state;
	assert_true(cors_allows(&some, SHOP));
	assert_true(cors_allows(&some, "http://localhost:3000"));
	assert_true(cors_allows(&all, "null"));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_false(cors_allows(&some, others[i]));
		assert_false(cors_allows(&none, others[i]));
	}
}

/* The headers of an answer that had these ones, to a page of origin. */
static void marked(const struct flow_cors *cors, const char *origin, const char *before, const char *want)
{
	struct http_header headers[4];
	struct http_request r = asked_by(headers, "POST", origin, NULL);
	struct http_response response;

	http_response_init(&response);
	buf_add_text(&response.headers, before);
	cors_mark(cors, &r, &response);
	assert_string_equal(response.headers.ptr, want);
	http_response_release(&response);
}

static void an_answer_says_who_may_read_it_and_that_this_varies(void **state)
{
	struct flow_cors some = {.origins = two, .n_origins = 2, .credentials = true, .expose = "Ringbolt-Event"};
	struct flow_cors all = {.origins = every, .n_origins = 1, .any = true, .expose = ""};
	struct flow_cors none = {.n_origins = 0};

	(void)state;
	marked(&some, SHOP, "", "Vary: Origin\r\nAccess-Control-Allow-Origin: " SHOP "\r\n"
	       "Access-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: Ringbolt-Event\r\n");
	marked(&some, "https://evil.example.com", "A: 1\r\n", "A: 1\r\nVary: Origin\r\n");
	marked(&some, NULL, "", "Vary: Origin\r\n");
	marked(&all, SHOP, "", "Access-Control-Allow-Origin: *\r\n");
	marked(&all, NULL, "", "Access-Control-Allow-Origin: *\r\n");
	marked(&none, SHOP, "Access-Control-Allow-Origin: x\r\n", "Access-Control-Allow-Origin: x\r\n");
}

static void a_flow_cannot_say_something_else_beside_it(void **state)
{
	struct flow_cors some = {.origins = two, .n_origins = 1, .expose = ""};

	(void)state;
	marked(&some, "https://evil.example.com",
	       "Access-Control-Allow-Origin: *\r\nX: access-control-allow-origin: 1\r\n"
	       "access-control-allow-credentials: true\r\nAccess-Control-Expose-Headers: *\r\nY: 2\r\n",
	       "X: access-control-allow-origin: 1\r\nY: 2\r\nVary: Origin\r\n");
}

static void a_preflight_is_answered_with_methods_and_headers(void **state)
{
	struct flow_cors some = {.origins = two, .n_origins = 1, .headers = "Content-Type, X-API-Key",
				 .expose = "", .max_age_s = 600};
	struct http_response response;

	(void)state;
	http_response_init(&response);
	cors_answer(&some, FLOW_PUT | FLOW_DELETE | FLOW_POST, &response);
	assert_int_equal(response.status, 204);
	assert_string_equal(response.headers.ptr,
		"Access-Control-Allow-Methods: POST, DELETE, PUT\r\n"
		"Access-Control-Allow-Headers: Content-Type, X-API-Key\r\nAccess-Control-Max-Age: 600\r\n"
		"Vary: Access-Control-Request-Method, Access-Control-Request-Headers\r\n");
	http_response_release(&response);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_preflight_is_options_with_an_origin_and_a_method),
		cmocka_unit_test(an_origin_is_allowed_only_letter_by_letter),
		cmocka_unit_test(an_answer_says_who_may_read_it_and_that_this_varies),
		cmocka_unit_test(a_flow_cannot_say_something_else_beside_it),
		cmocka_unit_test(a_preflight_is_answered_with_methods_and_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
