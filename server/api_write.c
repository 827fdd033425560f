/* SPDX-License-Identifier: MIT */
/* What the API answers: JSON written member by member, and lists in pages. */
#include "server/api.h"

#include "common/clock.h"

#include <inttypes.h>
#include <string.h>

struct buf *api_start(struct api *a, int status)
{
	a->response->status = status;
	http_response_header(a->response, "Content-Type", "application/json; charset=utf-8");
	return &a->response->body;
}

void api_add_name(struct buf *out, const char *name)
{
	char last = out->len ? out->ptr[out->len - 1] : '{';

	buf_addf(out, "%s\"%s\":", last == '{' || last == '[' ? "" : ",", name);
}

void api_add_text(struct buf *out, const char *name, const char *text)
{
	api_add_name(out, name);
	if (text)
		buf_add_json_text(out, text, strlen(text));
	else
		buf_add_text(out, "null");
}

void api_add_int(struct buf *out, const char *name, int64_t n)
{
	api_add_name(out, name);
	buf_addf(out, "%" PRId64, n);
}

void api_add_bool(struct buf *out, const char *name, bool yes)
{
	api_add_raw(out, name, yes ? "true" : "false");
}

void api_add_time(struct buf *out, const char *name, int64_t at)
{
	char text[CLOCK_ISO_SIZE];

	api_add_text(out, name, at ? clock_iso(at, text) : NULL);
}

void api_add_raw(struct buf *out, const char *name, const char *json)
{
	api_add_name(out, name);
	buf_add_text(out, json);
}

int api_list_start(const struct api *a, struct api_list *l, struct err *err)
{
	*l = (struct api_list){.out = BUF_INIT, .limit = API_LIMIT};
	if (api_number(a, "limit", 1, API_LIMIT_MAX, &l->limit, err) < 0 ||
	    api_number(a, "after", 1, INT64_C(999999999999999999), &l->after, err) < 0)
		return -1;
	buf_add_text(&l->out, "{\"items\":[");
	return 0;
}

bool api_list_item(struct api_list *l, int64_t id)
{
	if (l->count == l->limit) {
		l->more = true;
		return false;
	}
	if (l->count++)
		buf_add_char(&l->out, ',');
	l->last_id = id;
	return true;
}

int api_list_end(struct api *a, struct api_list *l, int rc)
{
	if (rc >= 0) {
		struct buf *out = api_start(a, 200);
		buf_add_slice(out, buf_slice(&l->out));
		buf_add_text(out, "]");
		if (l->more)
			buf_addf(out, ",\"next\":\"%" PRId64 "\",\"more\":true}\n", l->last_id);
		else
			buf_add_text(out, ",\"next\":null,\"more\":false}\n");
	}
	buf_release(&l->out);
	return rc;
}
