/* SPDX-License-Identifier: MIT */
/* Which event is claimed next: priorities, replays, flows that run only so many at once. */
#include "store_fixture.h"

#include <sqlite3.h>

static struct claim taken[32];

static int take(struct world *w, int64_t owner, size_t max)
{
	int got = store_exchange(w->store, owner, NOW + 1000, NULL, 0, taken, max, &w->err);

	assert_ok(w, got);
	for (int i = 0; i < got; i++)
		claim_release(&taken[i]); /* the numbers stay in `ids` of whoever wants them */
	return got;
}

static int64_t take_id(struct world *w, int64_t owner)
{
	int got = store_exchange(w->store, owner, NOW + 1000, NULL, 0, taken, 1, &w->err);

	assert_ok(w, got);
	int64_t id = got ? taken[0].event_id : 0;
	if (got)
		claim_release(&taken[0]);
	return id;
}

static int64_t add(struct world *w, int64_t flow_id, int64_t version_id, int priority, int64_t at)
{
	struct event_new e = {
		.flow_id = flow_id, .version_id = version_id, .received_at = at, .method = "POST",
		.path = "/in/x", .query = "", .headers = "[]", .remote = "127.0.0.1", .body = {"{}", 2},
		.priority = priority,
	};
	struct event_added added;

	assert_ok(w, store_event_add(w->store, &e, &added, &w->err));
	return added.id;
}

/* A flow with a concurrency (0: none), published. */
static struct flow_row limited(struct world *w, const char *name, int concurrency)
{
	static int serial;
	char document[32], shape[40];
	int version;
	struct flow_row row;

	snprintf(document, sizeof(document), "{\"n\":%d}", ++serial);
	snprintf(shape, sizeof(shape), "/%s", name);
	struct flow_route route = {shape, "POST"};
	struct flow_new flow = {.name = name, .title = name, .document = document, .routes = &route,
				.n_routes = 1, .concurrency = concurrency};
	assert_ok(w, store_flow_apply(w->store, &flow, true, NOW, &version, &w->err));
	assert_int_equal(store_flow_load(w->store, name, 0, &row, &w->err), 1);
	struct flow_row ids = {.flow_id = row.flow_id, .version_id = row.version_id};
	flow_row_release(&row);
	return ids;
}

static void end(struct world *w, int64_t owner, int64_t id, int run)
{
	struct claim c = {.event_id = id, .run = run, .attempt = run, .version_id = w->version_id,
			  .flow_id = w->flow_id, .trigger = "arrival"};
	struct run_done done = world_done(&c, true);

	assert_ok(w, store_exchange(w->store, owner, NOW + 1000, &done, 1, NULL, 0, &w->err));
}

static void a_higher_priority_is_claimed_first_and_a_replay_last(void **state)
{
	struct world *w = *state;
	int64_t old = add(w, w->flow_id, w->version_id, 0, NOW);

	assert_int_equal(take_id(w, 1), old);
	end(w, 1, old, 1);
	struct replay_plan plan = {.filter = {.ids = &old, .n_ids = 1}, .reason = "again"};
	struct replay_count count;
	assert_ok(w, store_replay(w->store, &plan, false, NOW - 5000, NULL, NULL, &count, &w->err));
	assert_int_equal(count.queued, 1);
	int64_t low = add(w, w->flow_id, w->version_id, -1, NOW);
	int64_t normal = add(w, w->flow_id, w->version_id, 0, NOW + 1);
	int64_t high = add(w, w->flow_id, w->version_id, 1, NOW + 2);
	assert_int_equal(take_id(w, 1), high);
	assert_int_equal(take_id(w, 1), normal);
	assert_int_equal(take_id(w, 1), low);
	assert_int_equal(take_id(w, 1), old);
	assert_int_equal(take_id(w, 1), 0);
}

