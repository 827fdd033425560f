/* SPDX-License-Identifier: MIT */
/* Keeping requests: duplicates, pauses, refusals, group commit, opening and refusing. */
#include "store_fixture.h"

#include <fcntl.h>
#include <pthread.h>

static void a_request_is_kept_byte_for_byte(void **state)
{
	struct world *w = *state;
	struct event_detail d;
	char bytes[] = "\x00\xff{\"n\": 820982911946154508}\n";
	struct event_new e = {
		.flow_id = w->flow_id, .version_id = w->version_id, .received_at = NOW, .method = "POST",
		.path = "/in/orders", .query = "a=%20&a=2", .headers = "[[\"A\",\"1\"],[\"A\",\"2\"]]",
		.remote = "::1", .body = {bytes, sizeof(bytes) - 1},
	};
	struct event_added added;

	assert_int_equal(store_event_add(w->store, &e, &added, &w->err), 1);
	assert_int_equal(store_event_load(w->store, added.id, &d, &w->err), 1);
	assert_int_equal(d.body.len, sizeof(bytes) - 1);
	assert_memory_equal(d.body.ptr, bytes, d.body.len);
	assert_string_equal(d.query, "a=%20&a=2");
	assert_string_equal(d.headers, "[[\"A\",\"1\"],[\"A\",\"2\"]]");
	assert_string_equal(d.state, "queued");
	assert_string_equal(d.flow, "orders");
	event_detail_release(&d);
}

static void a_second_delivery_inside_the_window_is_a_duplicate_of_the_first(void **state)
{
	struct world *w = *state;
	int64_t first = world_add(w, "{}", "key-1");
	struct event_new e = {
		.flow_id = w->flow_id, .version_id = w->version_id, .received_at = NOW + 59999,
		.method = "POST", .path = "/in/orders", .query = "", .headers = "[]", .remote = "x",
		.body = {"{}", 2}, .dedupe_key = {"key-1", 5}, .dedupe_window_ms = 60000,
	};
	struct event_added added;

	assert_int_equal(store_event_add(w->store, &e, &added, &w->err), 0);
	assert_true(added.duplicate);
	assert_int_equal(added.id, first);
	e.received_at = NOW + 60000;
	assert_int_equal(store_event_add(w->store, &e, &added, &w->err), 1);
	assert_int_not_equal(added.id, first);
	e.received_at++;
	int64_t second = added.id;
	assert_int_equal(store_event_add(w->store, &e, &added, &w->err), 0);
	assert_int_equal(added.id, second);
}

