/* SPDX-License-Identifier: MIT */
/* Looking at refusals, and at what was let in instead. */
#include "store_fixture.h"

#include <string.h>

struct seen {
	char causes[400];
	int64_t events;
	size_t rows, stop_after;
};

static int note(void *arg, const struct rejection *row)
{
	struct seen *seen = arg;

	strcat(seen->causes, row->cause);
	strcat(seen->causes, " ");
	seen->events += row->event_id;
	return ++seen->rows == seen->stop_after ? -1 : 0;
}

static void refuse(struct world *w, int64_t at, int64_t flow_id, int status, const char *cause)
{
	struct rejection r = {.at = at, .flow_id = flow_id, .status = status, .cause = cause, .method = "POST",
			      .path = "/in/orders", .remote = "192.0.2.7", .headers = "[]"};

	assert_ok(w, store_rejection_add(w->store, &r, &w->err));
}

static void expect(struct world *w, const struct rejection_filter *filter, const char *causes)
{
	struct seen seen = {.rows = 0};

	assert_ok(w, store_rejections_each(w->store, filter, note, &seen, &w->err));
	assert_string_equal(seen.causes, causes);
}

static void refusals_are_found_by_flow_time_status_and_cause(void **state)
{
	struct world *w = *state;

	refuse(w, NOW, w->flow_id, 401, "one");
	refuse(w, NOW + 10, 0, 404, "two");
	refuse(w, NOW + 20, w->flow_id, 403, "third");
	expect(w, &(struct rejection_filter){0}, "third two one ");
	expect(w, &(struct rejection_filter){.limit = 1}, "third ");
	expect(w, &(struct rejection_filter){.flow = "orders"}, "third one ");
	expect(w, &(struct rejection_filter){.flow = "other"}, "");
	expect(w, &(struct rejection_filter){.since = NOW + 10}, "third two ");
	expect(w, &(struct rejection_filter){.since = NOW + 5, .until = NOW + 20}, "two ");
	expect(w, &(struct rejection_filter){.status = 401}, "one ");
	expect(w, &(struct rejection_filter){.cause = "t"}, "third two ");
	expect(w, &(struct rejection_filter){.cause = "%"}, "");
	expect(w, &(struct rejection_filter){.unenforced = true}, "");
	struct seen seen = {.stop_after = 2};
	assert_ok(w, store_rejections_each(w->store, &(struct rejection_filter){0}, note, &seen, &w->err));
	assert_int_equal(seen.rows, 2);
}

static int64_t let_in(struct world *w, int64_t at, const char *cause, const char *dedupe)
{
	struct event_new e = {
		.flow_id = w->flow_id, .version_id = w->version_id, .received_at = at, .method = "POST",
		.path = "/in/orders", .query = "", .headers = "[]", .remote = "x", .body = {"{}", 2},
		.unenforced = {cause, strlen(cause)}, .warnings = {"[{}]", 4},
		.dedupe_key = {dedupe, strlen(dedupe)}, .dedupe_window_ms = 1000,
	};
	struct event_added added;

	assert_true(store_event_add(w->store, &e, &added, &w->err) >= 0);
	return added.id;
}

static int sum(void *arg, const struct count_row *row)
{
	if (strcmp(row->outcome, "unenforced") == 0)
		*(int64_t *)arg += row->n;
	return 0;
}

static void what_was_let_in_is_kept_with_its_event_and_counted(void **state)
{
	struct world *w = *state;
	int64_t event = let_in(w, NOW, "no key", "a"), plain = let_in(w, NOW + 1, "", "b"), n = 0;
	struct event_detail d;

	assert_int_equal(store_event_load(w->store, event, &d, &w->err), 1);
	assert_string_equal(d.unenforced, "no key");
	assert_string_equal(d.warnings, "[{}]");
	event_detail_release(&d);
	assert_int_equal(store_event_load(w->store, plain, &d, &w->err), 1);
	assert_null(d.unenforced);
	event_detail_release(&d);
	assert_ok(w, store_counts_each(w->store, sum, &n, &w->err));
	assert_int_equal(n, 1);

	let_in(w, NOW + 5, "wrong key", "c");
	expect(w, &(struct rejection_filter){0}, "");
	expect(w, &(struct rejection_filter){.unenforced = true}, "wrong key no key ");
	expect(w, &(struct rejection_filter){.unenforced = true, .limit = 1}, "wrong key ");
	expect(w, &(struct rejection_filter){.unenforced = true, .cause = "no"}, "no key ");
	expect(w, &(struct rejection_filter){.unenforced = true, .status = 401, .flow = "orders", .until = NOW + 5},
	       "no key ");
	expect(w, &(struct rejection_filter){.unenforced = true, .status = 403}, "");
	expect(w, &(struct rejection_filter){.unenforced = true, .flow = "other"}, "");
	struct seen seen = {.stop_after = 0};
	assert_ok(w, store_rejections_each(w->store, &(struct rejection_filter){.unenforced = true, .until = NOW + 5},
					   note, &seen, &w->err));
	assert_int_equal(seen.events, event);
}

static void arrivals_without_a_row_are_counted_by_their_outcome(void **state)
{
	struct world *w = *state;
	int64_t n = 0;

	assert_ok(w, store_arrivals_count(w->store, NOW, w->flow_id, "unenforced", 41, &w->err));
	assert_ok(w, store_arrivals_count(w->store, NOW, w->flow_id, "preflight", 7, &w->err));
	assert_ok(w, store_counts_each(w->store, sum, &n, &w->err));
	assert_int_equal(n, 41);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(refusals_are_found_by_flow_time_status_and_cause, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(what_was_let_in_is_kept_with_its_event_and_counted, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(arrivals_without_a_row_are_counted_by_their_outcome, world_setup,
						world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
