/* SPDX-License-Identifier: MIT */
/* A store in a fresh directory, with one flow, for the tests of common/store/. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW 1700000000000

struct world {
	char dir[64];
	struct store *store;
	int64_t flow_id, version_id;
	struct err err;
};

/* A failed expectation prints the sentence that explains it. */
#define assert_ok(world, expression) \
	do { \
		if ((expression) < 0) \
			fail_msg("%s: %s", #expression, (world)->err.text); \
	} while (0)

static inline int world_apply(struct world *w, const char *name, const char *document, bool effects,
			      bool publish)
{
	char shape[80];
	int version = 0;

	snprintf(shape, sizeof(shape), "/%s", name);
	struct flow_route routes[] = {{shape, "POST"}, {shape, "PUT"}};
	struct flow_new flow = {.name = name, .title = name, .document = document, .effects = effects,
				.routes = routes, .n_routes = 2};
	if (store_flow_apply(w->store, &flow, publish, NOW, &version, &w->err) < 0)
		return -1;
	return version;
}

static inline int world_setup(void **state)
{
	struct world *w = mem_new(sizeof(*w));
	struct flow_row row;

	log_threshold(LOG_ERROR);
	snprintf(w->dir, sizeof(w->dir), "/tmp/ringbolt-test-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_ok(w, store_prepare(w->dir, &w->err));
	assert_ok(w, store_open(w->dir, STORE_WRITE, &w->store, &w->err));
	assert_int_equal(world_apply(w, "orders", "{\"title\":\"Orders\"}", false, true), 1);
	assert_int_equal(store_flow_load(w->store, "orders", 0, &row, &w->err), 1);
	w->flow_id = row.flow_id;
	w->version_id = row.version_id;
	flow_row_release(&row);
	*state = w;
	return 0;
}

static inline void remove_folder(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[512];

	while (d && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

static inline int world_teardown(void **state)
{
	struct world *w = *state;

	store_close(w->store);
	remove_folder(w->dir);
	free(w);
	return 0;
}

/* Keeps one request; its id. */
static inline int64_t world_add(struct world *w, const char *body, const char *key)
{
	struct event_new e = {
		.flow_id = w->flow_id, .version_id = w->version_id, .received_at = NOW,
		.method = "POST", .path = "/in/orders", .query = "a=1", .headers = "[[\"Host\",\"x\"]]",
		.remote = "127.0.0.1", .body = {body, strlen(body)},
		.dedupe_key = {key, key ? strlen(key) : 0}, .dedupe_window_ms = 60000,
	};
	struct event_added added;

	assert_ok(w, store_event_add(w->store, &e, &added, &w->err));
	return added.id;
}

/* What a worker hands back when all went well. */
static inline struct run_done world_done(const struct claim *c, bool succeeded)
{
	static const char steps[] = "[{\"name\":\"x\",\"type\":\"map\",\"outcome\":\"succeeded\",\"output\":1}]";

	return (struct run_done){
		.claim = c, .started_at = NOW, .ended_at = NOW + 5, .succeeded = succeeded,
		.error = succeeded ? NULL : "step \"x\": it failed", .error_kind = succeeded ? NULL : "upstream",
		.failed_step = succeeded ? NULL : "x",
		.steps = {steps, sizeof(steps) - 1},
	};
}

static inline int keep_state(void *arg, const struct event_row *row)
{
	snprintf(arg, 16, "%s", row->state);
	return 0;
}

/* The state of an event, in a buffer that the next call uses again. */
static inline const char *world_state(struct world *w, int64_t id)
{
	static char text[16];
	struct event_filter f = {.ids = &id, .n_ids = 1};

	text[0] = '\0';
	assert_ok(w, store_events_each(w->store, &f, keep_state, text, &w->err));
	return text;
}

/* Takes every queued event and ends it, well or badly. */
static inline void world_run_all(struct world *w, bool well)
{
	struct claim taken[16];
	int got;

	while ((got = store_exchange(w->store, 1, clock_wall_ms() + 100000, NULL, 0, taken, 16, &w->err)) > 0) {
		struct run_done done[16];
		for (int i = 0; i < got; i++)
			done[i] = world_done(&taken[i], well);
		assert_ok(w, store_exchange(w->store, 1, NOW, done, (size_t)got, NULL, 0, &w->err));
		for (int i = 0; i < got; i++)
			claim_release(&taken[i]);
	}
	assert_ok(w, got);
}

/* Replays by a plan; what came of it. */
static inline struct replay_count world_replay(struct world *w, const struct replay_plan *plan, bool dry_run)
{
	struct replay_count count;

	assert_ok(w, store_replay(w->store, plan, dry_run, clock_wall_ms(), NULL, NULL, &count, &w->err));
	return count;
}

#endif
