/* SPDX-License-Identifier: MIT */
/* The rate limit of each address, with the time as an argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/addresses.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define SECOND 1000000

static struct net_address address(const char *text)
{
	struct net_address a;

	assert_int_equal(net_address_parse(text, &a), 1);
	return a;
}

static int taken(struct addresses *all, int64_t flow_id, const char *from, const struct flow_rate *rate,
		 int64_t now_us, int tries)
{
	struct net_address a = address(from);
	int n = 0;

	for (int i = 0; i < tries; i++)
		n += addresses_take(all, flow_id, &a, rate, now_us) == 0;
	return n;
}

static void each_address_has_a_bucket_of_its_own_at_each_webhook(void **state)
{
	struct addresses *all = addresses_new();
	struct flow_rate rate = {5, 10};
	struct net_address one = address("192.0.2.1");

	(void)state;
	assert_int_equal(taken(all, 1, "192.0.2.1", &rate, 7 * SECOND, 50), 10);
	assert_int_equal(addresses_take(all, 1, &one, &rate, 7 * SECOND), SECOND / 5);
	assert_int_equal(taken(all, 1, "192.0.2.2", &rate, 7 * SECOND, 50), 10);
	assert_int_equal(taken(all, 2, "192.0.2.1", &rate, 7 * SECOND, 50), 10);
	assert_int_equal(taken(all, 1, "192.0.2.1", &rate, 8 * SECOND, 50), 5);
	assert_int_equal(taken(all, 1, "::ffff:192.0.2.1", &rate, 8 * SECOND, 50), 0);
	addresses_free(all);
}

static void an_ipv6_caller_is_his_64(void **state)
{
	struct addresses *all = addresses_new();
	struct flow_rate rate = {1, 4};

	(void)state;
	assert_int_equal(taken(all, 1, "2001:db8:0:1::1", &rate, SECOND, 3), 3);
	assert_int_equal(taken(all, 1, "2001:db8:0:1:ffff:ffff:ffff:ffff", &rate, SECOND, 3), 1);
	assert_int_equal(taken(all, 1, "2001:db8:0:2::1", &rate, SECOND, 9), 4);
	addresses_free(all);
}

/* Many more addresses than there are buckets: none of them is refused its first request, and who
 * has used up his own keeps being refused as long as nobody needs his place more. */
static void a_flood_of_addresses_refuses_nobody_who_did_not_call(void **state)
{
	struct addresses *all = addresses_new();
	struct flow_rate rate = {0.001, 1};
	int passed = 0, n = 6 * ADDRESSES_BUCKETS;

	(void)state;
	for (int i = 0; i < n; i++) {
		struct net_address a = {.family = AF_INET, .bytes = {10, (unsigned char)(i >> 16),
					(unsigned char)(i >> 8), (unsigned char)i}};
		passed += addresses_take(all, 1, &a, &rate, SECOND + i) == 0;
	}
	assert_int_equal(passed, n);
	addresses_free(all);
}

static void whoever_uses_most_is_forgotten_last(void **state)
{
	struct addresses *all = addresses_new();
	struct flow_rate rate = {1, 100};
	struct net_address loud = address("192.0.2.1");

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(addresses_take(all, 1, &loud, &rate, SECOND), 0);
	for (int i = 0; i < 6 * ADDRESSES_BUCKETS; i++) {
		struct net_address a = {.family = AF_INET, .bytes = {10, (unsigned char)(i >> 16),
					(unsigned char)(i >> 8), (unsigned char)i}};
		assert_int_equal(addresses_take(all, 1, &a, &rate, SECOND), 0);
	}
	assert_true(addresses_take(all, 1, &loud, &rate, SECOND) > 0);
	addresses_free(all);
}

struct many {
	struct addresses *all;
	atomic_int passed;
};

static void *take_many(void *arg)
{
	struct many *m = arg;
	struct flow_rate rate = {1, 1000};

	for (int i = 0; i < 500; i++) {
		struct net_address a = {.family = AF_INET, .bytes = {192, 0, 2, (unsigned char)(i % 4)}};
		atomic_fetch_add(&m->passed, addresses_take(m->all, 1, &a, &rate, SECOND) == 0);
	}
	return NULL;
}

static void threads_share_the_buckets(void **state)
{
	struct many m = {.all = addresses_new()};
	pthread_t threads[12];

	(void)state;
	for (int i = 0; i < 12; i++)
		pthread_create(&threads[i], NULL, take_many, &m);
	for (int i = 0; i < 12; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&m.passed), 4000);
	addresses_free(m.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_has_a_bucket_of_its_own_at_each_webhook),
		cmocka_unit_test(an_ipv6_caller_is_his_64),
		cmocka_unit_test(a_flood_of_addresses_refuses_nobody_who_did_not_call),
		cmocka_unit_test(whoever_uses_most_is_forgotten_last),
		cmocka_unit_test(threads_share_the_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
