/* SPDX-License-Identifier: MIT */
/* When a failed run is tried again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/retry.h"

#define NOW 1700000000000

static const struct flow_retry policy = {
	.attempts = 5, .first_ms = 1000, .factor = 2, .max_ms = 5000, .jitter = 0, .max_age_ms = 0,
};

static int64_t after(const struct flow_retry *p, int attempt, enum err_kind kind, double chance)
{
	struct retry_case c = {.kind = kind, .attempt = attempt, .received_at = NOW - 1000, .now = NOW,
			       .chance = chance};
	int64_t at = retry_at(p, &c);

	return at ? at - NOW : 0;
}

static void pauses_grow_by_the_factor_up_to_the_longest(void **state)
{
	(void)state;
	assert_int_equal(after(&policy, 1, ERR_UPSTREAM, 0.5), 1000);
	assert_int_equal(after(&policy, 2, ERR_UPSTREAM, 0.5), 2000);
	assert_int_equal(after(&policy, 3, ERR_UPSTREAM, 0.5), 4000);
	assert_int_equal(after(&policy, 4, ERR_UPSTREAM, 0.5), 5000);
}

static void there_are_no_more_than_the_attempts(void **state)
{
	(void)state;
	assert_int_equal(after(&policy, 5, ERR_UPSTREAM, 0.5), 0);
	assert_int_equal(after(&policy, 6, ERR_UPSTREAM, 0.5), 0);
	struct flow_retry once = policy;
	once.attempts = 1;
	assert_int_equal(after(&once, 1, ERR_TIMEOUT, 0.5), 0);
}

static void what_another_try_cannot_mend_is_not_tried_again(void **state)
{
	(void)state;
	assert_int_equal(after(&policy, 1, ERR_INVALID, 0.5), 0);
	assert_int_equal(after(&policy, 1, ERR_DENIED, 0.5), 0);
	assert_int_equal(after(&policy, 1, ERR_TIMEOUT, 0.5), 1000);
	assert_int_equal(after(&policy, 1, ERR_SYSTEM, 0.5), 1000);
	assert_int_equal(after(&policy, 1, ERR_BUSY, 0.5), 1000);
}

static void jitter_keeps_the_mean_and_its_bounds(void **state)
{
	(void)state;
	struct flow_retry shaky = policy;
	shaky.jitter = 0.4;
	assert_int_equal(after(&shaky, 1, ERR_UPSTREAM, 0.0), 800);
	assert_int_equal(after(&shaky, 1, ERR_UPSTREAM, 0.5), 1000);
	assert_in_range(after(&shaky, 1, ERR_UPSTREAM, 0.9999), 1199, 1200);
}

static void an_event_that_would_be_too_old_is_given_up(void **state)
{
	(void)state;
	struct flow_retry aged = policy;
	aged.max_age_ms = 2000; /* received a second ago, due in a second: just fits */
	assert_int_equal(after(&aged, 1, ERR_UPSTREAM, 0.5), 1000);
	assert_int_equal(after(&aged, 2, ERR_UPSTREAM, 0.5), 0);
}

static void a_pause_of_nothing_is_still_later(void **state)
{
	(void)state;
	struct flow_retry at_once = policy;
	at_once.first_ms = 0;
	assert_int_equal(after(&at_once, 1, ERR_UPSTREAM, 0.5), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_grow_by_the_factor_up_to_the_longest),
		cmocka_unit_test(there_are_no_more_than_the_attempts),
		cmocka_unit_test(what_another_try_cannot_mend_is_not_tried_again),
		cmocka_unit_test(jitter_keeps_the_mean_and_its_bounds),
		cmocka_unit_test(an_event_that_would_be_too_old_is_given_up),
		cmocka_unit_test(a_pause_of_nothing_is_still_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
