/* SPDX-License-Identifier: MIT */
/* Flows: what is live, and the operator's switches. No jq is compiled here: a stored version was
 * checked when it was applied. */
#include "server/api.h"

#include "common/clock.h"
#include "flow/flow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- looking ---- */

static void add_webhook(const struct api *a, struct buf *out, const char *document)
{
	struct faults faults = {0};
	struct flow *flow = NULL;
	const char *comma = "";

	api_add_name(out, "webhook");
	/* What is published was sound when it was applied; a later program may think otherwise. */
	if (!document || flow_parse(document, strlen(document), &flow, &faults) < 0) {
		buf_add_text(out, "null");
		faults_release(&faults);
		return;
	}
	const struct flow_webhook *w = flow_webhook(flow);
	struct buf url = BUF_INIT;
	buf_add_char(out, '{');
	api_add_text(out, "system", w->system);
	api_add_text(out, "name", w->name);
	api_add_text(out, "url_suffix", w->url_suffix);
	buf_addf(&url, "%s/in%s", a->front->base_url, w->url_suffix);
	api_add_text(out, "public_url", url.ptr);
	api_add_name(out, "methods");
	buf_add_char(out, '[');
	for (unsigned bit = 1; bit && bit <= w->methods; bit <<= 1) {
		if (!(w->methods & bit))
			continue;
		buf_addf(out, "%s\"%s\"", comma, flow_method_name(bit));
		comma = ",";
	}
	buf_add_text(out, "]}");
	buf_release(&url);
	flow_free(flow);
	faults_release(&faults);
}

static void add_flow(const struct api *a, struct buf *out, const struct flow_row *row)
{
	api_add_text(out, "name", row->name);
	api_add_text(out, "title", row->title);
	if (row->version)
		api_add_int(out, "version", row->version);
	else
		api_add_raw(out, "version", "null");
	api_add_int(out, "latest", row->latest);
	api_add_bool(out, "paused", row->paused);
	api_add_time(out, "updated_at", row->updated_at);
	add_webhook(a, out, row->document);
}

int api_flows(struct api *a, struct err *err)
{
	struct flow_row *rows = NULL;
	size_t count = 0;

	if (store_flows_load(a->front->store, &rows, &count, err) < 0)
		return -1;
	struct buf *out = api_start(a, 200);
	buf_add_text(out, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		buf_add_text(out, i ? ",{" : "{");
		add_flow(a, out, &rows[i]);
		buf_add_char(out, '}');
		flow_row_release(&rows[i]);
	}
	free(rows);
	buf_add_text(out, "]}\n");
	return 0;
}

/* One version of the flow of the path (0: the published one, or the newest where none is). */
static int load(const struct api *a, const char *name, int version, struct flow_row *row, struct err *err)
{
	int got = store_flow_load(a->front->store, name, version, row, err);

	if (got == 0 && version == 0)
		got = store_flow_load(a->front->store, name, -1, row, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	return version ? err_set(err, ERR_MISSING, "there is no version %d of a flow \"%.64s\"", version, name)
		       : err_set(err, ERR_MISSING, "there is no flow \"%.64s\"", name);
}

int api_flow(struct api *a, struct err *err)
{
	struct buf name = BUF_INIT;
	struct flow_row row = {0};
	int64_t version = 0;
	int rc = api_number(a, "version", 1, 1000000000, &version, err) < 0 || api_segment(a, &name, err) < 0
			 ? -1 : load(a, name.ptr, (int)version, &row, err);

	if (rc >= 0) {
		struct buf *out = api_start(a, 200);
		buf_add_char(out, '{');
		add_flow(a, out, &row);
		api_add_raw(out, "document", row.document ? row.document : "null");
		buf_add_text(out, "}\n");
	}
	flow_row_release(&row);
	buf_release(&name);
	return rc;
}

/* ---- switches ---- */

static int body_number(const struct api *a, const char *name, int64_t fallback, int64_t max, int64_t *out,
		       struct err *err)
{
	const cJSON *item = json_get(a->body, name);

	*out = fallback;
	if (!item && fallback >= 0)
		return 0;
	if (!item || !json_is_number(item) || !(item->valuedouble >= 1 && item->valuedouble <= (double)max) ||
	    item->valuedouble != (double)(int64_t)item->valuedouble)
		return err_set(err, ERR_INVALID, "%s must be a whole number from 1 to %" PRId64, name, max);
	*out = (int64_t)item->valuedouble;
	return 0;
}

static int publish(struct store *s, const struct flow_row *row, int version, struct err *err)
{
	struct flow_route routes[8 * sizeof(unsigned)];
	struct faults faults = {0};
	struct flow *flow = NULL;
	struct buf shape = BUF_INIT;
	size_t n = 0;
	int rc;

	if (flow_parse(row->document, strlen(row->document), &flow, &faults) < 0) {
		rc = err_set(err, ERR_INVALID, "version %d of \"%.64s\" is not sound to this Ringbolt: `ringbolt flow "
			     "check` says why", version, row->name);
	} else {
		const struct flow_webhook *w = flow_webhook(flow);
		flow_suffix_shape(w->url_suffix, &shape);
		for (unsigned bit = 1; bit && bit <= w->methods; bit <<= 1)
			if (w->methods & bit)
				routes[n++] = (struct flow_route){shape.ptr, flow_method_name(bit)};
		rc = store_flow_publish(s, row->name, version, routes, n, err);
	}
	buf_release(&shape);
	flow_free(flow);
	faults_release(&faults);
	return rc;
}

int api_flow_publish(struct api *a, struct err *err)
{
	struct buf name = BUF_INIT;
	struct flow_row row = {0};
	int64_t version;
	int rc = -1;

	if (body_number(a, "version", -1, 1000000000, &version, err) >= 0 && api_segment(a, &name, err) >= 0 &&
	    load(a, name.ptr, (int)version, &row, err) >= 0)
		rc = publish(a->front->store, &row, (int)version, err);
	if (rc >= 0)
		buf_addf(api_start(a, 200), "{\"version\":%" PRId64 "}\n", version);
	flow_row_release(&row);
	buf_release(&name);
	return rc < 0 ? -1 : 0;
}

static int pause_flow(struct api *a, bool paused, struct err *err)
{
	struct buf name = BUF_INIT;
	int64_t rate = 0;
	int n = -1;

	if ((paused || body_number(a, "per_second", 0, 1000000, &rate, err) >= 0) && api_segment(a, &name, err) >= 0)
		n = store_flow_pause(a->front->store, name.ptr, paused, (int)rate, clock_wall_ms(), err);
	if (n >= 0)
		buf_addf(api_start(a, 200), "{\"paused\":%s,\"changed\":%d}\n", paused ? "true" : "false", n);
	buf_release(&name);
	return n < 0 ? -1 : 0;
}

int api_flow_pause(struct api *a, struct err *err)
{
	return pause_flow(a, true, err);
}

int api_flow_resume(struct api *a, struct err *err)
{
	return pause_flow(a, false, err);
}
