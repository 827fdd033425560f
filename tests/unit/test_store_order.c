/* SPDX-License-Identifier: MIT */
/* Events of one key run one at a time, in the order of their arrival, whatever becomes of them. */
#include "store_fixture.h"

static struct claim taken[32];
static int64_t clock_at = NOW + 1000;

static int64_t add(struct world *w, const char *key)
{
	struct event_new e = {
		.flow_id = w->flow_id, .version_id = w->version_id, .received_at = NOW, .method = "POST",
		.path = "/in/x", .query = "", .headers = "[]", .remote = "127.0.0.1", .body = {"{}", 2},
		.order_key = {key, key ? strlen(key) : 0},
	};
	struct event_added added;

	assert_ok(w, store_event_add(w->store, &e, &added, &w->err));
	return added.id;
}

/* Takes the one event that may be claimed, or none (0). */
static struct claim take(struct world *w, int64_t owner)
{
	int got = store_exchange(w->store, owner, clock_at, NULL, 0, taken, 32, &w->err);

	assert_ok(w, got);
	assert_in_range(got, 0, 1);
	struct claim c = got ? taken[0] : (struct claim){0};
	if (got)
		claim_release(&taken[0]);
	return (struct claim){.event_id = c.event_id, .flow_id = w->flow_id, .version_id = w->version_id,
			      .run = c.run, .trigger = c.trigger, .ordered = c.ordered};
}

static void give(struct world *w, const struct claim *c, bool succeeded, int64_t again_at, int64_t wake_at)
{
	struct run_done done = world_done(c, succeeded);

	done.again_at = again_at;
	done.wake_at = wake_at;
	assert_ok(w, store_exchange(w->store, 1, clock_at, &done, 1, NULL, 0, &w->err));
}

/* The only one to be had is this one. */
static struct claim expect(struct world *w, int64_t id)
{
	struct claim c = take(w, 1);

	assert_int_equal(c.event_id, id);
	return c;
}

static void stop_on_failure(struct world *w)
{
	struct flow_route route = {"/orders", "POST"};
	struct flow_new flow = {.name = "orders", .title = "o", .document = "{\"stop\":1}", .routes = &route,
				.n_routes = 1, .order_stop = true};
	int version;

	assert_ok(w, store_flow_apply(w->store, &flow, true, NOW, &version, &w->err));
}

static void events_of_a_key_come_one_after_the_other(void **state)
{
	struct world *w = *state;
	int64_t first = add(w, "a"), second = add(w, "a"), third = add(w, "a");
	struct claim c = expect(w, first);

	assert_true(c.ordered);
	expect(w, 0);
	int64_t other = add(w, "b"), free_one = add(w, NULL);
	assert_int_equal(store_exchange(w->store, 2, clock_at, NULL, 0, taken, 8, &w->err), 2);
	assert_int_equal(taken[0].event_id, other);
	assert_int_equal(taken[1].event_id, free_one);
	assert_false(taken[1].ordered);
	claim_release(&taken[0]);
	claim_release(&taken[1]);
	give(w, &c, true, 0, 0);
	c = expect(w, second);
	give(w, &c, false, 0, 0); /* failed: the next goes on */
	c = expect(w, third);
	give(w, &c, true, 0, 0);
	c = expect(w, add(w, "a"));
}

static void a_retry_a_delay_a_crash_and_a_pause_keep_the_others_waiting(void **state)
{
	struct world *w = *state;
	int64_t first = add(w, "a"), second = add(w, "a");
	struct claim c = expect(w, first);

	give(w, &c, false, clock_at + 5000, 0);
	expect(w, 0);
	clock_at += 5000;
	c = expect(w, first);
	give(w, &c, true, 0, clock_at + 5000);
	expect(w, 0);
	clock_at += 5000;
	c = expect(w, first);
	struct owner_end end = {.owner = 1, .in_hand_event = first, .crash_max = 2, .reason = "it died"};
	assert_int_equal(store_owner_free(w->store, &end, &w->err), 1);
	clock_at = clock_wall_ms() + 1;
	assert_ok(w, store_flow_pause(w->store, "orders", true, 0, clock_at, &w->err));
	int64_t third = add(w, "a");
	expect(w, 0);
	assert_ok(w, store_flow_pause(w->store, "orders", false, 0, clock_at, &w->err));
	c = expect(w, first);
	/* Its last crash ends it, and the next has its turn. */
	assert_int_equal(store_owner_free(w->store, &end, &w->err), 1);
	assert_string_equal(world_state(w, first), "failed");
	clock_at = clock_wall_ms() + 1;
	c = expect(w, second);
	give(w, &c, true, 0, 0);
	c = expect(w, third);
	give(w, &c, true, 0, 0);
	clock_at = NOW + 1000;
}

