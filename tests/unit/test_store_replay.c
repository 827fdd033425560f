/* SPDX-License-Identifier: MIT */
/* Looking at events and replaying them; flows and their versions; secrets; the schema. */
#include "store_fixture.h"

#include "common/assets.h"

static void a_dry_run_counts_and_changes_nothing(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "1", NULL);
	struct replay_plan plan = {.filter = {.state = "failed"}};

	world_add(w, "2", NULL);
	world_run_all(w, false);
	struct replay_count count = world_replay(w, &plan, true);
	assert_int_equal(count.eligible, 2);
	assert_int_equal(count.queued, 0);
	assert_int_equal(count.oldest_at, NOW);
	assert_string_equal(world_state(w, id), "failed");
}

static void failed_events_run_again_and_may_succeed(void **state)
{
	struct world *w = *state;
	int64_t failed = world_add(w, "1", NULL);
	struct replay_plan plan = {.filter = {.state = "failed"}};

	world_run_all(w, false);
	int64_t fine = world_add(w, "2", NULL);
	world_run_all(w, true);
	assert_int_equal(world_replay(w, &plan, false).queued, 1);
	assert_string_equal(world_state(w, failed), "queued");
	assert_string_equal(world_state(w, fine), "succeeded");
	world_run_all(w, true);
	assert_string_equal(world_state(w, failed), "succeeded");
}

static int64_t replayed_version(struct world *w, int64_t id, bool now)
{
	struct replay_plan plan = {.filter = {.ids = &id, .n_ids = 1}, .version_now = now};
	struct claim c;

	assert_int_equal(world_replay(w, &plan, false).queued, 1);
	assert_int_equal(store_exchange(w->store, 1, clock_wall_ms() + 1000, NULL, 0, &c, 1, &w->err), 1);
	int64_t version_id = c.version_id;
	assert_string_equal(c.trigger, "replay");
	assert_int_equal(c.attempt, 1);
	struct run_done done = world_done(&c, true);
	assert_ok(w, store_exchange(w->store, 1, NOW, &done, 1, NULL, 0, &w->err));
	claim_release(&c);
	return version_id;
}

static void a_replay_uses_the_flow_of_then_or_of_now(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "1", NULL);

	world_run_all(w, true);
	assert_int_equal(world_apply(w, "orders", "{\"title\":\"Orders, mended\"}", false, true), 2);
	int64_t now = replayed_version(w, id, true);
	assert_int_not_equal(now, w->version_id);
	assert_int_equal(replayed_version(w, id, false), w->version_id);
}

static void a_replay_from_the_failed_step_carries_the_old_trace(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "1", NULL);
	struct replay_plan plan = {.filter = {.ids = &id, .n_ids = 1}, .from_failed_step = true};
	struct claim c;

	world_run_all(w, false);
	world_replay(w, &plan, false);
	assert_int_equal(store_exchange(w->store, 1, clock_wall_ms() + 1000, NULL, 0, &c, 1, &w->err), 1);
	assert_non_null(strstr(c.resume.ptr, "\"name\":\"x\""));
	claim_release(&c);
}

static void the_four_choices_are_free_of_each_other(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "1", NULL);
	struct claim c;

	world_run_all(w, false);
	assert_int_equal(world_apply(w, "orders", "{\"title\":\"Orders, mended\"}", false, true), 2);
	for (int choice = 0; choice < 4; choice++) {
		struct replay_plan plan = {.filter = {.ids = &id, .n_ids = 1}, .version_now = choice & 1,
					   .from_failed_step = choice & 2};
		assert_int_equal(world_replay(w, &plan, false).queued, 1);
		assert_int_equal(store_exchange(w->store, 1, clock_wall_ms() + 1000, NULL, 0, &c, 1, &w->err), 1);
		assert_int_equal(c.version_id != w->version_id, choice & 1);
		assert_int_equal(c.resume.len > 0, (choice & 2) != 0);
		struct run_done done = world_done(&c, false);
		assert_ok(w, store_exchange(w->store, 1, NOW, &done, 1, NULL, 0, &w->err));
		claim_release(&c);
	}
}

