/* SPDX-License-Identifier: MIT */
/* What a webhook keeps from the disk. Values are cut out of the text as it was received, so all
 * else of it stays byte for byte; what cannot be read is not kept at all. */
#include "flow/auth_system.h"
#include "flow/document.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "common/pairs.h"
#include "flow/multipart.h"
#include "flow/path.h"
#include "flow/scope.h"

#include <stdlib.h>
#include <string.h>

static const char blank[] = "[redacted]";

static const char *path_refused(const char *text)
{
	struct path *p = path_parse_every((struct slice){text, strlen(text)});

	path_free(p);
	return p ? NULL : "is no path into the body: write it like .body.card.number, with [] for every "
			  "item of a list: .body.items[].card";
}

const struct param redact_params[] = {
	{.name = "headers", .type = PARAM_TEXTS,
	 .text = "Headers whose values never reach the disk, beside authorization, cookie, "
		 "proxy-authorization and the header of an api_key or jwt."},
	{.name = "query", .type = PARAM_TEXTS,
	 .text = "Query parameters whose values never reach the disk, beside that of an api_key."},
	{.name = "body", .type = PARAM_TEXTS, .refuse = path_refused, .max = 500,
	 .text = "Paths into a JSON or form body whose values never reach the disk, e.g. .body.card.number "
		 "or .body.items[].card."},
	{0},
};

/* ---- from arguments to the struct ---- */

static void add_name(struct flow *f, const char **names, size_t *n, const char *name)
{
	names[(*n)++] = flow_own(f, mem_dup(name));
}

static void add_lower(struct flow *f, const char **names, size_t *n, const char *name)
{
	char *lower = flow_own(f, mem_dup(name));

	for (char *p = lower; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	}
	names[(*n)++] = lower;
}

/* The texts of a list, or the one that stands in its place; room for `more` before them. */
static const char **read_texts(struct flow *f, const cJSON *node, size_t more, size_t *n,
			       const char *const *first,
			       void (*add)(struct flow *f, const char **names, size_t *n, const char *name))
{
	size_t max = more + 1 + (size_t)cJSON_GetArraySize(node);
	const char **names = flow_own(f, mem_array(max, sizeof(*names)));
	const cJSON *item;

	for (size_t i = 0; i < more; i++)
		add(f, names, n, first[i]);
	if (cJSON_IsString(node))
		add(f, names, n, node->valuestring);
	cJSON_ArrayForEach(item, node) {
		if (cJSON_IsString(item))
			add(f, names, n, item->valuestring);
	}
	return names;
}

static void read_paths(struct flow *f, const cJSON *node)
{
	size_t n = 0;
	const char **texts = read_texts(f, node, 0, &n, NULL, add_name);

	f->redact_body = flow_own(f, mem_array(n + 1, sizeof(*f->redact_body)));
	for (size_t i = 0; i < n; i++) {
		struct path *p = path_parse_every((struct slice){texts[i], strlen(texts[i])});
		if (p)
			f->redact_body[f->n_redact_body++] = (struct redact_path){texts[i], p};
	}
}

#define ALWAYS 20 /* headers that are redacted whatever the flow says */

struct always {
	const char *names[ALWAYS];
	size_t n;
};

static void add_always(void *arg, const char *header)
{
	struct always *a = arg;

	if (a->n < ALWAYS)
		a->names[a->n++] = header;
}

/* The headers that carry what proves a caller. */
static void find_always(struct flow *f, struct always *out)
{
	const struct flow_auth *auth = &f->webhook.auth;
	bool in_body = auth->jwt && auth->jwt->in_body;

	*out = (struct always){{"authorization", "cookie", "proxy-authorization"}, 3};
	if ((auth->type == AUTH_API_KEY || auth->type == AUTH_JWT) && !auth->in_query && !in_body)
		add_always(out, auth->name);
	auth_system_redact(f, add_always, out);
}

void redact_read(struct flow *f, const struct args *a)
{
	const struct args *redact = arg_object(a, "redact");
	const struct flow_auth *auth = &f->webhook.auth;
	struct always always;

	find_always(f, &always);
	f->webhook.redact_headers = read_texts(f, redact ? arg_find(redact, "headers")->node : NULL,
					       always.n, &f->webhook.n_redact_headers, always.names,
					       add_lower);
	f->redact_query = read_texts(f, redact ? arg_find(redact, "query")->node : NULL, auth->in_query,
				     &f->n_redact_query, &auth->name, add_name);
	if (redact)
		read_paths(f, arg_find(redact, "body")->node);
}

void redact_release(struct flow *f)
{
	for (size_t i = 0; i < f->n_redact_body; i++)
		path_free(f->redact_body[i].path);
}

/* ---- cutting ---- */

static void note(struct flow_redacted *out, const char *kind, const char *name)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s%s", kind, name);
	if (out->names.len)
		buf_add_char(&out->names, ',');
	buf_add_json_text(&out->names, text.ptr, text.len);
	buf_release(&text);
}

struct cuts {
	struct slice *list;
	size_t count, room;
};

static void add_cut(void *arg, struct slice value)
{
	struct cuts *c = arg;

	if (c->count == c->room) {
		c->room = c->room ? 2 * c->room : 8;
		c->list = mem_resize(c->list, c->room, sizeof(*c->list));
	}
	c->list[c->count++] = value;
}

/* In the order of the text; of two that begin together the longer one first. */
static int by_place(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	if (x->ptr != y->ptr)
		return x->ptr < y->ptr ? -1 : 1;
	return x->len == y->len ? 0 : x->len > y->len ? -1 : 1;
}

