/* SPDX-License-Identifier: MIT */
/* The life of a replay: cut short and gone on with, taken back, counted. */
#include "store_fixture.h"

static int count_row(void *arg, const struct event_row *row)
{
	(void)row;
	(*(int *)arg)++;
	return 0;
}

static int count(struct world *w, const struct event_filter *f)
{
	int n = 0;

	assert_ok(w, store_events_each(w->store, f, count_row, &n, &w->err));
	return n;
}

static int stop_at_once(void *arg, const struct replay_count *so_far)
{
	(void)arg;
	return so_far->queued > 0 ? -1 : 0;
}

static int keep_row(void *arg, const struct replay_row *row)
{
	int64_t *n = arg;

	n[0] = row->queued;
	n[1] = row->waiting;
	n[2] = row->succeeded;
	n[3] = row->failed;
	n[4] = row->cancelled;
	n[5] = row->state[0];
	return 0;
}

static void expect_row(struct world *w, int64_t id, const int64_t want[6])
{
	int64_t have[6] = {0};

	assert_int_equal(store_replays_each(w->store, id, 0, keep_row, have, &w->err), 1);
	for (int i = 0; i < 6; i++)
		assert_int_equal(have[i], want[i]);
}

static void an_interrupted_replay_goes_on_and_queues_nothing_twice(void **state)
{
	struct world *w = *state;
	struct replay_plan plan = {.filter = {.where = "state = 'failed'"}};
	struct replay_count count;

	for (int i = 0; i < 700; i++)
		world_add(w, "1", NULL);
	world_run_all(w, false);
	assert_int_equal(store_replay(w->store, &plan, false, clock_wall_ms(), stop_at_once, NULL, &count,
				      &w->err), -1);
	assert_int_equal(w->err.kind, ERR_BUSY);
	int64_t id = count.replay_id;
	expect_row(w, id, (int64_t[]){500, 500, 0, 0, 0, 'u'});
	/* They fail again, and so would be chosen again; and a new one fails besides. */
	world_run_all(w, false);
	int64_t later = world_add(w, "1", NULL);
	world_run_all(w, false);
	assert_ok(w, store_replay_resume(w->store, id, clock_wall_ms(), NULL, NULL, &count, &w->err));
	assert_int_equal(count.queued, 200);
	expect_row(w, id, (int64_t[]){700, 200, 0, 500, 0, 'r'});
	assert_string_equal(world_state(w, later), "failed");
	world_run_all(w, true);
	expect_row(w, id, (int64_t[]){700, 0, 200, 500, 0, 'e'});
	assert_int_equal(store_replay_resume(w->store, id, NOW, NULL, NULL, &count, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_CONFLICT);
	assert_int_equal(store_replay_resume(w->store, 99, NOW, NULL, NULL, &count, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_MISSING);
}

/* How many of the queued may be claimed at this moment; they stay claimed. */
static int due(struct world *w, int64_t now)
{
	struct claim taken[32];
	int got, all = 0;

	while ((got = store_exchange(w->store, 1, now, NULL, 0, taken, 32, &w->err)) > 0) {
		for (int i = 0; i < got; i++)
			claim_release(&taken[i]);
		all += got;
	}
	assert_ok(w, got);
	return all;
}

static void a_resumed_replay_goes_on_at_its_rate_behind_what_it_had_queued(void **state)
{
	struct world *w = *state;
	struct replay_plan plan = {.filter = {.where = "state = 'failed'"}, .per_second = 100};
	struct replay_count count;
	int64_t start = clock_wall_ms();

	for (int i = 0; i < 700; i++)
		world_add(w, "1", NULL);
	world_run_all(w, false);
	assert_int_equal(store_replay(w->store, &plan, false, start, stop_at_once, NULL, &count, &w->err), -1);
	assert_ok(w, store_replay_resume(w->store, count.replay_id, start, NULL, NULL, &count, &w->err));
	assert_int_equal(count.queued, 200);
	/* One each 10 ms: the first 500 until 4990 ms, the others from there on. */
	assert_int_equal(due(w, start - 1), 0);
	assert_int_equal(due(w, start + 4980), 499);
	assert_in_range(due(w, start + 5480), 50, 51);
	assert_in_range(due(w, start + 7000), 150, 151);
	assert_int_equal(due(w, start + 1000000), 0);
}

static void a_cancelled_replay_gives_back_what_waits(void **state)
{
	struct world *w = *state;
	struct replay_plan plan = {.filter = {.oldest_first = true}, .version_now = true};
	int64_t failed = world_add(w, "1", NULL), fine, cancelled;
	struct claim c;

	world_run_all(w, false);
	fine = world_add(w, "2", NULL);
	world_run_all(w, true);
	cancelled = world_add(w, "3", NULL);
	assert_int_equal(store_event_cancel(w->store,
					    &(struct event_filter){.ids = &cancelled, .n_ids = 1}, &w->err), 1);
	assert_int_equal(world_apply(w, "orders", "{\"title\":\"Orders, mended\"}", false, true), 2);
	int64_t id = world_replay(w, &plan, false).replay_id;
	expect_row(w, id, (int64_t[]){3, 3, 0, 0, 0, 'r'});
	/* One runs meanwhile, and ends as it ends. */
	assert_int_equal(store_exchange(w->store, 1, clock_wall_ms() + 1000, NULL, 0, &c, 1, &w->err), 1);
	assert_int_equal(c.event_id, failed);
	assert_int_equal(store_replay_cancel(w->store, id, NOW, &w->err), 2);
	assert_string_equal(world_state(w, fine), "succeeded");
	assert_string_equal(world_state(w, cancelled), "cancelled");
	struct run_done done = world_done(&c, true);
	assert_ok(w, store_exchange(w->store, 1, NOW, &done, 1, NULL, 0, &w->err));
	claim_release(&c);
	assert_string_equal(world_state(w, failed), "succeeded");
	expect_row(w, id, (int64_t[]){3, 0, 1, 0, 2, 'c'});
	assert_int_equal(store_replay_cancel(w->store, id, NOW, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_CONFLICT);
	assert_int_equal(store_replay_cancel(w->store, 99, NOW, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_MISSING);
	assert_int_equal(count(w, &(struct event_filter){.where = "state = 'succeeded' AND attempts = 1"}), 2);
}

static void one_that_waits_for_its_next_try_has_failed_when_its_replay_is_cancelled(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "1", NULL);
	struct replay_plan plan = {.filter = {.ids = &id, .n_ids = 1}};
	struct claim c;

	world_run_all(w, true);
	int64_t replay_id = world_replay(w, &plan, false).replay_id;
	assert_int_equal(store_exchange(w->store, 1, clock_wall_ms() + 1000, NULL, 0, &c, 1, &w->err), 1);
	struct run_done done = world_done(&c, false);
	done.again_at = clock_wall_ms() + 600000;
	assert_ok(w, store_exchange(w->store, 1, NOW, &done, 1, NULL, 0, &w->err));
	claim_release(&c);
	assert_int_equal(store_replay_cancel(w->store, replay_id, NOW, &w->err), 1);
	assert_string_equal(world_state(w, id), "failed");
	expect_row(w, replay_id, (int64_t[]){1, 0, 0, 0, 1, 'c'});
}

static void a_later_replay_leaves_the_numbers_of_the_earlier_one(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "1", NULL);
	struct replay_plan plan = {.filter = {.ids = &id, .n_ids = 1}};

	world_run_all(w, false);
	int64_t first = world_replay(w, &plan, false).replay_id;
	world_run_all(w, false);
	int64_t second = world_replay(w, &plan, false).replay_id;
	expect_row(w, first, (int64_t[]){1, 0, 0, 1, 0, 'e'});
	world_run_all(w, true);
	expect_row(w, first, (int64_t[]){1, 0, 0, 1, 0, 'e'});
	expect_row(w, second, (int64_t[]){1, 0, 1, 0, 0, 'e'});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_interrupted_replay_goes_on_and_queues_nothing_twice),
		TEST(a_resumed_replay_goes_on_at_its_rate_behind_what_it_had_queued),
		TEST(a_cancelled_replay_gives_back_what_waits),
		TEST(one_that_waits_for_its_next_try_has_failed_when_its_replay_is_cancelled),
		TEST(a_later_replay_leaves_the_numbers_of_the_earlier_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
