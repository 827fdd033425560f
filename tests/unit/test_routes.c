/* SPDX-License-Identifier: MIT */
/* What a path leads to: the table of routes, and behind /in/ the table of hooks. */
#include "server/routes.h"

#include "common/mem.h"
#include "server/hooks.h"
#include "server/keep.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void test_routes_deny_what_no_line_names(void **state)
{
	const char *tail, *allow;
	int status;

	(void)state;
	assert_non_null(routes_find(ROUTE_INTAKE, "PUT", "/in/a/b", &tail, &status, &allow));
	assert_string_equal(tail, "a/b");
	assert_non_null(routes_find(ROUTE_CONSOLE, "HEAD", "/healthz", &tail, &status, &allow));
	assert_null(routes_find(ROUTE_CONSOLE, "POST", "/metrics", &tail, &status, &allow));
	assert_int_equal(status, 405);
	assert_string_equal(allow, "GET, HEAD");
	static const char *const nothing[] = {"/", "/in", "/in/", "/healthz", "/status/", "/inn/a", ""};
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
		assert_null(routes_find(ROUTE_INTAKE, "GET", nothing[i], &tail, &status, &allow));
		assert_int_equal(status, 404);
	}
	assert_null(routes_find(ROUTE_CONSOLE, "GET", "/in/a", &tail, &status, &allow));
	assert_null(routes_find(ROUTE_CONSOLE, "GET", "/healthz/", &tail, &status, &allow));
}

static void test_routes_each_have_a_right_and_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_count; i++) {
		const struct route *route = &routes_table[i];
		assert_true(!route->handler != !route->api);
		assert_true(strlen(route->text) > 20);
		/* One right; below /api/ one that must be given, and nowhere else. */
		assert_true(route->right != 0 && (route->right & (route->right - 1)) == 0);
		assert_int_equal(route->api != NULL, rights_name(route->right) != NULL);
		assert_int_equal(route->api != NULL, strncmp(route->pattern, "/api/v1/", 8) == 0);
		assert_true(!route->body || strcmp(route->method, "GET") != 0);
	}
}

static void test_routes_match_one_part_for_a_name(void **state)
{
	const char *tail, *allow;
	int status;
	const struct route *r;

	(void)state;
	r = routes_find(ROUTE_CONSOLE, "GET", "/api/v1/events/42/body", &tail, &status, &allow);
	assert_non_null(r);
	assert_string_equal(r->pattern, "/api/v1/events/{id}/body");
	assert_string_equal(tail, "42/body");
	r = routes_find(ROUTE_CONSOLE, "POST", "/api/v1/events/cancel", &tail, &status, &allow);
	assert_string_equal(r->pattern, "/api/v1/events/cancel");
	static const char *const nothing[] = {"/api/v1/events/", "/api/v1/events//body", "/api/v1/events/1/",
					      "/api/v1/events/1/2/body", "/api/v1", "/api/v1/", "/api/v2/events"};
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
		assert_null(routes_find(ROUTE_CONSOLE, "GET", nothing[i], &tail, &status, &allow));
		assert_int_equal(status, 404);
	}
	assert_null(routes_find(ROUTE_CONSOLE, "PUT", "/api/v1/events/1/pin", &tail, &status, &allow));
	assert_int_equal(status, 405);
	assert_string_equal(allow, "POST, DELETE");
}

static void test_rights_are_read_whole_or_not_at_all(void **state)
{
	static const char *const faulty[] = {"", ",", "admin,", ",admin", "admin,admin", "Admin", "admin flows:read",
					     "events:read,root", "events", "a-right-with-a-name-that-is-far-too-long"};
	unsigned bits;
	struct err err;

	(void)state;
	assert_int_equal(rights_parse("events:read,admin", &bits, &err), 0);
	assert_int_equal(bits, RIGHT_EVENTS_READ | RIGHT_ADMIN);
	for (size_t i = 0; i < ARRAY_LEN(faulty); i++)
		if (rights_parse(faulty[i], &bits, &err) == 0)
			fail_msg("taken: \"%s\"", faulty[i]);
}

/* A table of these suffixes; each hook's flow_id is its place, from 1. */
static struct hooks_table *table_of(struct flow_webhook *webhooks, size_t n)
{
	struct hook *hooks = mem_array(n + 1, sizeof(*hooks));

	for (size_t i = 0; i < n; i++)
		hooks[i] = (struct hook){.flow_id = (int64_t)i + 1, .webhook = &webhooks[i]};
	return hooks_table_new(hooks, n);
}

static int64_t find(const struct hooks_table *t, const char *path, unsigned method, unsigned *methods)
{
	struct hooks_match match;

	hooks_find(t, path, method, &match);
	if (methods)
		*methods = match.methods;
	return match.hook ? match.hook->flow_id : match.any ? -match.any->flow_id : 0;
}