static void a_flow_runs_no_more_than_it_may_and_holds_up_nobody(void **state)
{
	struct world *w = *state;
	struct flow_row few = limited(w, "few", 2);
	int64_t first = 0, due = 0;

	for (int i = 0; i < 10; i++) {
		int64_t id = add(w, few.flow_id, few.version_id, 0, NOW + i);
		first = first ? first : id;
	}
	int64_t other = add(w, w->flow_id, w->version_id, 0, NOW + 100);
	assert_int_equal(take(w, 1, 8), 2);
	assert_int_equal(take_id(w, 2), other);
	assert_int_equal(take(w, 3, 8), 0);
	/* Nothing to claim is nothing to wake up for. */
	assert_ok(w, store_next_due(w->store, &due, &w->err));
	assert_int_equal(due, 0);
	end(w, 1, first, 1);
	assert_int_equal(take(w, 3, 8), 1);
	assert_int_equal(take(w, 3, 8), 0);
	/* What a dead worker had is to be had again. */
	struct owner_end dead = {.owner = 1, .crash_max = 3, .reason = "it died"};
	assert_int_equal(store_owner_free(w->store, &dead, &w->err), 1);
	assert_int_equal(take(w, 3, 8), 1);
}

static void the_one_that_waited_longest_comes_first_whoever_it_belongs_to(void **state)
{
	struct world *w = *state;
	struct flow_row one = limited(w, "one", 1), two = limited(w, "two", 1);
	int64_t a = add(w, one.flow_id, one.version_id, 0, NOW + 2);
	int64_t b = add(w, w->flow_id, w->version_id, 0, NOW + 1);
	int64_t c = add(w, two.flow_id, two.version_id, 0, NOW);
	int64_t d = add(w, two.flow_id, two.version_id, 1, NOW + 3);

	assert_int_equal(take_id(w, 1), d);
	assert_int_equal(take_id(w, 1), b); /* c's flow is full */
	assert_int_equal(take_id(w, 1), a);
	end(w, 1, d, 1);
	assert_int_equal(take_id(w, 1), c);
}

static void a_new_limit_counts_for_what_is_there_already(void **state)
{
	struct world *w = *state;
	struct flow_row row = limited(w, "changing", 0);

	for (int i = 0; i < 6; i++)
		add(w, row.flow_id, row.version_id, i % 3 - 1, NOW + i);
	assert_int_equal(take(w, 1, 1), 1);
	limited(w, "changing", 2);
	assert_int_equal(take(w, 1, 8), 1);
	assert_int_equal(take(w, 1, 8), 0);
	limited(w, "changing", 3);
	assert_int_equal(take(w, 1, 8), 1);
	assert_int_equal(take(w, 1, 8), 0);
	limited(w, "changing", 0);
	assert_int_equal(take(w, 1, 8), 1); /* the last normal one */
	assert_int_equal(take(w, 1, 8), 2); /* and the low ones, in the common lane again */
}

/* A hundred thousand of one flow, which is full, in front of an event of another. */
static void a_full_flow_with_a_long_queue_costs_a_claim_nothing(void **state)
{
	struct world *w = *state;
	struct flow_row few = limited(w, "few", 1);
	char path[128];
	sqlite3 *db;

	add(w, few.flow_id, few.version_id, 0, NOW);
	assert_int_equal(take(w, 1, 8), 1);
	snprintf(path, sizeof(path), "%s/ringbolt.db", w->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	char *text = sqlite3_mprintf(
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
		"INSERT INTO events (flow_id, version_id, received_at, state, due_at, lane) "
		"SELECT %lld, %lld, %lld, 'queued', %lld + i / 1000, %lld FROM n",
		few.flow_id, few.version_id, NOW, NOW, few.flow_id * 4);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_free(text);
	sqlite3_close(db);
	int64_t best = INT64_MAX;
	for (int i = 0; i < 5; i++) {
		int64_t other = add(w, w->flow_id, w->version_id, 0, NOW + 500);
		int64_t before = clock_mono_us();
		assert_int_equal(take_id(w, 2), other);
		int64_t took = clock_mono_us() - before;
		best = took < best ? took : best;
	}
	print_message("a claim behind 100,000 of a full flow: %lld us\n", (long long)best);
	assert_true(best < 5000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_higher_priority_is_claimed_first_and_a_replay_last),
		TEST(a_flow_runs_no_more_than_it_may_and_holds_up_nobody),
		TEST(the_one_that_waited_longest_comes_first_whoever_it_belongs_to),
		TEST(a_new_limit_counts_for_what_is_there_already),
		TEST(a_full_flow_with_a_long_queue_costs_a_claim_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