static void a_failure_that_stops_blocks_its_key_until_it_is_cancelled_or_replayed(void **state)
{
	struct world *w = *state;
	int64_t first = add(w, "a"), second = add(w, "a"), third = add(w, "a"), other = add(w, "b");

	stop_on_failure(w);
	int got = store_exchange(w->store, 1, clock_at, NULL, 0, taken, 8, &w->err);
	assert_int_equal(got, 2);
	struct claim c = taken[0], b = taken[1];
	assert_int_equal(b.event_id, other);
	give(w, &c, false, 0, 0);
	give(w, &b, true, 0, 0);
	claim_release(&c);
	claim_release(&b);
	expect(w, 0);
	struct event_filter one = {.ids = &first, .n_ids = 1};
	assert_int_equal(store_event_cancel(w->store, &one, &w->err), 1);
	assert_string_equal(world_state(w, first), "cancelled");
	c = expect(w, second);
	give(w, &c, false, 0, 0);
	expect(w, 0);
	struct replay_plan plan = {.filter = {.ids = &second, .n_ids = 1}};
	struct replay_count count;
	assert_ok(w, store_replay(w->store, &plan, false, NOW, NULL, NULL, &count, &w->err));
	c = expect(w, second);
	give(w, &c, true, 0, 0);
	c = expect(w, third);
	give(w, &c, true, 0, 0);
	/* It had the turn no more, so there is nothing to cancel. */
	struct event_filter failed = {.state = "failed"};
	assert_int_equal(store_event_cancel(w->store, &failed, &w->err), 0);
}

/* A replay that is taken back leaves the key as it was: blocked by what had failed, and by nothing
 * else. */
static void cancelling_its_replay_blocks_the_key_again(void **state)
{
	struct world *w = *state;
	int64_t fine = add(w, "a");
	struct claim c = expect(w, fine);

	stop_on_failure(w);
	give(w, &c, true, 0, 0);
	int64_t first = add(w, "a"), second = add(w, "a");
	c = expect(w, first);
	give(w, &c, false, 0, 0);
	expect(w, 0);

	struct replay_plan plan = {.filter = {.ids = &first, .n_ids = 1}};
	struct replay_count count;
	assert_ok(w, store_replay(w->store, &plan, false, NOW, NULL, NULL, &count, &w->err));
	assert_int_equal(store_replay_cancel(w->store, count.replay_id, NOW, &w->err), 1);
	assert_string_equal(world_state(w, first), "failed");
	expect(w, 0);
	/* It has failed once more, and waits for another try. */
	assert_ok(w, store_replay(w->store, &plan, false, NOW, NULL, NULL, &count, &w->err));
	c = expect(w, first);
	give(w, &c, false, clock_at + 5000, 0);
	assert_int_equal(store_replay_cancel(w->store, count.replay_id, NOW, &w->err), 1);
	expect(w, 0);
	/* One that had succeeded blocks nobody when it is given back. */
	struct event_filter one = {.ids = &first, .n_ids = 1};
	assert_int_equal(store_event_cancel(w->store, &one, &w->err), 1);
	plan.filter.ids = &fine;
	c = expect(w, second);
	assert_ok(w, store_replay(w->store, &plan, false, NOW, NULL, NULL, &count, &w->err));
	give(w, &c, true, 0, 0);
	assert_int_equal(store_replay_cancel(w->store, count.replay_id, NOW, &w->err), 1);
	assert_string_equal(world_state(w, fine), "succeeded");
	c = expect(w, add(w, "a"));
}

static void one_that_is_cancelled_while_it_waits_is_passed(void **state)
{
	struct world *w = *state;
	int64_t first = add(w, "a"), second = add(w, "a"), third = add(w, "a");
	struct event_filter one = {.ids = &second, .n_ids = 1};

	assert_int_equal(store_event_cancel(w->store, &one, &w->err), 1);
	struct claim c = expect(w, first);
	give(w, &c, true, 0, 0);
	c = expect(w, third);
	give(w, &c, true, 0, 0);
	/* A replay waits like the others, and comes by its age. */
	struct replay_plan plan = {.filter = {.ids = &second, .n_ids = 1}};
	struct replay_count count;
	int64_t fourth = add(w, "a"), fifth = add(w, "a");
	c = expect(w, fourth);
	assert_ok(w, store_replay(w->store, &plan, false, NOW, NULL, NULL, &count, &w->err));
	assert_int_equal(count.queued, 1);
	expect(w, 0);
	give(w, &c, true, 0, 0);
	c = expect(w, second);
	give(w, &c, true, 0, 0);
	expect(w, fifth);
}

static void order_and_concurrency_go_together(void **state)
{
	struct world *w = *state;
	int64_t first = add(w, "a"), second = add(w, "a"), other = add(w, "b");
	struct flow_route route = {"/orders", "POST"};
	struct flow_new flow = {.name = "orders", .title = "o", .document = "{\"one\":1}", .routes = &route,
				.n_routes = 1, .concurrency = 1};
	int version;

	assert_ok(w, store_flow_apply(w->store, &flow, true, NOW, &version, &w->err));
	struct claim c = expect(w, first);
	expect(w, 0);
	give(w, &c, true, 0, 0);
	c = expect(w, second);
	flow.document = "{\"none\":1}";
	flow.concurrency = 0;
	assert_ok(w, store_flow_apply(w->store, &flow, true, NOW, &version, &w->err));
	expect(w, other);
	int64_t third = add(w, "a");
	expect(w, 0);
	give(w, &c, true, 0, 0);
	expect(w, third);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(events_of_a_key_come_one_after_the_other),
		TEST(a_retry_a_delay_a_crash_and_a_pause_keep_the_others_waiting),
		TEST(a_failure_that_stops_blocks_its_key_until_it_is_cancelled_or_replayed),
		TEST(cancelling_its_replay_blocks_the_key_again),
		TEST(one_that_is_cancelled_while_it_waits_is_passed),
		TEST(order_and_concurrency_go_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
