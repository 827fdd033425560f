/* SPDX-License-Identifier: MIT */
/* When the log is synced: before anything leaves the house, and not otherwise. SQLite's
 * fdatasync is ours here, so it can be counted. */
#include "store_fixture.h"

#include <sys/syscall.h>

static int syncs;

int fdatasync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

static int64_t add(struct world *w, bool awaited)
{
	struct event_new e = {
		.flow_id = w->flow_id, .version_id = w->version_id, .received_at = NOW, .method = "POST",
		.path = "/", .query = "", .headers = "[]", .remote = "x", .awaited = awaited,
	};
	struct event_added added;

	syncs = 0;
	assert_int_equal(store_event_add(w->store, &e, &added, &w->err), 1);
	return added.id;
}

static struct claim take(struct world *w)
{
	struct claim c;

	syncs = 0;
	assert_int_equal(store_exchange(w->store, 1, NOW + 1000, NULL, 0, &c, 1, &w->err), 1);
	return c;
}

static void give(struct world *w, struct claim *c)
{
	struct run_done done = world_done(c, true);

	syncs = 0;
	assert_ok(w, store_exchange(w->store, 1, NOW, &done, 1, NULL, 0, &w->err));
	claim_release(c);
}

static void an_event_is_synced_before_its_202(void **state)
{
	add(*state, false);
	assert_int_equal(syncs, 1);
}

static void an_awaited_event_is_synced_with_its_reply(void **state)
{
	struct world *w = *state;

	add(w, true);
	assert_int_equal(syncs, 0);
	struct claim c = take(w);
	assert_int_equal(syncs, 0);
	give(w, &c);
	assert_int_equal(syncs, 1);
}

static void an_awaited_event_is_synced_before_its_504(void **state)
{
	struct world *w = *state;
	int64_t id = add(w, true);

	assert_int_equal(syncs, 0);
	assert_ok(w, store_answer_late(w->store, id, &w->err));
	assert_int_equal(syncs, 1);
	/* Even when there is nothing to write down any more. */
	syncs = 0;
	assert_ok(w, store_answer_late(w->store, id, &w->err));
	assert_int_equal(syncs, 1);
}

static void a_claim_is_synced_before_a_run_with_effects(void **state)
{
	struct world *w = *state;
	struct flow_row row;

	assert_int_equal(world_apply(w, "calls", "{\"calls\":1}", true, true), 1);
	assert_int_equal(store_flow_load(w->store, "calls", 0, &row, &w->err), 1);
	w->flow_id = row.flow_id;
	w->version_id = row.version_id;
	flow_row_release(&row);
	add(w, true);
	struct claim c = take(w);
	assert_int_equal(syncs, 1);
	give(w, &c);
	assert_int_equal(syncs, 1);
}

static void a_pure_run_that_nobody_waits_for_is_not_synced_by_itself(void **state)
{
	struct world *w = *state;

	add(w, false);
	struct claim c = take(w);
	assert_int_equal(syncs, 0);
	give(w, &c);
	assert_int_equal(syncs, 0);
}

static void a_reply_that_nobody_waits_for_is_synced_too_since_a_duplicate_may_be_told_it(void **state)
{
	struct world *w = *state;

	add(w, false);
	struct claim c = take(w);
	struct run_done done = world_done(&c, true);
	done.replied = true;
	done.reply_status = 200;
	done.reply_headers = "[]";
	syncs = 0;
	assert_ok(w, store_exchange(w->store, 1, NOW, &done, 1, NULL, 0, &w->err));
	assert_int_equal(syncs, 1);
	claim_release(&c);
}

static enum answer_state told(struct world *w, int64_t id)
{
	struct answer answer;

	syncs = 0;
	assert_int_equal(store_answer_wait(w->store, id, 0, &answer, &w->err), 1);
	enum answer_state state = answer.state;
	answer_release(&answer);
	return state;
}

static void how_a_run_ended_that_nobody_waited_for_is_synced_before_a_duplicate_is_told_it(void **state)
{
	struct world *w = *state;
	int64_t id = add(w, false);
	struct claim c = take(w);

	give(w, &c);
	assert_int_equal(syncs, 0);
	assert_int_equal(told(w, id), ANSWER_SILENT);
	assert_int_equal(syncs, 1);

	id = add(w, false);
	c = take(w);
	struct run_done done = world_done(&c, false);
	assert_ok(w, store_exchange(w->store, 1, NOW, &done, 1, NULL, 0, &w->err));
	claim_release(&c);
	assert_int_equal(told(w, id), ANSWER_FAILED);
	assert_int_equal(syncs, 1);
}

static void what_was_synced_for_the_one_who_waited_is_not_synced_again(void **state)
{
	struct world *w = *state;
	int64_t id = add(w, true);
	struct claim c = take(w);

	give(w, &c);
	assert_int_equal(told(w, id), ANSWER_SILENT);
	assert_int_equal(syncs, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_is_synced_before_its_202),
		TEST(an_awaited_event_is_synced_with_its_reply),
		TEST(an_awaited_event_is_synced_before_its_504),
		TEST(a_claim_is_synced_before_a_run_with_effects),
		TEST(a_pure_run_that_nobody_waits_for_is_not_synced_by_itself),
		TEST(a_reply_that_nobody_waits_for_is_synced_too_since_a_duplicate_may_be_told_it),
		TEST(how_a_run_ended_that_nobody_waited_for_is_synced_before_a_duplicate_is_told_it),
		TEST(what_was_synced_for_the_one_who_waited_is_not_synced_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