/* Text without the cuts, each replaced by the same words. What lies within one that has been made
 * is gone already. */
static void write_without(struct slice text, struct cuts *c, const char *instead, struct buf *out)
{
	const char *at = text.ptr, *end = text.ptr + text.len;

	if (c->count)
		qsort(c->list, c->count, sizeof(*c->list), by_place);
	for (size_t i = 0; i < c->count; i++) {
		if (c->list[i].ptr < at || (i > 0 && c->list[i].ptr == c->list[i - 1].ptr))
			continue;
		buf_add(out, at, (size_t)(c->list[i].ptr - at));
		buf_add_text(out, instead);
		at = c->list[i].ptr + c->list[i].len;
	}
	buf_add(out, at, (size_t)(end - at));
	free(c->list);
}

/* Calls back with the decoded name of each pair of a query or form, and where its value stands. */
static void each_pair(struct slice text, void (*each)(void *arg, struct slice name, struct slice value),
		      void *arg)
{
	const char *at = text.ptr, *end = at + text.len;
	struct buf name = BUF_INIT;

	while (at < end) {
		const char *amp = memchr(at, '&', (size_t)(end - at)), *stop = amp ? amp : end;
		const char *equals = memchr(at, '=', (size_t)(stop - at));
		buf_clear(&name);
		pairs_decode((struct slice){at, (size_t)((equals ? equals : stop) - at)}, true, &name);
		if (equals)
			each(arg, buf_slice(&name), (struct slice){equals + 1, (size_t)(stop - equals - 1)});
		at = amp ? amp + 1 : end;
	}
	buf_release(&name);
}

struct named {
	const char *name;
	const struct path *path; /* or, in a form */
	struct cuts *cuts;
};

static void match_pair(void *arg, struct slice name, struct slice value)
{
	struct named *n = arg;
	bool same = n->path ? path_names(n->path, 0, name)
			    : strlen(n->name) == name.len && memcmp(n->name, name.ptr, name.len) == 0;

	if (same)
		add_cut(n->cuts, value);
}

/* Of a multipart body: .body.fields.NAME is the content of a field, .body.files that of the files,
 * all of them. Their names and types stay. */
static void match_part(void *arg, const struct multipart_part *part)
{
	static const struct slice fields = {"fields", 6}, files = {"files", 5};
	struct named *n = arg;

	if (path_names(n->path, 0, part->file ? files : fields) && (part->file || path_names(n->path, 1, part->name)))
		add_cut(n->cuts, part->content);
}

/* The values that a path means in a body of this kind. */
static void find_values(const struct path *path, enum body_kind kind, const char *type, struct slice body,
			struct slice json, struct cuts *cuts)
{
	struct named named = {NULL, path, cuts};
	struct err ignored; /* it has been read before, to see that it is one */

	if (kind == BODY_JSON)
		path_cut_every(path, json, add_cut, cuts);
	else if (kind == BODY_FORM)
		each_pair(body, match_pair, &named);
	else if (multipart_each(type, body, match_part, &named, &ignored) < 0)
		add_cut(cuts, body);
}

static void cut_query(const struct flow *f, const char *query, struct flow_redacted *out)
{
	struct slice text = {query, strlen(query)};
	struct cuts cuts = {NULL, 0, 0};

	for (size_t i = 0; i < f->n_redact_query && text.len; i++) {
		size_t before = cuts.count;
		each_pair(text, match_pair, &(struct named){f->redact_query[i], NULL, &cuts});
		if (cuts.count > before)
			note(out, "query ", f->redact_query[i]);
	}
	out->cut_query = cuts.count > 0;
	if (out->cut_query)
		write_without(text, &cuts, blank, &out->query);
}

static int cut_body(const struct flow *f, const struct scope_event *event, struct flow_redacted *out,
		    struct err *err)
{
	struct slice json = {NULL, 0}, body = event->body;
	struct buf type = BUF_INIT;
	struct cuts cuts = {NULL, 0, 0};
	struct scope *s = scope_new(event);
	enum body_kind kind = scope_body_kind(s, &json, &type);

	scope_free(s);
	if (kind != BODY_JSON && kind != BODY_FORM && kind != BODY_MULTIPART) {
		buf_release(&type);
		return kind == BODY_EMPTY ? 0
		       : err_set(err, ERR_INVALID, "the body is neither JSON nor a form: what of it must not be "
				 "stored cannot be found");
	}
	for (size_t i = 0; i < f->n_redact_body; i++) {
		const struct redact_path *r = &f->redact_body[i];
		size_t before = cuts.count;
		find_values(r->path, kind, type.ptr, body, json, &cuts);
		if (cuts.count > before)
			note(out, "", r->text);
	}
	buf_release(&type);
	out->cut_body = cuts.count > 0;
	if (out->cut_body)
		write_without(body, &cuts, kind == BODY_JSON ? "\"[redacted]\"" : blank, &out->body);
	return 0;
}

bool flow_redacts(const struct flow *f)
{
	return f->n_redact_query > 0 || f->n_redact_body > 0;
}

int flow_redact(const struct flow *f, const struct scope_event *event, struct flow_redacted *out,
		struct err *err)
{
	cut_query(f, event->query, out);
	return f->n_redact_body ? cut_body(f, event, out, err) : 0;
}

void flow_redacted_release(struct flow_redacted *r)
{
	buf_release(&r->query);
	buf_release(&r->body);
	buf_release(&r->names);
}
