/* SPDX-License-Identifier: MIT */
/* The workers' side of the store: claims, fences, retries, replies, the claims of the dead. */
#include "store_fixture.h"

#include <pthread.h>

static struct claim taken[32];

static int take(struct world *w, int64_t owner, size_t max)
{
	int got = store_exchange(w->store, owner, NOW + 1000, NULL, 0, taken, max, &w->err);

	assert_ok(w, got);
	return got;
}

static void give(struct world *w, int64_t owner, const struct run_done *done)
{
	assert_int_equal(store_exchange(w->store, owner, NOW + 1000, done, 1, NULL, 0, &w->err), 0);
}

static void a_claimed_event_is_not_claimed_again(void **state)
{
	struct world *w = *state;

	world_add(w, "{\"a\":1}", NULL);
	assert_int_equal(take(w, 1, 8), 1);
	assert_string_equal(taken[0].body.ptr, "{\"a\":1}");
	assert_int_equal(taken[0].run, 1);
	assert_string_equal(taken[0].trigger, "arrival");
	struct claim mine = taken[0];
	assert_int_equal(take(w, 2, 8), 0);
	assert_string_equal(world_state(w, mine.event_id), "running");
	struct run_done done = world_done(&mine, true);
	give(w, 1, &done);
	assert_string_equal(world_state(w, mine.event_id), "succeeded");
	claim_release(&mine);
}

static void a_worker_that_lost_its_claim_changes_nothing(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "{}", NULL);

	assert_int_equal(take(w, 1, 8), 1);
	struct claim old = taken[0];
	struct owner_end end = {.owner = 1, .in_hand_event = id, .crash_max = 3, .reason = "it died"};
	assert_int_equal(store_owner_free(w->store, &end, &w->err), 1);
	/* Long after NOW + 1000, since a freed claim is due at once by the wall clock. */
	assert_int_equal(store_exchange(w->store, 2, clock_wall_ms() + 1, NULL, 0, taken, 8, &w->err), 1);
	assert_int_equal(taken[0].run, 2);
	assert_string_equal(taken[0].trigger, "crash");
	struct run_done late = world_done(&old, true);
	give(w, 1, &late);
	assert_string_equal(world_state(w, id), "running");
	struct run_done right = world_done(&taken[0], true);
	give(w, 2, &right);
	assert_string_equal(world_state(w, id), "succeeded");
	claim_release(&old);
	claim_release(&taken[0]);
}

static void only_the_event_in_hand_counts_an_attempt_when_a_worker_dies(void **state)
{
	struct world *w = *state;
	int64_t first = world_add(w, "1", NULL), second = world_add(w, "2", NULL);

	assert_int_equal(take(w, 7, 8), 2);
	claim_release(&taken[0]);
	claim_release(&taken[1]);
	struct owner_end end = {.owner = 7, .in_hand_event = first, .crash_max = 3, .reason = "it died"};
	assert_int_equal(store_owner_free(w->store, &end, &w->err), 2);
	int got = store_exchange(w->store, 8, clock_wall_ms() + 1, NULL, 0, taken, 8, &w->err);
	assert_int_equal(got, 2);
	for (int i = 0; i < 2; i++) {
		bool crashed = taken[i].event_id == first;
		assert_true(crashed || taken[i].event_id == second);
		assert_int_equal(taken[i].attempt, crashed ? 2 : 1);
		assert_int_equal(taken[i].run, crashed ? 2 : 1);
		claim_release(&taken[i]);
	}
}

static void an_event_that_kills_its_workers_ends_failed(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "poison", NULL);
	struct owner_end end = {.owner = 1, .in_hand_event = id, .crash_max = 3,
				.reason = "its worker was ended by signal 6"};

	for (int i = 1; i <= 3; i++) {
		assert_int_equal(store_exchange(w->store, 1, clock_wall_ms() + 1, NULL, 0, taken, 8, &w->err), 1);
		assert_int_equal(taken[0].attempt, i);
		claim_release(&taken[0]);
		assert_int_equal(store_owner_free(w->store, &end, &w->err), 1);
	}
	assert_string_equal(world_state(w, id), "failed");
	struct event_detail d;
	assert_int_equal(store_event_load(w->store, id, &d, &w->err), 1);
	assert_non_null(strstr(d.error, "signal 6"));
	assert_non_null(strstr(d.error, "3 tries"));
	event_detail_release(&d);
}

static void a_failed_run_with_a_time_is_queued_until_then(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "{}", NULL), due = 0;

	assert_int_equal(take(w, 1, 8), 1);
	struct claim c = taken[0];
	struct run_done done = world_done(&c, false);
	done.again_at = NOW + 60000;
	give(w, 1, &done);
	assert_string_equal(world_state(w, id), "queued");
	assert_ok(w, store_next_due(w->store, &due, &w->err));
	assert_int_equal(due, NOW + 60000);
	assert_int_equal(take(w, 1, 8), 0);
	assert_int_equal(store_exchange(w->store, 1, NOW + 60000, NULL, 0, taken, 8, &w->err), 1);
	assert_int_equal(taken[0].attempt, 2);
	assert_string_equal(taken[0].trigger, "retry");
	claim_release(&c);
	claim_release(&taken[0]);
}

