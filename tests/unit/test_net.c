/* SPDX-License-Identifier: MIT */
/* Ranges of addresses: how they are written, and what is in them. */
#include "common/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool within(const char *range, const char *text)
{
	struct net_address a;
	struct net net;
	struct err err;

	assert_int_equal(net_parse(range, &net, &err), 0);
	assert_int_equal(net_address_parse(text, &a), 1);
	return net_has(&net, &a);
}

static void an_address_is_written_in_its_short_form(void **state)
{
	static const char *const pairs[][2] = {{"192.0.2.7", "192.0.2.7"}, {"2001:DB8:0:0::1", "2001:db8::1"},
		{"::ffff:10.0.0.1", "10.0.0.1"}, {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}};
	struct net_address a;
	char out[NET_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		assert_int_equal(net_address_parse(pairs[i][0], &a), 1);
		assert_string_equal(net_address_text(&a, out), pairs[i][1]);
	}
}

static void a_range_has_its_addresses_and_no_others(void **state)
{
	(void)state;
	assert_true(within("10.0.0.0/8", "10.255.255.255"));
	assert_false(within("10.0.0.0/8", "11.0.0.0"));
	assert_true(within("172.16.0.0/12", "172.31.255.255"));
	assert_false(within("172.16.0.0/12", "172.32.0.0"));
	assert_true(within("192.0.2.7", "192.0.2.7"));
	assert_false(within("192.0.2.7", "192.0.2.6"));
	assert_true(within("0.0.0.0/0", "255.255.255.255"));
	assert_true(within("fe80::/10", "febf::1"));
	assert_false(within("fe80::/10", "fec0::"));
	assert_true(within("::1", "::1"));
	assert_false(within("::/0", "127.0.0.1")); /* families stay apart */
	assert_true(within("127.0.0.0/8", "::ffff:127.0.0.1")); /* but this is IPv4 */
	assert_true(within("::ffff:10.0.0.0/104", "10.1.2.3"));
}

static void a_list_may_have_blanks(void **state)
{
	struct net *nets;
	struct err err;

	(void)state;
	assert_int_equal(net_list_parse(" 10.0.0.0/8 ,\tfd00::/8,", &nets, &err), 2);
	assert_int_equal(nets[1].bits, 8);
	free(nets);
	assert_int_equal(net_list_parse("", &nets, &err), 0);
	assert_null(nets);
	assert_int_equal(net_list_parse("10.0.0.0/8,10.0.0.1/8", &nets, &err), -1);
	assert_non_null(strstr(err.text, "\"10.0.0.1/8\" has bits set beyond its prefix"));
	assert_null(nets);
}

static void odd_ranges_are_refused(void **state)
{
	static const char *const odd[] = {"", "10", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/33",
					  "10.0.0.0/8x", "::/129", "fe80::1%lo", "010.0.0.1",
					  "localhost", "::ffff:0:0/90", "10.0.0.0/ 8"};
	struct net net;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		if (net_parse(odd[i], &net, &err) == 0)
			fail_msg("\"%s\" was taken", odd[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_written_in_its_short_form),
		cmocka_unit_test(a_range_has_its_addresses_and_no_others),
		cmocka_unit_test(a_list_may_have_blanks),
		cmocka_unit_test(odd_ranges_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
