/* SPDX-License-Identifier: MIT */
/* Whose word on a caller's address counts, and whose does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/caller.h"

#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRUSTED "127.0.0.1, 10.0.0.0/8, 2001:db8:f::/48"

/* Who calls, of a request from peer with these header lines: "Name: value" ended by NULL. */
static void expect(const char *want, bool forwarded, const char *trusted, const char *peer, ...)
{
	struct caller_rule rule = {.forwarded = forwarded};
	struct http_header headers[8];
	struct http_request request = {.remote = peer, .headers = headers};
	char out[NET_TEXT_SIZE], *kept[8];
	struct err err;
	const char *line;
	va_list ap;

	rule.n_trusted = net_list_parse(trusted, &rule.trusted, &err);
	assert_true(rule.n_trusted >= 0);
	va_start(ap, peer);
	while ((line = va_arg(ap, const char *)) != NULL) {
		char *name = kept[request.n_headers] = mem_dup(line), *colon = strchr(name, ':');
		*colon = '\0';
		headers[request.n_headers++] = (struct http_header){name, colon + 2};
	}
	va_end(ap);
	const char *got = caller_find(&rule, &request, out);
	if (strcmp(got, want) != 0)
		fail_msg("%s instead of %s", got, want);
	for (size_t i = 0; i < request.n_headers; i++)
		free(kept[i]);
	free(rule.trusted);
}

#define PLAIN(want, peer, ...) expect(want, false, TRUSTED, peer, __VA_ARGS__, NULL)
#define RFC(want, peer, ...) expect(want, true, TRUSTED, peer, __VA_ARGS__, NULL)

static void without_a_trusted_proxy_the_peer_is_the_caller(void **state)
{
	(void)state;
	expect("127.0.0.1", false, "", "127.0.0.1", "X-Forwarded-For: 192.0.2.7", NULL);
	PLAIN("198.51.100.1", "198.51.100.1", "X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.8");
	RFC("198.51.100.1", "198.51.100.1", "X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.8");
	expect("127.0.0.1", false, TRUSTED, "127.0.0.1", NULL);
	expect("9.9.9.9", false, TRUSTED, "::ffff:9.9.9.9", NULL);
	PLAIN("nobody", "nobody", "X-Forwarded-For: 192.0.2.7");
}

static void a_trusted_proxy_names_the_caller_and_what_stands_before_him_is_his_own(void **state)
{
	(void)state;
	PLAIN("192.0.2.7", "127.0.0.1", "x-forwarded-for: 192.0.2.7");
	PLAIN("192.0.2.7", "127.0.0.1", "X-Forwarded-For: 1.2.3.4, 192.0.2.7");
	PLAIN("192.0.2.7", "127.0.0.1", "X-Forwarded-For: 10.0.0.1, 127.0.0.1,192.0.2.7 , 10.9.9.9");
	PLAIN("192.0.2.7", "::ffff:127.0.0.1", "X-Forwarded-For: ::ffff:192.0.2.7");
	/* Several lines are one list. */
	PLAIN("192.0.2.7", "127.0.0.1", "X-Forwarded-For: 1.2.3.4", "Other: 5.6.7.8", "X-Forwarded-For: 192.0.2.7",
	      "X-Forwarded-For: 10.0.0.2");
	/* All of them trusted: the first of the chain. */
	PLAIN("10.0.0.1", "127.0.0.1", "X-Forwarded-For: 10.0.0.1, 10.0.0.2");
}

static void ports_and_brackets_are_left_out(void **state)
{
	(void)state;
	PLAIN("192.0.2.7", "127.0.0.1", "X-Forwarded-For: 192.0.2.7:4711");
	PLAIN("2001:db8::7", "127.0.0.1", "X-Forwarded-For: [2001:DB8::7]:4711");
	PLAIN("2001:db8::7", "127.0.0.1", "X-Forwarded-For: [2001:db8::7]");
	PLAIN("2001:db8::7", "2001:db8:f::1", "X-Forwarded-For: 2001:db8::7, 2001:db8:f:2::1");
}

static void a_hop_that_is_no_address_ends_at_the_one_that_wrote_it(void **state)
{
	(void)state;
	PLAIN("10.0.0.2", "127.0.0.1", "X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.2");
	PLAIN("127.0.0.1", "127.0.0.1", "X-Forwarded-For: 192.0.2.7, 1.2.3");
	PLAIN("127.0.0.1", "127.0.0.1", "X-Forwarded-For: 192.0.2.7, [::1");
	PLAIN("127.0.0.1", "127.0.0.1", "X-Forwarded-For: [2001:db8::7]x");
	PLAIN("127.0.0.1", "127.0.0.1", "X-Forwarded-For: 192.0.2.7 192.0.2.8");
	PLAIN("127.0.0.1", "127.0.0.1", "X-Forwarded-For: ");
	PLAIN("192.0.2.7", "127.0.0.1", "X-Forwarded-For: 192.0.2.7,, ,");
	PLAIN("127.0.0.1", "127.0.0.1",
	      "X-Forwarded-For: 11111111111111111111111111111111111111111111111111111111111111");
}

