/* SPDX-License-Identifier: MIT */
/* Runs that wait in a delay: a row of the queue, and the same run when it goes on. */
#include "store_fixture.h"

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

/* Takes the event and hands it back as waiting until NOW + 60000, its trace being `trace`. */
static void wait_with(struct world *w, struct claim *c, const char *trace)
{
	assert_int_equal(take(w, 1, 8), 1);
	*c = taken[0];
	struct run_done done = world_done(c, false);
	done.error = done.error_kind = done.failed_step = NULL;
	done.wake_at = NOW + 60000;
	done.steps = (struct slice){trace, strlen(trace)};
	give(w, 1, &done);
}

static char *runs_of(struct world *w, int64_t id)
{
	struct event_detail d;

	assert_int_equal(store_event_load(w->store, id, &d, &w->err), 1);
	char *runs = mem_dup(d.runs);
	event_detail_release(&d);
	return runs;
}

static void a_waiting_run_goes_on_as_the_same_run_and_attempt(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "{}", NULL), due = 0;
	struct claim c;
	struct answer answer;

	wait_with(w, &c, "[1]");
	assert_string_equal(world_state(w, id), "queued");
	assert_ok(w, store_next_due(w->store, &due, &w->err));
	assert_int_equal(due, NOW + 60000);
	char *runs = runs_of(w, id);
	assert_non_null(strstr(runs, "\"outcome\":\"running\""));
	assert_non_null(strstr(runs, "\"ended_at\":null"));
	free(runs);
	assert_int_equal(store_answer_wait(w->store, id, 0, &answer, &w->err), 0);
	assert_int_equal(take(w, 1, 8), 0);
	assert_int_equal(store_exchange(w->store, 2, NOW + 60000, NULL, 0, taken, 8, &w->err), 1);
	assert_int_equal(taken[0].run, 1);
	assert_int_equal(taken[0].attempt, 1);
	assert_string_equal(taken[0].trigger, "delay");
	assert_string_equal(taken[0].resume.ptr, "[1]");
	struct run_done done = world_done(&taken[0], true);
	give(w, 2, &done);
	assert_string_equal(world_state(w, id), "succeeded");
	runs = runs_of(w, id);
	assert_null(strstr(runs, "\"number\":2"));
	assert_non_null(strstr(runs, "\"trigger\":\"arrival\",\"outcome\":\"succeeded\""));
	free(runs);
	claim_release(&c);
	claim_release(&taken[0]);
}

static void a_claim_that_was_not_begun_after_its_delay_is_put_back_whole(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "{}", NULL);
	struct claim c;

	wait_with(w, &c, "[1]");
	for (int i = 0; i < 2; i++) { /* the second time as if the first had never been */
		assert_int_equal(store_exchange(w->store, 2, NOW + 60000, NULL, 0, taken, 8, &w->err), 1);
		assert_int_equal(taken[0].run, 1);
		assert_string_equal(taken[0].trigger, "delay");
		claim_release(&taken[0]);
		struct owner_end end = {.owner = 2, .crash_max = 3, .reason = "it died"};
		assert_int_equal(store_owner_free(w->store, &end, &w->err), 1);
		assert_string_equal(world_state(w, id), "queued");
	}
	claim_release(&c);
}

static void a_worker_that_dies_after_the_delay_leaves_the_trace_to_go_on_from(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "{}", NULL);
	struct claim c;

	wait_with(w, &c, "[1]");
	assert_int_equal(store_exchange(w->store, 2, NOW + 60000, NULL, 0, taken, 8, &w->err), 1);
	claim_release(&taken[0]);
	struct owner_end end = {.owner = 2, .in_hand_event = id, .crash_max = 3, .reason = "it died"};
	assert_int_equal(store_owner_free(w->store, &end, &w->err), 1);
	assert_int_equal(store_exchange(w->store, 3, clock_wall_ms() + 1, NULL, 0, taken, 8, &w->err), 1);
	assert_int_equal(taken[0].run, 2);
	assert_int_equal(taken[0].attempt, 2);
	assert_string_equal(taken[0].trigger, "crash");
	assert_string_equal(taken[0].resume.ptr, "[1]");
	claim_release(&taken[0]);
	claim_release(&c);
}

static void a_retry_may_go_on_from_the_run_that_failed(void **state)
{
	struct world *w = *state;
	struct claim c;

	world_add(w, "{}", NULL);
	wait_with(w, &c, "[1]");
	assert_int_equal(store_exchange(w->store, 2, NOW + 60000, NULL, 0, taken, 8, &w->err), 1);
	struct run_done done = world_done(&taken[0], false);
	done.steps = (struct slice){"[2]", 3};
	done.again_at = NOW + 70000;
	done.go_on = true;
	give(w, 2, &done);
	claim_release(&taken[0]);
	assert_int_equal(store_exchange(w->store, 2, NOW + 70000, NULL, 0, taken, 8, &w->err), 1);
	assert_int_equal(taken[0].run, 2);
	assert_string_equal(taken[0].resume.ptr, "[2]");
	claim_release(&taken[0]);
	claim_release(&c);
}

static void a_reply_after_the_delay_is_kept_and_the_first_one_stays(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "{}", NULL);
	struct answer answer;
	struct claim c;

	wait_with(w, &c, "[1]");
	assert_int_equal(store_exchange(w->store, 2, NOW + 60000, NULL, 0, taken, 8, &w->err), 1);
	assert_int_equal(store_reply_put(w->store, &taken[0], 2, 201, "[]", (struct slice){"one", 3}, &w->err), 1);
	assert_int_equal(store_reply_put(w->store, &taken[0], 2, 500, "[]", (struct slice){"two", 3}, &w->err), 1);
	assert_int_equal(store_answer_wait(w->store, id, 0, &answer, &w->err), 1);
	assert_string_equal(answer.body.ptr, "one");
	answer_release(&answer);
	claim_release(&taken[0]);
	claim_release(&c);
}

static void cancelling_ends_the_run_that_waits(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "{}", NULL);
	struct event_filter filter = {.ids = &id, .n_ids = 1};
	struct claim c;

	wait_with(w, &c, "[1]");
	assert_int_equal(store_event_cancel(w->store, &filter, &w->err), 1);
	char *runs = runs_of(w, id);
	assert_non_null(strstr(runs, "cancelled while it waited"));
	assert_null(strstr(runs, "\"outcome\":\"running\""));
	free(runs);
	claim_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_waiting_run_goes_on_as_the_same_run_and_attempt, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(a_claim_that_was_not_begun_after_its_delay_is_put_back_whole,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_worker_that_dies_after_the_delay_leaves_the_trace_to_go_on_from,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_retry_may_go_on_from_the_run_that_failed, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(a_reply_after_the_delay_is_kept_and_the_first_one_stays, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(cancelling_ends_the_run_that_waits, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
