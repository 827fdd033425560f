/* SPDX-License-Identifier: MIT */
/* What is removed with age, what never is, and where in the ids a time lies. */
#include "store_fixture.h"

#define DAY ((int64_t)86400000)

static int64_t add_at(struct world *w, int64_t at, const char *body)
{
	struct event_new e = {
		.flow_id = w->flow_id, .version_id = w->version_id, .received_at = at,
		.method = "POST", .path = "/in/orders", .query = "", .headers = "[]", .remote = "127.0.0.1",
		.body = {body, strlen(body)},
	};
	struct event_added added;

	assert_ok(w, store_event_add(w->store, &e, &added, &w->err));
	return added.id;
}

static struct retention_count remove_all(struct world *w, const struct retention *r, int64_t now)
{
	struct retention_count done = {0};
	struct retention_pass pass = {0};
	int got;

	while ((got = store_retention_step(w->store, r, now, &pass, &done, &w->err)) > 0)
		;
	assert_ok(w, got);
	return done;
}

static struct retention_count preview(struct world *w, const struct retention *r, int64_t now)
{
	struct retention_count count;

	assert_ok(w, store_retention_preview(w->store, r, now, &count, &w->err));
	return count;
}

static bool has_body(struct world *w, int64_t id)
{
	struct event_detail d;

	assert_int_equal(store_event_load(w->store, id, &d, &w->err), 1);
	bool there = d.body.len > 0;
	event_detail_release(&d);
	return there;
}

static bool has_trace(struct world *w, int64_t id)
{
	struct event_detail d;

	assert_int_equal(store_event_load(w->store, id, &d, &w->err), 1);
	bool there = strstr(d.runs, "\"output\":1") != NULL;
	event_detail_release(&d);
	return there;
}

static bool exists(struct world *w, int64_t id)
{
	struct event_detail d;
	int got = store_event_load(w->store, id, &d, &w->err);

	assert_true(got >= 0);
	if (got > 0)
		event_detail_release(&d);
	return got > 0;
}

static void bodies_and_traces_go_at_their_own_ages(void **state)
{
	struct world *w = *state;
	int64_t old = add_at(w, NOW - 10 * DAY, "aged"), young = add_at(w, NOW, "young");
	struct retention bodies = {.age_ms = {[RETENTION_BODIES] = 7 * DAY}};
	struct retention traces = {.age_ms = {[RETENTION_TRACES] = 7 * DAY}};

	world_run_all(w, true);
	struct retention_count seen = preview(w, &bodies, NOW);
	assert_int_equal(seen.n[RETENTION_BODIES], 1);
	assert_int_equal(seen.bytes[RETENTION_BODIES], 4);
	assert_int_equal(seen.n[RETENTION_TRACES], 0);
	assert_true(has_body(w, old)); /* a preview changes nothing */
	assert_int_equal(remove_all(w, &bodies, NOW).n[RETENTION_BODIES], 1);
	assert_false(has_body(w, old));
	assert_true(has_body(w, young));
	assert_true(has_trace(w, old));
	assert_int_equal(remove_all(w, &traces, NOW).n[RETENTION_TRACES], 1);
	assert_false(has_trace(w, old));
	assert_true(has_trace(w, young));
	/* Nothing is removed twice. */
	assert_int_equal(remove_all(w, &bodies, NOW).n[RETENTION_BODIES], 0);
	assert_int_equal(preview(w, &traces, NOW).n[RETENTION_TRACES], 0);
}