static void an_event_with_effects_is_taken_alone(void **state)
{
	struct world *w = *state;
	struct flow_row row;

	world_add(w, "1", NULL);
	assert_int_equal(world_apply(w, "calls", "{\"calls\":1}", true, true), 1);
	assert_int_equal(store_flow_load(w->store, "calls", 0, &row, &w->err), 1);
	int64_t pure_version = w->version_id;
	w->version_id = row.version_id;
	w->flow_id = row.flow_id;
	flow_row_release(&row);
	world_add(w, "2", NULL);
	world_add(w, "3", NULL);
	assert_int_equal(take(w, 1, 8), 1);
	assert_int_equal(taken[0].version_id, pure_version);
	assert_false(taken[0].effects);
	claim_release(&taken[0]);
	assert_int_equal(take(w, 1, 8), 1);
	assert_true(taken[0].effects);
	claim_release(&taken[0]);
}

/* ---- the caller who waits ---- */

struct waiter {
	struct world *w;
	int64_t id;
	struct answer answer;
	int got;
};

static void *wait_for_answer(void *arg)
{
	struct waiter *waiter = arg;
	struct err err;

	waiter->got = store_answer_wait(waiter->w->store, waiter->id, clock_mono_ms() + 20000,
					&waiter->answer, &err);
	return NULL;
}

static void a_waiting_caller_gets_the_reply_of_the_run(void **state)
{
	struct world *w = *state;
	struct waiter waiter = {.w = w, .id = world_add(w, "{}", NULL)};
	pthread_t thread;

	pthread_create(&thread, NULL, wait_for_answer, &waiter);
	assert_int_equal(take(w, 1, 8), 1);
	struct claim c = taken[0];
	c.awaited = true;
	struct run_done done = world_done(&c, true);
	done.replied = true;
	done.reply_status = 201;
	done.reply_headers = "[[\"X\",\"1\"]]";
	done.reply_body = (struct slice){"hello", 5};
	give(w, 1, &done);
	pthread_join(thread, NULL);
	assert_int_equal(waiter.got, 1);
	assert_int_equal(waiter.answer.state, ANSWER_REPLIED);
	assert_int_equal(waiter.answer.status, 201);
	assert_string_equal(waiter.answer.body.ptr, "hello");
	answer_release(&waiter.answer);
	claim_release(&c);
}

static void an_early_reply_stays_when_its_worker_dies_afterwards(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "{}", NULL);
	struct answer answer;

	assert_int_equal(take(w, 1, 8), 1);
	assert_int_equal(store_reply_put(w->store, &taken[0], 1, 202, "[]", (struct slice){"early", 5}, &w->err), 1);
	assert_int_equal(store_reply_put(w->store, &taken[0], 2, 202, "[]", (struct slice){"late", 4}, &w->err), 0);
	struct owner_end end = {.owner = 1, .in_hand_event = id, .crash_max = 1, .reason = "it died"};
	assert_int_equal(store_owner_free(w->store, &end, &w->err), 1);
	assert_int_equal(store_answer_wait(w->store, id, 0, &answer, &w->err), 1);
	assert_int_equal(answer.state, ANSWER_REPLIED);
	assert_string_equal(answer.body.ptr, "early");
	answer_release(&answer);
	claim_release(&taken[0]);
}

static void an_undecided_event_gives_no_answer_before_its_time(void **state)
{
	struct world *w = *state;
	struct answer answer;
	int64_t id = world_add(w, "{}", NULL);

	assert_int_equal(store_answer_wait(w->store, id, clock_mono_ms() + 10, &answer, &w->err), 0);
	assert_int_equal(take(w, 1, 8), 1);
	struct claim c = taken[0];
	struct run_done done = world_done(&c, false);
	give(w, 1, &done);
	assert_int_equal(store_answer_wait(w->store, id, 0, &answer, &w->err), 1);
	assert_int_equal(answer.state, ANSWER_FAILED);
	answer_release(&answer);
	claim_release(&c);
}

static void a_lease_that_ran_out_frees_the_event(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "{}", NULL);

	assert_int_equal(take(w, 1, 8), 1);
	claim_release(&taken[0]);
	assert_int_equal(store_leases_expire(w->store, NOW + 1000 + LEASE_MS, 3, &w->err), 0);
	assert_int_equal(store_leases_expire(w->store, NOW + 1001 + LEASE_MS, 3, &w->err), 1);
	assert_string_equal(world_state(w, id), "queued");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_claimed_event_is_not_claimed_again, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_worker_that_lost_its_claim_changes_nothing, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(only_the_event_in_hand_counts_an_attempt_when_a_worker_dies,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(an_event_that_kills_its_workers_ends_failed, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(a_failed_run_with_a_time_is_queued_until_then, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(an_event_with_effects_is_taken_alone, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_waiting_caller_gets_the_reply_of_the_run, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(an_early_reply_stays_when_its_worker_dies_afterwards, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(an_undecided_event_gives_no_answer_before_its_time, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(a_lease_that_ran_out_frees_the_event, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