static void a_paused_flow_holds_its_events_and_resuming_queues_them(void **state)
{
	struct world *w = *state;
	int64_t before = world_add(w, "{}", NULL);

	assert_int_equal(store_flow_pause(w->store, "orders", true, 0, NOW, &w->err), 1);
	assert_string_equal(world_state(w, before), "held");
	int64_t after = world_add(w, "{}", NULL);
	assert_string_equal(world_state(w, after), "held");
	assert_int_equal(store_flow_pause(w->store, "orders", false, 0, NOW, &w->err), 2);
	assert_string_equal(world_state(w, before), "queued");
	assert_int_equal(store_flow_pause(w->store, "nobody", true, 0, NOW, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_MISSING);
}

static void what_was_held_comes_back_in_order_and_no_faster_than_the_rate(void **state)
{
	struct world *w = *state;
	struct claim c[8];
	int64_t ids[5];

	assert_ok(w, store_flow_pause(w->store, "orders", true, 0, NOW, &w->err));
	for (int i = 0; i < 5; i++)
		ids[i] = world_add(w, "{}", NULL);
	assert_int_equal(store_flow_pause(w->store, "orders", false, 10, NOW, &w->err), 5);
	/* Due at 0, 100, 200, 300 and 400 ms. */
	for (int i = 0; i < 5; i++) {
		int64_t now = NOW + 100 * i;
		assert_int_equal(store_exchange(w->store, 1, now - 1, NULL, 0, c, 8, &w->err), 0);
		assert_int_equal(store_exchange(w->store, 1, now, NULL, 0, c, 8, &w->err), 1);
		assert_int_equal(c[0].event_id, ids[i]);
		claim_release(&c[0]);
	}
}

static void the_queue_cap_is_told_as_busy(void **state)
{
	struct world *w = *state;
	struct event_added added;
	struct event_new e = {
		.flow_id = w->flow_id, .version_id = w->version_id, .received_at = NOW, .method = "POST",
		.path = "/", .query = "", .headers = "[]", .remote = "x",
	};

	store_queue_cap(w->store, 2);
	world_add(w, "{}", NULL);
	world_add(w, "{}", NULL);
	assert_int_equal(store_event_add(w->store, &e, &added, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_BUSY);
}

struct sums {
	int64_t accepted, duplicate, rejected;
};

static int add_up(void *arg, const struct count_row *row)
{
	struct sums *s = arg;

	if (strcmp(row->outcome, "accepted") == 0)
		s->accepted += row->n;
	if (strcmp(row->outcome, "duplicate") == 0)
		s->duplicate += row->n;
	if (strcmp(row->outcome, "rejected") == 0)
		s->rejected += row->n;
	return 0;
}

static void every_arrival_is_counted(void **state)
{
	struct world *w = *state;
	struct sums sums = {0};
	struct rejection r = {.at = NOW, .status = 401, .cause = "no signature", .method = "POST",
			      .path = "/in/orders", .remote = "x", .headers = "[]"};

	world_add(w, "{}", "a");
	world_add(w, "{}", "a");
	world_add(w, "{}", "b");
	assert_ok(w, store_rejection_add(w->store, &r, &w->err));
	assert_ok(w, store_counts_each(w->store, add_up, &sums, &w->err));
	assert_int_equal(sums.accepted, 2);
	assert_int_equal(sums.duplicate, 1);
	assert_int_equal(sums.rejected, 1);
}

/* ---- many threads, one transaction ---- */

#define THREADS 16
#define EACH 50

struct sender {
	struct world *w;
	int number;
	int64_t ids[EACH];
};

static void *send_many(void *arg)
{
	struct sender *s = arg;
	char body[32];

	for (int i = 0; i < EACH; i++) {
		struct err err;
		struct event_added added = {0};
		snprintf(body, sizeof(body), "%d/%d", s->number, i);
		struct event_new e = {
			.flow_id = s->w->flow_id, .version_id = s->w->version_id, .received_at = NOW,
			.method = "POST", .path = "/", .query = "", .headers = "[]", .remote = "x",
			.body = {body, strlen(body)},
		};
		s->ids[i] = store_event_add(s->w->store, &e, &added, &err) == 1 ? added.id : 0;
	}
	return NULL;
}

static void threads_that_come_together_each_get_their_own_event(void **state)
{
	struct world *w = *state;
	struct sender senders[THREADS];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		senders[i] = (struct sender){.w = w, .number = i};
		pthread_create(&threads[i], NULL, send_many, &senders[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++) {
		for (int j = 0; j < EACH; j++) {
			struct event_detail d;
			char want[32];
			snprintf(want, sizeof(want), "%d/%d", i, j);
			assert_int_equal(store_event_load(w->store, senders[i].ids[j], &d, &w->err), 1);
			assert_string_equal(d.body.ptr, want);
			event_detail_release(&d);
		}
	}
}

/* ---- opening ---- */

static void a_missing_database_is_refused_with_the_way_out(void **state)
{
	struct world *w = *state;
	struct store *s;

	assert_int_equal(store_open("/tmp/ringbolt-no-such-folder", STORE_READ, &s, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_MISSING);
	assert_non_null(strstr(w->err.text, "ringbolt serve"));
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
	struct world *w = *state;
	char dir[] = "/tmp/ringbolt-test-XXXXXX", text[2048];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_non_null(mkdtemp(dir));
	write_file(dir, "ringbolt.db", text);
	assert_int_equal(store_prepare(dir, &w->err), -1);
	assert_non_null(strstr(w->err.text, "is not a Ringbolt database"));
	remove_folder(dir);
}

static void a_read_only_store_writes_nothing(void **state)
{
	struct world *w = *state;
	struct store *s;
	struct rejection r = {.cause = "x", .method = "x", .path = "x", .remote = "x", .headers = "[]"};

	assert_ok(w, store_open(w->dir, STORE_READ, &s, &w->err));
	assert_int_equal(store_rejection_add(s, &r, &w->err), -1);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_is_kept_byte_for_byte, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_second_delivery_inside_the_window_is_a_duplicate_of_the_first,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_paused_flow_holds_its_events_and_resuming_queues_them,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(what_was_held_comes_back_in_order_and_no_faster_than_the_rate, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(the_queue_cap_is_told_as_busy, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(every_arrival_is_counted, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(threads_that_come_together_each_get_their_own_event, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(a_missing_database_is_refused_with_the_way_out, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(a_file_that_is_no_database_is_refused, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_read_only_store_writes_nothing, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