static void only_the_header_that_was_chosen_is_believed(void **state)
{
	(void)state;
	PLAIN("127.0.0.1", "127.0.0.1", "Forwarded: for=1.2.3.4", "X-Real-IP: 1.2.3.4", "True-Client-IP: 1.2.3.4");
	PLAIN("192.0.2.7", "127.0.0.1", "Forwarded: for=1.2.3.4", "X-Forwarded-For: 192.0.2.7");
	RFC("192.0.2.7", "127.0.0.1", "X-Forwarded-For: 1.2.3.4", "Forwarded: for=192.0.2.7");
}

static void forwarded_is_read_as_its_grammar_says(void **state)
{
	(void)state;
	RFC("192.0.2.7", "127.0.0.1", "Forwarded: for=1.2.3.4, For=192.0.2.7;proto=https;by=10.0.0.1");
	RFC("192.0.2.7", "127.0.0.1", "Forwarded: proto=http; for=\"192.0.2.7:4711\", for=10.0.0.3");
	RFC("2001:db8::7", "127.0.0.1", "Forwarded: for=\"[2001:db8::7]:4711\"");
	RFC("2001:db8::7", "127.0.0.1", "Forwarded: for=\"[2001:db8::7]\";host=\"a,b;c\\\"d\"");
	RFC("192.0.2.7", "127.0.0.1", "Forwarded: for=192.0.2.7", "Forwarded: for=10.0.0.1");
	RFC("10.0.0.1", "127.0.0.1", "Forwarded: for=192.0.2.7, for=_hidden, for=10.0.0.1");
	RFC("10.0.0.1", "127.0.0.1", "Forwarded: for=192.0.2.7, for=unknown, for=10.0.0.1");
	RFC("127.0.0.1", "127.0.0.1", "Forwarded: for=192.0.2.7, proto=https");
	RFC("192.0.2.7", "127.0.0.1", "Forwarded: for=192.0.2.7,");
}

/* What a caller sends stands in front of what his proxy adds, on the same line perhaps: an open
 * quote must not swallow it. */
static void a_quote_left_open_hides_nothing(void **state)
{
	(void)state;
	RFC("127.0.0.1", "127.0.0.1", "Forwarded: for=\"1.2.3.4, for=192.0.2.7");
	RFC("127.0.0.1", "127.0.0.1", "Forwarded: for=1.2.3.4;x=\", for=\"[2001:db8::7]:80\"");
	RFC("127.0.0.1", "127.0.0.1", "Forwarded: for=1.2.3.4;x=\", for=\"192.0.2.7\"");
	RFC("127.0.0.1", "127.0.0.1", "Forwarded: for=1.2.3.4\\, for=192.0.2.7 x");
	RFC("127.0.0.1", "127.0.0.1", "Forwarded: for=1.2.3.4;for=192.0.2.7");
	RFC("127.0.0.1", "127.0.0.1", "Forwarded: for=1.2.3.4 for=192.0.2.7");
	RFC("127.0.0.1", "127.0.0.1", "Forwarded: for=");
	RFC("127.0.0.1", "127.0.0.1", "Forwarded: for=\"192.0.2.7\\");
	/* Where the proxy writes a line of its own, only that counts. */
	RFC("192.0.2.7", "127.0.0.1", "Forwarded: for=\"1.2.3.4", "Forwarded: for=192.0.2.7");
}

static void a_list_without_end_is_looked_at_from_its_end(void **state)
{
	struct buf line = BUF_INIT;

	(void)state;
	buf_add_text(&line, "X-Forwarded-For: 192.0.2.7");
	for (int i = 0; i < CALLER_HOPS_MAX - 1; i++)
		buf_addf(&line, ", 10.0.0.%d", i);
	PLAIN("192.0.2.7", "127.0.0.1", line.ptr);
	for (int i = 0; i < 3000; i++)
		buf_add_text(&line, ", 10.0.1.1");
	PLAIN("10.0.1.1", "127.0.0.1", line.ptr);
	buf_add_text(&line, ", 192.0.2.9, 10.1.1.1");
	PLAIN("192.0.2.9", "127.0.0.1", line.ptr);
	buf_release(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_trusted_proxy_the_peer_is_the_caller),
		cmocka_unit_test(a_trusted_proxy_names_the_caller_and_what_stands_before_him_is_his_own),
		cmocka_unit_test(ports_and_brackets_are_left_out),
		cmocka_unit_test(a_hop_that_is_no_address_ends_at_the_one_that_wrote_it),
		cmocka_unit_test(only_the_header_that_was_chosen_is_believed),
		cmocka_unit_test(forwarded_is_read_as_its_grammar_says),
		cmocka_unit_test(a_quote_left_open_hides_nothing),
		cmocka_unit_test(a_list_without_end_is_looked_at_from_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