static void a_rate_spreads_the_replay_over_time(void **state)
{
	struct world *w = *state;
	struct replay_plan plan = {.filter = {.state = "failed"}, .per_second = 10};
	struct claim taken[16];
	int64_t before = clock_wall_ms();

	for (int i = 0; i < 5; i++)
		world_add(w, "1", NULL);
	world_run_all(w, false);
	before = clock_wall_ms();
	assert_int_equal(world_replay(w, &plan, false).queued, 5);
	/* Due at 0, 100, 200, 300 and 400 ms. */
	int early = store_exchange(w->store, 1, before + 50, NULL, 0, taken, 16, &w->err);
	assert_in_range(early, 0, 2);
	for (int i = 0; i < early; i++)
		claim_release(&taken[i]);
	int rest = store_exchange(w->store, 1, before + 10000, NULL, 0, taken, 16, &w->err);
	assert_int_equal(early + rest, 5);
	for (int i = 0; i < rest; i++)
		claim_release(&taken[i]);
}

static void live_events_go_before_replays(void **state)
{
	struct world *w = *state;
	struct replay_plan plan = {.filter = {.state = "failed"}};
	struct claim c;

	world_add(w, "old", NULL);
	world_run_all(w, false);
	world_replay(w, &plan, false);
	world_add(w, "live", NULL);
	assert_int_equal(store_exchange(w->store, 1, clock_wall_ms() + 1000, NULL, 0, &c, 1, &w->err), 1);
	assert_string_equal(c.body.ptr, "live");
	claim_release(&c);
}

static int count_rows(void *arg, const struct event_row *row)
{
	(void)row;
	(*(int *)arg)++;
	return 0;
}

static int count(struct world *w, const struct event_filter *f)
{
	int n = 0;

	if (store_events_each(w->store, f, count_rows, &n, &w->err) < 0)
		return print_message("%s\n", w->err.text), -1;
	return n;
}

static void filters_choose_what_they_say(void **state)
{
	struct world *w = *state;

	world_add(w, "1", NULL);
	world_run_all(w, false);
	world_add(w, "2", NULL);
	world_run_all(w, true);
	assert_int_equal(count(w, &(struct event_filter){0}), 2);
	assert_int_equal(count(w, &(struct event_filter){.state = "failed"}), 1);
	assert_int_equal(count(w, &(struct event_filter){.flow = "orders"}), 2);
	assert_int_equal(count(w, &(struct event_filter){.flow = "other"}), 0);
	assert_int_equal(count(w, &(struct event_filter){.error = "it failed"}), 1);
	assert_int_equal(count(w, &(struct event_filter){.since = NOW}), 2);
	assert_int_equal(count(w, &(struct event_filter){.until = NOW}), 0);
	assert_int_equal(count(w, &(struct event_filter){.limit = 1}), 1);
	assert_int_equal(count(w, &(struct event_filter){.before_id = 2}), 1);
	assert_int_equal(count(w, &(struct event_filter){.where = "attempts = 1 AND error LIKE '%failed%'"}), 1);
	assert_int_equal(count(w, &(struct event_filter){.where = "error LIKE '%'"}), 1);
	assert_int_equal(count(w, &(struct event_filter){
		.where = "id IN (SELECT event FROM step_history WHERE step = 'x')"}), 2);
}

static void a_condition_may_only_look_at_the_views(void **state)
{
	struct world *w = *state;
	static const char *const refused[] = {
		"1) UNION SELECT 1,2,3,4,5,6,7,8,9,10 --",
		"1) OR (1",
		"1 ORDER BY id",
		"1; DELETE FROM events",
		"id IN (SELECT id FROM events)",
		"id IN (SELECT 1 FROM secrets)",
		"id IN (SELECT 1 FROM sqlite_schema)",
		"no_such_column = 1",
		"this is no SQL",
	};

	world_add(w, "1", NULL);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (count(w, &(struct event_filter){.where = refused[i]}) != -1)
			fail_msg("taken: %s", refused[i]);
		assert_int_equal(w->err.kind, ERR_INVALID);
		assert_non_null(strstr(w->err.text, "--where"));
	}
}

