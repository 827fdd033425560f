/* SPDX-License-Identifier: MIT */
/* The senders that are known, the names of secrets, keys and the record of changes. */
#include "server/api.h"

#include "flow/system.h"

#include <stdlib.h>
#include <string.h>

static int find_system(const char *name, const struct system **out, struct err *err)
{
	char hint[128];
	int got = systems_find(name, out, err);

	return got ? got : err_set(err, ERR_MISSING, "there is no system \"%.64s\"%s", name, systems_near(name, hint));
}

static void add_system(struct buf *out, const struct system *s)
{
	if (out->ptr[out->len - 1] == '}')
		buf_add_char(out, ',');
	buf_add_char(out, '{');
	api_add_text(out, "name", s->name);
	api_add_text(out, "title", s->title);
	api_add_text(out, "category", s->category);
	api_add_text(out, "about", s->about);
	api_add_name(out, "proofs");
	buf_add_char(out, '[');
	for (size_t i = 0; i < s->n_schemes; i++)
		buf_addf(out, "%s\"%s\"", i ? "," : "", s->schemes[i].type_name);
	buf_add_char(out, ']');
	api_add_bool(out, "own_file", s->own);
	buf_add_char(out, '}');
}

int api_systems(struct api *a, struct err *err)
{
	struct buf list = BUF_INIT;
	char **names;
	size_t n = systems_names(&names);

	(void)err;
	buf_add_text(&list, "{\"items\":[");
	for (size_t i = 0; i < n; i++) {
		const struct system *s;
		struct err faulty;
		/* A faulty file of the operator's own does not hide the others; doctor tells of it. */
		if (systems_find(names[i], &s, &faulty) > 0) {
			add_system(&list, s);
			system_drop(s);
		}
		free(names[i]);
	}
	free(names);
	buf_add_text(&list, "]}\n");
	buf_add_slice(api_start(a, 200), buf_slice(&list));
	buf_release(&list);
	return 0;
}

int api_system(struct api *a, struct err *err)
{
	struct buf name = BUF_INIT;
	const struct system *s = NULL;
	int rc = api_segment(a, &name, err) < 0 ? -1 : find_system(name.ptr, &s, err);

	if (rc > 0) {
		char *text = json_print(s->json);
		struct buf *out = api_start(a, 200);
		buf_add_char(out, '{');
		api_add_text(out, "name", s->name);
		api_add_bool(out, "own_file", s->own);
		api_add_raw(out, "document", text);
		buf_add_text(out, "}\n");
		free(text);
		system_drop(s);
	}
	buf_release(&name);
	return rc < 0 ? -1 : 0;
}

int api_secrets(struct api *a, struct err *err)
{
	struct secret_row *rows = NULL;
	size_t count = 0;

	if (store_secrets_load(a->front->store, &rows, &count, err) < 0)
		return -1;
	struct buf *out = api_start(a, 200);
	buf_add_text(out, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		buf_add_text(out, i ? ",{" : "{");
		api_add_text(out, "name", rows[i].name);
		api_add_time(out, "updated_at", rows[i].updated_at);
		api_add_bool(out, "from_environment", rows[i].from_environment);
		buf_add_char(out, '}');
	}
	buf_add_text(out, "]}\n");
	secret_rows_free(rows, count);
	return 0;
}

/* ---- for the administrator ---- */

static int add_key(void *arg, const struct access_key *row)
{
	struct buf *out = arg;
	const char *comma = "";

	buf_add_text(out, out->ptr[out->len - 1] == '}' ? ",{" : "{");
	api_add_int(out, "id", row->id);
	api_add_text(out, "name", row->name);
	api_add_name(out, "rights");
	buf_add_char(out, '[');
	for (const char *p = row->rights; *p; p += strspn(p, ",")) {
		size_t len = strcspn(p, ",");
		buf_add_text(out, comma);
		buf_add_json_text(out, p, len);
		comma = ",";
		p += len;
	}
	buf_add_char(out, ']');
	api_add_time(out, "created_at", row->created_at);
	api_add_time(out, "expires_at", row->expires_at);
	buf_add_char(out, '}');
	return 0;
}

int api_keys(struct api *a, struct err *err)
{
	struct buf list = BUF_INIT;

	buf_add_text(&list, "{\"items\":[");
	int rc = store_keys_each(a->front->store, add_key, &list, err);
	if (rc >= 0)
		buf_addf(api_start(a, 200), "%s]}\n", list.ptr);
	buf_release(&list);
	return rc < 0 ? -1 : 0;
}

static int add_audit(void *arg, const struct audit_row *row)
{
	struct api_list *l = arg;
	struct buf *out = &l->out;

	if (!api_list_item(l, row->id))
		return -1;
	buf_add_char(out, '{');
	api_add_int(out, "id", row->id);
	api_add_time(out, "at", row->at);
	api_add_text(out, "who", row->who);
	api_add_text(out, "what", row->what);
	api_add_text(out, "target", row->target);
	api_add_text(out, "details", row->details);
	buf_add_char(out, '}');
	return 0;
}

int api_audit(struct api *a, struct err *err)
{
	struct api_list l = {.out = BUF_INIT};
	int rc = api_list_start(a, &l, err);

	if (rc >= 0)
		rc = store_audit_each(a->front->store, l.after, (size_t)l.limit + 1, add_audit, &l, err);
	return api_list_end(a, &l, rc);
}
