/* SPDX-License-Identifier: MIT */
/* What an operator does with events: replay, cancel, pin. */
#include "server/api.h"

#include "common/clock.h"

#include <inttypes.h>
#include <string.h>

static int answer_number(struct api *a, const char *name, int64_t n)
{
	struct buf *out = api_start(a, 200);

	buf_add_char(out, '{');
	api_add_int(out, name, n);
	buf_add_text(out, "}\n");
	return 0;
}

/* ---- replays ---- */

static int add_replay(void *arg, const struct replay_row *row)
{
	struct buf *out = arg;

	if (out->len && out->ptr[out->len - 1] == '}')
		buf_add_char(out, ',');
	buf_add_char(out, '{');
	api_add_int(out, "id", row->id);
	api_add_text(out, "created_at", row->created_at);
	api_add_text(out, "reason", row->reason);
	api_add_text(out, "selection", row->selection);
	api_add_text(out, "version", row->flow_version);
	api_add_text(out, "from", row->from_step);
	api_add_text(out, "state", row->state);
	api_add_int(out, "per_second", row->per_second);
	api_add_int(out, "queued", row->queued);
	api_add_int(out, "waiting", row->waiting);
	api_add_int(out, "succeeded", row->succeeded);
	api_add_int(out, "failed", row->failed);
	api_add_int(out, "cancelled", row->cancelled);
	buf_add_char(out, '}');
	return 0;
}

int api_replays(struct api *a, struct err *err)
{
	struct buf items = BUF_INIT;
	int rc = store_replays_each(a->front->store, 0, API_LIMIT_MAX, add_replay, &items, err);

	if (rc >= 0)
		buf_addf(api_start(a, 200), "{\"items\":[%s]}\n", items.ptr);
	buf_release(&items);
	return rc < 0 ? -1 : 0;
}

int api_replay(struct api *a, struct err *err)
{
	struct buf one = BUF_INIT;
	int64_t id;

	if (api_id(a, &id, err) < 0)
		return -1;
	int rc = store_replays_each(a->front->store, id, 1, add_replay, &one, err);
	if (rc == 0)
		rc = err_set(err, ERR_MISSING, "there is no replay %" PRId64, id);
	if (rc > 0)
		buf_addf(api_start(a, 200), "%s\n", one.ptr);
	buf_release(&one);
	return rc < 0 ? -1 : 0;
}

/* A word out of two: 1 for the second, 0 for the first, which is the default. */
static int choice(const struct api *a, const char *name, const char *first, const char *second,
		  struct err *err)
{
	const cJSON *item = json_get(a->body, name);
	const char *word = !item ? first : cJSON_IsString(item) ? item->valuestring : "";

	if (strcmp(word, first) == 0 || strcmp(word, second) == 0)
		return strcmp(word, second) == 0;
	return err_set(err, ERR_INVALID, "%s must be \"%s\" or \"%s\"", name, first, second);
}

/* A member that is a whole number from min to max: 0 or -1; *out stays when absent. */
static int number(const struct api *a, const char *name, int64_t min, int64_t max, int64_t *out,
		  struct err *err)
{
	const cJSON *item = json_get(a->body, name);

	if (!item)
		return 0;
	if (!json_is_number(item) || !(item->valuedouble >= (double)min && item->valuedouble <= (double)max) ||
	    item->valuedouble != (double)(int64_t)item->valuedouble)
		return err_set(err, ERR_INVALID, "%s must be a whole number from %" PRId64 " to %" PRId64, name, min,
			       max);
	*out = (int64_t)item->valuedouble;
	return 0;
}

static int reason(const struct api *a, const char **out, struct err *err)
{
	const cJSON *item = json_get(a->body, "reason");

	*out = cJSON_IsString(item) ? item->valuestring : "";
	if ((item && !cJSON_IsString(item)) || strlen(*out) > 500)
		return err_set(err, ERR_INVALID, "reason must be a text of at most 500 bytes");
	return 0;
}

/* A stop does not wait for a long replay: it stays unfinished, and can be gone on with. */
static int go_on(void *arg, const struct replay_count *so_far)
{
	(void)so_far;
	return front_draining(arg) ? -1 : 0;
}

static void answer_plan(struct api *a, const struct replay_count *n, bool dry_run)
{
	struct buf *out = api_start(a, 200);

	buf_add_char(out, '{');
	api_add_bool(out, "dry_run", dry_run);
	api_add_int(out, "matched", n->matched);
	api_add_int(out, "eligible", n->eligible);
	api_add_int(out, "without_body", n->without_body);
	api_add_int(out, "queued", n->queued);
	if (n->replay_id)
		api_add_int(out, "replay", n->replay_id);
	else
		api_add_raw(out, "replay", "null");
	api_add_time(out, "oldest", n->eligible ? n->oldest_at : 0);
	api_add_time(out, "newest", n->eligible ? n->newest_at : 0);
	buf_add_text(out, "}\n");
}

int api_replay_add(struct api *a, struct err *err)
{
	const cJSON *dry = json_get(a->body, "dry_run");
	struct api_filter f = API_FILTER_INIT;
	struct replay_plan plan = {0};
	struct replay_count count = {0};
	int64_t per_second = 0;
	int now = 0, failed = 0, rc = -1;

	if (dry && !cJSON_IsBool(dry))
		return err_set(err, ERR_INVALID, "dry_run must be true or false");
	if (api_filter_body(a, &f, err) >= 0 && (now = choice(a, "version", "then", "now", err)) >= 0 &&
	    (failed = choice(a, "from", "start", "failed", err)) >= 0 &&
	    number(a, "per_second", 1, 1000000, &per_second, err) >= 0 && reason(a, &plan.reason, err) >= 0) {
		plan.filter = f.events;
		plan.version_now = now;
		plan.from_failed_step = failed;
		plan.per_second = (int)per_second;
		rc = store_replay(a->front->store, &plan, cJSON_IsTrue(dry), clock_wall_ms(), go_on, a->front,
				  &count, err);
	}
	if (rc >= 0)
		answer_plan(a, &count, cJSON_IsTrue(dry));
	api_filter_release(&f);
	return rc < 0 ? -1 : 0;
}

int api_replay_cancel(struct api *a, struct err *err)
{
	int64_t id;

	if (api_id(a, &id, err) < 0)
		return -1;
	int n = store_replay_cancel(a->front->store, id, clock_wall_ms(), err);
	return n < 0 ? -1 : answer_number(a, "cancelled", n);
}

/* ---- events ---- */

int api_events_cancel(struct api *a, struct err *err)
{
	struct api_filter f = API_FILTER_INIT;
	int n = api_filter_body(a, &f, err) < 0 ? -1 : store_event_cancel(a->front->store, &f.events, err);

	api_filter_release(&f);
	return n < 0 ? -1 : answer_number(a, "cancelled", n);
}

static int pin(struct api *a, bool on, struct err *err)
{
	const char *why = "";
	int64_t id;

	if (api_id(a, &id, err) < 0 || (on && reason(a, &why, err) < 0) ||
	    (on ? store_event_pin(a->front->store, id, why, clock_wall_ms(), err)
		: store_event_unpin(a->front->store, id, err)) < 0)
		return -1;
	buf_addf(api_start(a, 200), "{\"pinned\":%s}\n", on ? "true" : "false");
	return 0;
}

int api_event_pin(struct api *a, struct err *err)
{
	return pin(a, true, err);
}

int api_event_unpin(struct api *a, struct err *err)
{
	return pin(a, false, err);
}
