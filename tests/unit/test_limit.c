/* SPDX-License-Identifier: MIT */
/* The rate limit of a webhook, with the time as an argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/limit.h"

#include <pthread.h>
#include <stdatomic.h>

#define SECOND 1000000

static int taken(struct limit *l, const struct flow_rate *rate, int64_t now_us, int tries)
{
	int n = 0;

	for (int i = 0; i < tries; i++)
		n += limit_take(l, rate, now_us) == 0;
	return n;
}

static void a_burst_passes_and_the_rate_follows(void **state)
{
	struct limits *all = limits_new();
	struct limit *l = limits_find(all, 1);
	struct flow_rate rate = {5, 10};

	(void)state;
	assert_int_equal(taken(l, &rate, 7 * SECOND, 100), 10);
	assert_int_equal(limit_take(l, &rate, 7 * SECOND), SECOND / 5);
	assert_int_equal(taken(l, &rate, 7 * SECOND + SECOND / 5 - 1, 100), 0);
	assert_int_equal(taken(l, &rate, 7 * SECOND + SECOND / 5, 100), 1);
	assert_int_equal(taken(l, &rate, 8 * SECOND, 100), 4);
	/* After a rest the whole burst is there again, and no more than that. */
	assert_int_equal(taken(l, &rate, 1000 * SECOND, 100), 10);
	limits_free(all);
}

static void a_rate_may_be_less_than_one_a_second(void **state)
{
	struct limits *all = limits_new();
	struct limit *l = limits_find(all, 1);
	struct flow_rate rate = {0.1, 1};

	(void)state;
	assert_int_equal(limit_take(l, &rate, SECOND), 0);
	assert_int_equal(limit_take(l, &rate, SECOND), 10 * SECOND);
	assert_int_equal(limit_take(l, &rate, 4 * SECOND), 7 * SECOND);
	assert_int_equal(limit_take(l, &rate, 11 * SECOND), 0);
	limits_free(all);
}

static void over_a_long_time_the_rate_is_kept(void **state)
{
	struct limits *all = limits_new();
	struct limit *l = limits_find(all, 1);
	struct flow_rate rate = {100, 7};
	int n = 0;

	(void)state;
	for (int64_t us = 0; us < 60 * SECOND; us += 700)
		n += limit_take(l, &rate, us) == 0;
	assert_in_range(n, 6000, 6008);
	limits_free(all);
}

static void a_flow_keeps_its_limit_and_a_new_rate_counts_at_once(void **state)
{
	struct limits *all = limits_new();
	struct flow_rate slow = {0.001, 1}, fast = {10, 2};

	(void)state;
	assert_int_equal(limit_take(limits_find(all, 1), &slow, SECOND), 0);
	assert_true(limit_take(limits_find(all, 1), &slow, SECOND) > 900 * (int64_t)SECOND);
	assert_int_equal(limit_take(limits_find(all, 2), &slow, SECOND), 0);
	assert_int_equal(limit_take(limits_find(all, 1), &fast, SECOND), SECOND / 10);
	assert_int_equal(limit_take(limits_find(all, 1), &fast, SECOND + SECOND / 10), 0);
	limits_free(all);
}

static void one_refusal_a_second_is_a_row_and_all_are_counted(void **state)
{
	struct limits *all = limits_new();
	struct limit *l = limits_find(all, 5);
	struct limit_sum sum = {0};
	size_t at = 0;
	int rows = 0;

	(void)state;
	limits_find(all, 4);
	for (int i = 0; i < 5000; i++)
		rows += limit_refused(l, SECOND + i * 500);
	assert_int_equal(rows, 3);
	limit_count(limits_find(all, 4), LIMIT_PREFLIGHT);
	assert_true(limits_uncounted(all, &at, &sum));
	assert_int_equal(sum.flow_id, 5);
	assert_int_equal(sum.n, 4997);
	assert_string_equal(sum.name, "rejected");
	struct limit_sum refused = sum;
	assert_true(limits_uncounted(all, &at, &sum));
	assert_int_equal(sum.flow_id, 4);
	assert_int_equal(sum.n, 1);
	assert_string_equal(sum.name, "preflight");
	assert_false(limits_uncounted(all, &at, &sum));
	limits_put_back(all, &refused);
	at = 0;
	assert_true(limits_uncounted(all, &at, &sum));
	assert_int_equal(sum.n, 4997);
	at = 0;
	assert_false(limits_uncounted(all, &at, &sum));
	limits_free(all);
}

struct many {
	struct limit *limit;
	atomic_int passed;
};

static void *take_many(void *arg)
{
	struct many *m = arg;
	struct flow_rate rate = {1, 1000};

	for (int i = 0; i < 1000; i++)
		if (limit_take(m->limit, &rate, SECOND) == 0)
			atomic_fetch_add(&m->passed, 1);
	return NULL;
}

static void threads_share_one_bucket(void **state)
{
	struct limits *all = limits_new();
	struct many m = {.limit = limits_find(all, 1)};
	pthread_t threads[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, take_many, &m);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&m.passed), 1000);
	limits_free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_passes_and_the_rate_follows),
		cmocka_unit_test(a_rate_may_be_less_than_one_a_second),
		cmocka_unit_test(over_a_long_time_the_rate_is_kept),
		cmocka_unit_test(a_flow_keeps_its_limit_and_a_new_rate_counts_at_once),
		cmocka_unit_test(one_refusal_a_second_is_a_row_and_all_are_counted),
		cmocka_unit_test(threads_share_one_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