static void test_hooks_prefer_literal_parts(void **state)
{
	struct flow_webhook w[] = {
		{.url_suffix = "/shops/{shop}/orders/{order}", .methods = FLOW_POST},
		{.url_suffix = "/shops/all/orders/new", .methods = FLOW_POST},
		{.url_suffix = "/orders", .methods = FLOW_POST},
		{.url_suffix = "/orders/{id}", .methods = FLOW_POST},
		{.url_suffix = "/{any}", .methods = FLOW_POST},
		{.url_suffix = "/shops/all/{what}", .methods = FLOW_POST},
	};
	struct hooks_table *t = table_of(w, ARRAY_LEN(w));

	(void)state;
	assert_int_equal(hooks_count(t), ARRAY_LEN(w));
	assert_int_equal(find(t, "/orders", FLOW_POST, NULL), 3);
	assert_int_equal(find(t, "/orders/7", FLOW_POST, NULL), 4);
	assert_int_equal(find(t, "/order", FLOW_POST, NULL), 5);
	assert_int_equal(find(t, "/shops/all/orders/new", FLOW_POST, NULL), 2);
	assert_int_equal(find(t, "/shops/all/orders/old", FLOW_POST, NULL), 1); /* goes back to {shop} */
	assert_int_equal(find(t, "/shops/a%2Fb/orders/1", FLOW_POST, NULL), 1);
	assert_int_equal(find(t, "/%6Frders", FLOW_POST, NULL), 3);
	static const char *const nothing[] = {"/shops//orders/1", "/shops/x/orders", "/shops/x/orders/",
					      "/shops/x/orders/1/2", "/orders/", "/", "", "orders", "//orders",
					      "/shops/x"};
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++)
		if (find(t, nothing[i], FLOW_POST, NULL) != 0)
			fail_msg("found: %s", nothing[i]);
	hooks_drop(t);
}

static void test_hooks_one_suffix_of_two_flows(void **state)
{
	struct flow_webhook w[] = {
		{.url_suffix = "/split", .methods = FLOW_GET},
		{.url_suffix = "/split", .methods = FLOW_POST | FLOW_DELETE},
	};
	struct hooks_table *t = table_of(w, ARRAY_LEN(w));
	unsigned methods;

	(void)state;
	assert_int_equal(find(t, "/split", FLOW_GET, NULL), 1);
	assert_int_equal(find(t, "/split", FLOW_DELETE, NULL), 2);
	assert_true(find(t, "/split", FLOW_PUT, &methods) < 0);
	assert_int_equal(methods, FLOW_GET | FLOW_POST | FLOW_DELETE);
	assert_true(find(t, "/split", 0, NULL) < 0); /* a method nobody knows */
	hooks_drop(t);
}

static void test_hooks_find_each_of_a_thousand(void **state)
{
	static struct flow_webhook w[1000];
	static char suffixes[1000][48];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(suffixes[i], sizeof(suffixes[i]), i % 3 ? "/team-%d/hook-%d" : "/team-%d/{id}/x-%d",
			 i * 7 % 40, i);
		w[i] = (struct flow_webhook){.url_suffix = suffixes[i], .methods = FLOW_POST};
	}
	struct hooks_table *t = table_of(w, 1000);
	for (int i = 0; i < 1000; i++) {
		char path[64];
		snprintf(path, sizeof(path), i % 3 ? "/team-%d/hook-%d" : "/team-%d/any/x-%d", i * 7 % 40, i);
		assert_int_equal(find(t, path, FLOW_POST, NULL), i + 1);
	}
	assert_int_equal(find(t, "/team-0/hook-1000", FLOW_POST, NULL), 0);
	hooks_drop(t);
}

static void test_keep_headers_redacts_and_keeps_order(void **state)
{
	static const char *const redacted[] = {"authorization"};
	struct http_header headers[] = {{"Host", "x"}, {"X-B", "1\"2"}, {"AUTHORIZATION", "Bearer s3cret"},
					{"X-B", ""}, {"X-Key", "s3cret"}, {"Authorization", "again"}};
	struct http_request r = {.headers = headers, .n_headers = ARRAY_LEN(headers)};
	struct buf out = BUF_INIT, names = BUF_INIT;

	(void)state;
	keep_headers(&r, redacted, 1, "x-key", &out, &names);
	assert_string_equal(out.ptr, "[[\"Host\",\"x\"],[\"X-B\",\"1\\\"2\"],[\"AUTHORIZATION\",\"[redacted]\"],"
				     "[\"X-B\",\"\"],[\"X-Key\",\"[redacted]\"],"
				     "[\"Authorization\",\"[redacted]\"]]");
	buf_clear(&out);
	r.n_headers = 0;
	keep_headers(&r, redacted, 1, NULL, &out, NULL);
	assert_string_equal(out.ptr, "[]");
	/* Each once, however often it was sent. */
	assert_string_equal(names.ptr, "\"header authorization\",\"header x-key\"");
	buf_release(&out);
	buf_release(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes_deny_what_no_line_names),
		cmocka_unit_test(test_routes_each_have_a_right_and_a_sentence),
		cmocka_unit_test(test_routes_match_one_part_for_a_name),
		cmocka_unit_test(test_rights_are_read_whole_or_not_at_all),
		cmocka_unit_test(test_hooks_prefer_literal_parts),
		cmocka_unit_test(test_hooks_one_suffix_of_two_flows),
		cmocka_unit_test(test_hooks_find_each_of_a_thousand),
		cmocka_unit_test(test_keep_headers_redacts_and_keeps_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