static void what_is_open_is_never_removed_and_goes_once_it_has_ended(void **state)
{
	struct world *w = *state;
	int64_t open = add_at(w, NOW - 10 * DAY, "open");
	struct retention all = {.age_ms = {DAY, DAY, DAY, DAY}};

	assert_int_equal(remove_all(w, &all, NOW).n[RETENTION_EVENTS], 0);
	assert_true(has_body(w, open));
	int64_t ended = add_at(w, NOW - 9 * DAY, "ended");
	struct retention bodies = {.age_ms = {[RETENTION_BODIES] = DAY}};
	struct event_filter f = {.ids = &ended, .n_ids = 1};
	assert_ok(w, store_event_cancel(w->store, &f, &w->err));
	assert_int_equal(remove_all(w, &bodies, NOW).n[RETENTION_BODIES], 1);
	world_run_all(w, true);
	assert_int_equal(remove_all(w, &bodies, NOW).n[RETENTION_BODIES], 1); /* the mark had waited for it */
	assert_false(has_body(w, open));
	assert_int_equal(remove_all(w, &all, NOW).n[RETENTION_EVENTS], 2);
	assert_false(exists(w, open));
	assert_false(exists(w, ended));
}

static void a_pinned_event_stays_until_it_is_unpinned(void **state)
{
	struct world *w = *state;
	int64_t id = add_at(w, NOW - 10 * DAY, "kept"), other = add_at(w, NOW - 10 * DAY, "gone");
	struct retention all = {.age_ms = {DAY, DAY, DAY, DAY}};

	world_run_all(w, false);
	assert_int_equal(store_event_pin(w->store, id, "to look at", NOW, &w->err), 1);
	assert_int_equal(store_event_pin(w->store, id, "again", NOW, &w->err), 0);
	remove_all(w, &all, NOW);
	assert_true(has_body(w, id));
	assert_true(has_trace(w, id));
	assert_false(exists(w, other));
	assert_int_equal(store_event_unpin(w->store, id, &w->err), 1);
	assert_int_equal(preview(w, &all, NOW).n[RETENTION_BODIES], 1);
	remove_all(w, &all, NOW);
	assert_false(exists(w, id));
	assert_int_equal(store_event_pin(w->store, 999, "", NOW, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_MISSING);
}

static void an_event_without_its_body_is_not_replayed_and_that_is_said(void **state)
{
	struct world *w = *state;
	int64_t old = add_at(w, NOW - 10 * DAY, "x"), young = add_at(w, NOW, "y"), gone = 0;
	struct retention bodies = {.age_ms = {[RETENTION_BODIES] = DAY}};
	struct replay_plan plan = {.filter = {.where = "state = 'failed'"}};

	world_run_all(w, false);
	remove_all(w, &bodies, NOW);
	struct replay_count dry = world_replay(w, &plan, true);
	assert_int_equal(dry.matched, 2);
	assert_int_equal(dry.eligible, 1);
	assert_int_equal(dry.without_body, 1);
	assert_int_equal(world_replay(w, &plan, false).queued, 1);
	assert_string_equal(world_state(w, old), "failed");
	assert_string_equal(world_state(w, young), "queued");
	assert_ok(w, store_retention_gone(w->store, &gone, &w->err));
	assert_int_equal(gone, NOW - 10 * DAY);
}

static void above_the_budget_the_oldest_events_go_and_the_file_shrinks(void **state)
{
	struct world *w = *state;
	char *body = mem_new(20001);
	struct store_gauges before, after;
	int64_t first = 0, last = 0;

	memset(body, 'x', 20000);
	for (int i = 0; i < 600; i++) {
		last = add_at(w, NOW + i, body);
		if (!first)
			first = last;
	}
	free(body);
	world_run_all(w, true);
	assert_ok(w, store_checkpoint(w->store, &w->err));
	assert_ok(w, store_gauges(w->store, &before, &w->err));
	assert_true(before.database_bytes > 10000000);
	struct retention budget = {.bytes = 5000000};
	assert_true(remove_all(w, &budget, NOW + DAY).n[RETENTION_EVENTS] > 300);
	assert_false(exists(w, first));
	assert_true(exists(w, last));
	int got;
	while ((got = store_space_return(w->store, &w->err)) > 0)
		;
	assert_ok(w, got);
	assert_ok(w, store_checkpoint(w->store, &w->err));
	assert_ok(w, store_gauges(w->store, &after, &w->err));
	assert_true(after.database_bytes < 6500000);
}

static int count_row(void *arg, const struct event_row *row)
{
	(void)row;
	(*(int *)arg)++;
	return 0;
}

static int count_between(struct world *w, int64_t since, int64_t until)
{
	struct event_filter f = {.since = since, .until = until};
	int n = 0;

	assert_ok(w, store_events_each(w->store, &f, count_row, &n, &w->err));
	return n;
}

/* Also where the clock was set back between them, and after minutes have become days. */
static void a_time_finds_its_events_whatever_their_ids(void **state)
{
	struct world *w = *state;

	add_at(w, NOW - 90 * DAY, "a");
	add_at(w, NOW, "b");
	add_at(w, NOW - 3 * DAY, "c"); /* the clock was wrong for a while */
	add_at(w, NOW + 1000, "d");
	for (int round = 0; round < 2; round++) {
		assert_int_equal(count_between(w, NOW, 0), 2);
		assert_int_equal(count_between(w, NOW + 500, 0), 1);
		assert_int_equal(count_between(w, NOW - 4 * DAY, 0), 3);
		assert_int_equal(count_between(w, 0, NOW), 2);
		assert_int_equal(count_between(w, NOW - 91 * DAY, NOW - 89 * DAY), 1);
		assert_int_equal(count_between(w, NOW - 90 * DAY, NOW - 89 * DAY), 1);
		assert_int_equal(count_between(w, NOW - 3 * DAY, NOW - 3 * DAY + 1), 1);
		assert_int_equal(count_between(w, NOW + 2000, 0), 0);
		assert_ok(w, store_counts_roll(w->store, NOW + DAY, &w->err));
	}
}

static void old_rejections_go(void **state)
{
	struct world *w = *state;
	struct rejection r = {.at = NOW - 10 * DAY, .status = 401, .cause = "x", .method = "POST", .path = "/in/x",
			      .remote = "127.0.0.1", .headers = "[]"};
	struct retention old = {.age_ms = {[RETENTION_REJECTIONS] = DAY}};

	assert_ok(w, store_rejection_add(w->store, &r, &w->err));
	r.at = NOW;
	assert_ok(w, store_rejection_add(w->store, &r, &w->err));
	assert_int_equal(preview(w, &old, NOW).n[RETENTION_REJECTIONS], 1);
	assert_int_equal(remove_all(w, &old, NOW).n[RETENTION_REJECTIONS], 1);
	assert_int_equal(preview(w, &old, NOW).n[RETENTION_REJECTIONS], 0);
}

static void a_failed_event_that_keeps_its_key_waiting_stays(void **state)
{
	struct world *w = *state;
	struct flow_route routes[] = {{"/stop", "POST"}};
	struct flow_new flow = {.name = "stop", .title = "s", .document = "{}", .order_stop = true, .routes = routes,
				.n_routes = 1};
	struct flow_row row;
	struct event_added added;
	int version;

	assert_ok(w, store_flow_apply(w->store, &flow, true, NOW, &version, &w->err));
	assert_int_equal(store_flow_load(w->store, "stop", 0, &row, &w->err), 1);
	struct event_new e = {
		.flow_id = row.flow_id, .version_id = row.version_id, .received_at = NOW - 10 * DAY, .method = "POST",
		.path = "/in/stop", .query = "", .headers = "[]", .remote = "127.0.0.1", .body = {"b", 1},
		.order_key = {"k", 1},
	};
	flow_row_release(&row);
	assert_ok(w, store_event_add(w->store, &e, &added, &w->err));
	world_run_all(w, false);
	struct retention all = {.age_ms = {DAY, DAY, DAY, DAY}};
	remove_all(w, &all, NOW);
	assert_true(has_body(w, added.id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bodies_and_traces_go_at_their_own_ages, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(what_is_open_is_never_removed_and_goes_once_it_has_ended, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(a_pinned_event_stays_until_it_is_unpinned, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(an_event_without_its_body_is_not_replayed_and_that_is_said, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(above_the_budget_the_oldest_events_go_and_the_file_shrinks, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(a_time_finds_its_events_whatever_their_ids, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(old_rejections_go, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_failed_event_that_keeps_its_key_waiting_stays, world_setup,
						world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