static void cancelled_events_do_not_run(void **state)
{
	struct world *w = *state;
	int64_t id = world_add(w, "1", NULL);
	struct event_filter f = {.ids = &id, .n_ids = 1};
	struct claim c;

	assert_int_equal(store_event_cancel(w->store, &f, &w->err), 1);
	assert_string_equal(world_state(w, id), "cancelled");
	assert_int_equal(store_exchange(w->store, 1, NOW + 1000, NULL, 0, &c, 1, &w->err), 0);
	assert_int_equal(store_event_cancel(w->store, &f, &w->err), 0);
}

/* ---- flows ---- */

static void the_same_document_is_no_new_version(void **state)
{
	struct world *w = *state;
	struct flow_row row;

	assert_int_equal(world_apply(w, "orders", "{\"title\":\"Orders\"}", false, true), 1);
	assert_int_equal(world_apply(w, "orders", "{\"title\":\"Draft\"}", false, false), 2);
	assert_int_equal(store_flow_load(w->store, "orders", 0, &row, &w->err), 1);
	assert_int_equal(row.version, 1);
	assert_int_equal(row.latest, 2);
	assert_string_equal(row.title, "Orders");
	flow_row_release(&row);
	assert_ok(w, store_flow_publish(w->store, "orders", 2, NULL, 0, &w->err));
	assert_int_equal(store_flow_load(w->store, "orders", 0, &row, &w->err), 1);
	assert_int_equal(row.version, 2);
	assert_string_equal(row.title, "Draft");
	flow_row_release(&row);
	assert_int_equal(store_flow_publish(w->store, "orders", 9, NULL, 0, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_MISSING);
}

static void a_taken_suffix_names_the_flow_that_has_it(void **state)
{
	struct world *w = *state;
	struct flow_route route = {"/orders", "POST"};
	struct flow_new thief = {.name = "thief", .title = "t", .document = "{}", .routes = &route, .n_routes = 1};
	struct flow_row row;
	int version;

	assert_int_equal(store_flow_apply(w->store, &thief, true, NOW, &version, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_CONFLICT);
	assert_non_null(strstr(w->err.text, "\"orders\""));
	/* Refused whole: not even the flow is there. */
	assert_int_equal(store_flow_load(w->store, "thief", -1, &row, &w->err), 0);
	route.method = "GET";
	assert_int_equal(store_flow_apply(w->store, &thief, true, NOW, &version, &w->err), 1);
}

/* ---- secrets ---- */

static void a_secret_comes_back_and_cannot_be_swapped(void **state)
{
	struct world *w = *state;
	char *value;
	size_t len;

	assert_ok(w, store_secret_set(w->store, "github", (struct slice){"s3cret\0x", 8}, NOW, &w->err));
	assert_int_equal(store_secret_get(w->store, "github", &value, &len, &w->err), 1);
	assert_int_equal(len, 8);
	assert_memory_equal(value, "s3cret\0x", 8);
	mem_wipe_free(value, len);
	assert_int_equal(store_secret_get(w->store, "other", &value, &len, &w->err), 0);
	assert_int_equal(store_secret_set(w->store, "No Good", (struct slice){"x", 1}, NOW, &w->err), -1);
	assert_int_equal(store_secret_set(w->store, "empty", (struct slice){"", 0}, NOW, &w->err), -1);
	assert_int_equal(store_secret_remove(w->store, "github", &w->err), 1);
	assert_int_equal(store_secret_remove(w->store, "github", &w->err), 0);
}

static void a_secret_of_the_environment_stands_first(void **state)
{
	struct world *w = *state;
	struct store *s;
	char *value;
	size_t len;

	assert_ok(w, store_secret_set(w->store, "my-key", (struct slice){"stored", 6}, NOW, &w->err));
	setenv("RINGBOLT_SECRET_MY_KEY", "from outside", 1);
	assert_ok(w, store_open(w->dir, STORE_READ, &s, &w->err));
	unsetenv("RINGBOLT_SECRET_MY_KEY");
	assert_int_equal(store_secret_get(s, "my-key", &value, &len, &w->err), 1);
	assert_string_equal(value, "from outside");
	mem_wipe_free(value, len);
	store_close(s);
}

/* ---- schema, backup ---- */

static void migrations_follow_each_other_without_a_gap(void **state)
{
	int expected = 1;

	(void)state;
	for (const struct asset *a = assets_table; a->name; a++)
		if (strncmp(a->name, "migrations/", 11) == 0)
			assert_int_equal(atoi(a->name + 11), expected++);
	assert_true(expected > 1);
}

static void the_drawn_schema_is_the_schema(void **state)
{
	struct world *w = *state;
	struct buf drawn = BUF_INIT;
	static char kept[65536];

	FILE *f = fopen("schema/database.sql", "r");
	if (!f)
		skip(); /* run from the root of the source tree */
	size_t n = fread(kept, 1, sizeof(kept) - 1, f);
	kept[n] = '\0';
	fclose(f);
	assert_ok(w, store_schema_text(&drawn, &w->err));
	assert_string_equal(kept, drawn.ptr);
	buf_release(&drawn);
}

static void count_findings(void *arg, const char *text)
{
	(void)text;
	(*(int *)arg)++;
}

static void a_backup_opens_and_holds_everything(void **state)
{
	struct world *w = *state;
	char dir[] = "/tmp/ringbolt-test-XXXXXX", path[64];
	struct event_detail d;
	struct store *copy;
	int findings = 0;
	int64_t id = world_add(w, "kept", NULL);

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ringbolt.db", dir);
	assert_ok(w, store_backup(w->store, path, &w->err));
	assert_int_equal(store_backup(w->store, path, &w->err), -1);
	assert_ok(w, store_prepare(dir, &w->err));
	assert_ok(w, store_open(dir, STORE_READ, &copy, &w->err));
	assert_int_equal(store_event_load(copy, id, &d, &w->err), 1);
	assert_string_equal(d.body.ptr, "kept");
	event_detail_release(&d);
	assert_ok(w, store_check(copy, true, count_findings, &findings, &w->err));
	assert_int_equal(findings, 0);
	store_close(copy);
	remove_folder(dir);
}

static void a_checkpoint_empties_the_log(void **state)
{
	struct world *w = *state;

	world_add(w, "1", NULL);
	assert_true(store_log_frames(w->store) > 0);
	assert_ok(w, store_checkpoint(w->store, &w->err));
	assert_int_equal(store_log_frames(w->store), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dry_run_counts_and_changes_nothing),
		TEST(failed_events_run_again_and_may_succeed),
		TEST(a_replay_uses_the_flow_of_then_or_of_now),
		TEST(a_replay_from_the_failed_step_carries_the_old_trace),
		TEST(the_four_choices_are_free_of_each_other),
		TEST(a_rate_spreads_the_replay_over_time),
		TEST(live_events_go_before_replays),
		TEST(filters_choose_what_they_say),
		TEST(a_condition_may_only_look_at_the_views),
		TEST(cancelled_events_do_not_run),
		TEST(the_same_document_is_no_new_version),
		TEST(a_taken_suffix_names_the_flow_that_has_it),
		TEST(a_secret_comes_back_and_cannot_be_swapped),
		TEST(a_secret_of_the_environment_stands_first),
		TEST(migrations_follow_each_other_without_a_gap),
		TEST(the_drawn_schema_is_the_schema),
		TEST(a_backup_opens_and_holds_everything),
		TEST(a_checkpoint_empties_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
