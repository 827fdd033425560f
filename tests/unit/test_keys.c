/* SPDX-License-Identifier: MIT */
/* Fetched keys: from where, how often, and what a stranger who asks for them can bring about. */
#include "server/keys.h"

#include "common/mem.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char ed25519[] = "-----BEGIN PUBLIC KEY-----\n"
			      "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
			      "-----END PUBLIC KEY-----\n";
static const char *const pins[] = {"*.paypal.com", "keys.example", NULL};
static const struct system_public_key from = {.hosts = pins, .form = FORM_PEM, .cache_s = 3600};

#define URL "https://keys.example/a.pem"
#define START 1000000000

static atomic_int calls;
static const char *answer = ed25519;
static int status = 200;
static pthread_barrier_t *together;

static int call(const struct outbound_request *request, struct outbound_response *response, struct err *err)
{
	atomic_fetch_add(&calls, 1);
	assert_string_equal(request->method, "GET");
	assert_true(request->timeout_ms <= 5000 && request->max_response_bytes <= 65536);
	assert_int_equal(request->redirects, 0);
	if (!answer)
		return err_set(err, ERR_TIMEOUT, "too slow");
	response->status = status;
	buf_add_text(&response->body, answer);
	return 0;
}

static int get(struct keys *k, const char *url, bool afresh, int64_t now, struct err *err)
{
	struct keys_set *set;
	int rc = keys_get(k, &from, url, afresh, now, &set, err);

	assert_int_equal(rc > 0, set != NULL);
	if (set)
		assert_int_equal(keys_of(set)->count, 1);
	keys_drop(set);
	return rc;
}

static struct keys *fresh(const char *text, int code)
{
	calls = 0;
	answer = text;
	status = code;
	return keys_new(call);
}

static void only_pinned_hosts_are_called(void **state)
{
	static const char *const bad[] = {
		"http://keys.example/a.pem", "https://evil.example/a.pem", "https://keys.example.evil.example/",
		"https://keys.example:8443/a.pem", "https://keys.example@evil.example/", "https://evil.example/keys.example",
		"https://evil.example?keys.example", "https://evil.example#.paypal.com", "https://paypal.com/x",
		"https://keys.example\\@evil.example/", "https://keys.example /", "", "//keys.example/", "HTTPS://keys.example/",
	};
	struct keys *k = fresh(ed25519, 200);
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!keys_url_refused(bad[i], pins) || get(k, bad[i], false, START, &err) > 0)
			fail_msg("%s", bad[i]);
	assert_int_equal(calls, 0);
	assert_null(keys_url_refused(URL, pins));
	assert_null(keys_url_refused("https://api.paypal.com/v1/certs/x", pins));
	keys_free(k);
}

static void a_key_is_fetched_once_and_kept(void **state)
{
	struct keys *k = fresh(ed25519, 200);
	struct err err;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(get(k, URL, false, START + i * 1000, &err), 1);
	assert_int_equal(calls, 1);
	/* Signatures that do not hold make nobody fetch more than once a minute. */
	assert_int_equal(get(k, URL, true, START + 30000, &err), 1);
	assert_int_equal(calls, 1);
	assert_int_equal(get(k, URL, true, START + 61000, &err), 1);
	assert_int_equal(calls, 2);
	assert_int_equal(get(k, URL, false, START + 61000 + 3600 * 1000, &err), 1);
	assert_int_equal(calls, 3);
	keys_free(k);
}

static void a_failure_is_remembered_and_what_was_there_goes_on(void **state)
{
	struct keys *k = fresh(NULL, 0);
	struct err err;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(get(k, URL, false, START + i, &err), -1);
	assert_int_equal(calls, 1);
	assert_string_equal(err.text, "too slow");
	answer = ed25519;
	status = 200;
	assert_int_equal(get(k, URL, false, START + 61000, &err), 1);
	answer = NULL;
	assert_int_equal(get(k, URL, true, START + 200000, &err), -1);
	assert_int_equal(get(k, URL, false, START + 200001, &err), 1); /* the old ones hold */
	assert_int_equal(calls, 3);
	keys_free(k);
}

static void what_is_no_key_is_refused(void **state)
{
	static const struct {
		const char *text;
		int status;
	} bad[] = {{"", 200}, {"<html>", 200}, {ed25519, 404}, {ed25519, 302}, {"a shared secret", 200}};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct keys *k = fresh(bad[i].text, bad[i].status);
		if (get(k, URL, false, START, &err) > 0)
			fail_msg("%d %s", bad[i].status, bad[i].text);
		keys_free(k);
	}
}

static void *ask(void *arg)
{
	struct err err;

	pthread_barrier_wait(together);
	return (void *)(intptr_t)(get(arg, URL, false, START, &err) > 0);
}

static void many_who_ask_at_once_make_one_call(void **state)
{
	pthread_t threads[16];
	pthread_barrier_t barrier;
	struct keys *k = fresh(ed25519, 200);
	void *got;

	(void)state;
	pthread_barrier_init(&barrier, NULL, ARRAY_LEN(threads));
	together = &barrier;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, k), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		pthread_join(threads[i], &got);
		assert_non_null(got);
	}
	assert_int_equal(calls, 1);
	pthread_barrier_destroy(&barrier);
	keys_free(k);
}

static void the_table_does_not_grow_with_what_strangers_name(void **state)
{
	struct keys *k = fresh(ed25519, 200);
	struct err err;

	(void)state;
	for (int i = 0; i < 300; i++) {
		char *url = mem_format("https://api.paypal.com/certs/%d", i);
		assert_int_equal(get(k, url, false, START + i, &err), 1);
		free(url);
	}
	assert_int_equal(calls, 300);
	assert_int_equal(get(k, "https://api.paypal.com/certs/299", false, START + 300, &err), 1);
	assert_int_equal(calls, 300);
	keys_free(k);
}

static void a_url_is_visited_only_on_a_pinned_host(void **state)
{
	struct keys *k = fresh("ok", 200);
	struct err err;

	(void)state;
	assert_int_equal(keys_visit(k, "https://api.paypal.com/?Confirm=1", pins, &err), 0);
	assert_int_equal(keys_visit(k, "https://evil.example/", pins, &err), -1);
	assert_int_equal(calls, 1);
	status = 403;
	assert_int_equal(keys_visit(k, "https://api.paypal.com/", pins, &err), -1);
	keys_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_pinned_hosts_are_called),
		cmocka_unit_test(a_key_is_fetched_once_and_kept),
		cmocka_unit_test(a_failure_is_remembered_and_what_was_there_goes_on),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(many_who_ask_at_once_make_one_call),
		cmocka_unit_test(the_table_does_not_grow_with_what_strangers_name),
		cmocka_unit_test(a_url_is_visited_only_on_a_pinned_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
