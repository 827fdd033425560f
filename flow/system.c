/* SPDX-License-Identifier: MIT */
/* A system's file as a whole, and what is asked of it. */
#include "flow/system_inner.h"

#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void *make_own(struct maker *m, void *take)
{
	struct system_held *h = m->held;

	if ((h->n_owned & (h->n_owned - 1)) == 0) /* a power of two: full */
		h->owned = mem_resize(h->owned, h->n_owned ? 2 * h->n_owned : 1, sizeof(*h->owned));
	return h->owned[h->n_owned++] = take;
}

/* ---- reading ---- */

static void read_settings(struct maker *m, const struct arg *list)
{
	struct system_setting *settings = make_own(m, mem_array(list->n_items + 1, sizeof(*settings)));

	for (size_t i = 0; i < list->n_items; i++) {
		const struct args *a = &list->items[i];
		settings[i] = (struct system_setting){
			.name = arg_text(a, "name") ? arg_text(a, "name") : "",
			.title = arg_text(a, "title"),
			.secret = arg_bool(a, "secret"),
			.required = arg_bool(a, "required"),
			.fallback = arg_text(a, "default"),
		};
	}
	m->held->system.settings = settings;
	m->held->system.n_settings = list->n_items;
}

static void check_sample(struct maker *m, const struct arg *a)
{
	if (!a->n_items)
		return;
	const struct args *sample = &a->items[0];
	const char *method = arg_text(sample, "method");
	const cJSON *item;

	if (!flow_method_find(method))
		fault_add(m->faults, a->pointer, "method", "\"%.20s\" is no method", method);
	if (arg_given(sample, "text") && arg_given(sample, "body"))
		fault_add(m->faults, a->pointer, "text", "\"text\" and \"body\" both say the body: give one of them");
	cJSON_ArrayForEach(item, arg_find(sample, "headers")->node)
		if (!cJSON_IsString(item))
			fault_add(m->faults, a->pointer, "headers", "header \"%.80s\" must be text", item->string);
}

/* 200, "200" or "200-299": 1 and the range, or 0. */
static int read_statuses(const cJSON *item, int *from, int *to)
{
	const char *text = cJSON_IsString(item) ? item->valuestring : "";
	int n = 0, got;

	if (cJSON_IsNumber(item)) {
		*from = *to = item->valueint;
		return *from >= 100 && *from <= 599;
	}
	got = sscanf(text, "%3d%n-%3d%n", from, &n, to, &n);
	if (got == 1)
		*to = *from;
	return got >= 1 && !text[n] && *from >= 100 && *to <= 599;
}

static bool counts_as_success(const cJSON *list, int status)
{
	const cJSON *item;
	int from, to;

	cJSON_ArrayForEach(item, list)
		if (read_statuses(item, &from, &to) && status >= from && status <= to)
			return true;
	return false;
}

/* A stored delivery is answered with 202; a sender that takes this for a failure would send it again
 * and again. */
static void read_success(struct maker *m, const struct arg *a)
{
	static const int thanks[] = {202, 200, 204};
	const cJSON *item;
	int from, to;

	cJSON_ArrayForEach(item, a->node)
		if (!read_statuses(item, &from, &to))
			fault_add(m->faults, a->pointer, NULL, "\"success\" is a list of statuses: \"200\", \"200-299\"");
	if (a->node && !cJSON_IsArray(a->node))
		fault_add(m->faults, a->pointer, NULL, "\"success\" is a list of statuses: \"200\", \"200-299\"");
	for (size_t i = ARRAY_LEN(thanks); a->node && i-- > 0;)
		if (counts_as_success(a->node, thanks[i]))
			m->held->system.reply_status = thanks[i];
}

static void read_all(struct maker *m, const char *name)
{
	const struct args *a = &m->held->args;
	struct system *s = &m->held->system;
	const struct args *reply = arg_object(a, "reply"), *secret = arg_object(a, "secret");
	const cJSON *item;
	unsigned place;

	s->name = arg_text(a, "name") ? arg_text(a, "name") : "";
	s->title = arg_text(a, "title");
	s->category = arg_text(a, "category");
	s->about = arg_text(a, "about");
	s->key_title = secret ? arg_text(secret, "title") : NULL;
	s->dedupe = arg_bool(a, "dedupe");
	s->reply_status = 202;
	s->reply_deadline_ms = reply ? arg_int(reply, "deadline_ms") : 0;
	s->json = m->held->json;
	cJSON_ArrayForEach(item, arg_find(a, "methods")->node)
		if (cJSON_IsString(item))
			s->methods |= flow_method_find(item->valuestring);
	if (name && *s->name && strcmp(name, s->name) != 0)
		fault_add(m->faults, "/name", NULL, "the file is called %.64s.json, so the name must be \"%.64s\"",
			  name, name);
	read_settings(m, arg_find(a, "settings"));
	make_schemes(m, arg_find(a, "schemes"));
	make_handshakes(m, arg_find(a, "handshakes"));
	s->batch = arg_given(a, "batch") ? make_source(m, "/batch", arg_text(a, "batch"), 0) : NULL;
	place = (s->batch ? PLACE_ITEM : 0) | PLACE_TOKEN;
	s->delivery_id = make_sources(m, arg_find(a, "delivery_id"), place);
	s->event_type = make_sources(m, arg_find(a, "event_type"), place);
	if (s->dedupe && !s->delivery_id->n)
		fault_add(m->faults, "/dedupe", NULL, "\"dedupe\" needs a \"delivery_id\"");
	if (reply)
		read_success(m, arg_find(reply, "success"));
	check_sample(m, arg_find(a, "sample"));
}

static void held_free(struct system_held *h)
{
	args_release(&h->args);
	for (size_t i = 0; i < h->n_owned; i++)
		free(h->owned[i]);
	free(h->owned);
	for (struct pattern *p = h->patterns, *next; p; p = next) {
		next = p->next;
		regfree(&p->regex);
		free(p);
	}
	cJSON_Delete(h->json);
	free(h);
}

int system_parse(const char *text, size_t len, const char *name, struct system **out, struct faults *faults)
{
	struct system_held *h = mem_new(sizeof(*h));
	struct maker m = {h, faults};
	struct reader r = {.faults = faults};
	struct err err;

	*out = NULL;
	*faults = (struct faults){0};
	atomic_init(&h->holders, 1);
	h->json = json_parse(text, len, &err);
	if (!h->json) {
		fault_at(faults, NULL, "%s", err.text);
	} else if (!cJSON_IsObject(h->json)) {
		fault_at(faults, NULL, "a system is an object: {\"name\": ..., \"title\": ..., \"schemes\": [...]}");
	} else {
		param_unknown(&r, NULL, h->json, system_params, NULL);
		param_read(&r, NULL, h->json, system_params, &h->args);
		read_all(&m, name);
	}
	if (faults->errors) {
		held_free(h);
		return -1;
	}
	*out = &h->system;
	return 0;
}

const struct system *system_hold(const struct system *s)
{
	if (s)
		atomic_fetch_add(&((struct system_held *)s)->holders, 1);
	return s;
}

void system_drop(const struct system *s)
{
	struct system_held *h = (struct system_held *)s;

	if (h && atomic_fetch_sub(&h->holders, 1) == 1)
		held_free(h);
}

cJSON *system_schema(void)
{
	return schema_of("Ringbolt system", system_params);
}

/* ---- what is asked ---- */

int system_setting_find(const struct system *s, const char *name)
{
	for (size_t i = 0; i < s->n_settings; i++)
		if (strcmp(s->settings[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* all: each must be there, or none counts. */
static int join(const struct system_sources *sources, struct system_view *v, bool all, struct buf *out)
{
	size_t start = out->len;

	for (size_t i = 0; sources && i < sources->n; i++) {
		size_t before = out->len;
		if (before > start)
			buf_add_char(out, '.');
		size_t from = out->len;
		if (system_source_add(sources->list[i], v, out) == 1 && out->len > from)
			continue;
		out->len = all ? start : before;
		if (all)
			return 0;
	}
	return out->len > start;
}

/* Of a batch of one, that one; of more, none is the delivery's own. */
static void take_only_item(const struct system *s, struct system_view *v)
{
	struct slice list, second;

	if (!s->batch || v->item.ptr || !system_source_json(s->batch, v, &list) ||
	    jsontext_kind(list) != JSONTEXT_ARRAY || jsontext_item(list, 1, &second))
		return;
	if (!jsontext_item(list, 0, &v->item))
		v->item = (struct slice){NULL, 0};
}

/* The claims of the token that the system's requests carry, as they stand there: whoever asks has had
 * the request verified, or has chosen not to. The caller releases out. */
static void take_token(const struct system *s, struct system_view *v, struct buf *out)
{
	struct system_candidates found;

	for (size_t i = 0; i < s->n_schemes && !v->token.ptr; i++) {
		if (s->schemes[i].type != SCHEME_JWT || !s->schemes[i].signature)
			continue;
		system_part_find(s->schemes[i].signature, v, &found);
		struct slice token = found.n ? system_candidate(&found, 0) : (struct slice){NULL, 0};
		const char *from = token.len ? memchr(token.ptr, '.', token.len) : NULL;
		const char *end = from ? memchr(from + 1, '.', token.len - (size_t)(from + 1 - token.ptr)) : NULL;
		buf_clear(out);
		if (end && crypto_base64url_decode((struct slice){from + 1, (size_t)(end - from - 1)}, out) == 1 &&
		    jsontext_check(buf_slice(out), JSONTEXT_DEPTH_MAX, NULL) == 0)
			v->token = jsontext_trim(buf_slice(out));
		system_candidates_release(&found);
	}
}

static int facts(const struct system *s, const struct system_sources *sources, struct system_view *v, bool all,
		 struct buf *out)
{
	struct buf token = BUF_INIT;

	take_only_item(s, v);
	take_token(s, v, &token);
	int rc = join(sources, v, all, out);
	v->token = (struct slice){NULL, 0};
	buf_release(&token);
	return rc;
}

int system_delivery_id(const struct system *s, struct system_view *v, struct buf *out)
{
	return facts(s, s->delivery_id, v, true, out);
}

int system_event_type(const struct system *s, struct system_view *v, struct buf *out)
{
	return facts(s, s->event_type, v, false, out);
}

/* Pasted base64 may lack its padding. */
static int decode_base64(struct slice text, struct buf *out)
{
	struct buf copy = BUF_INIT;

	while (text.len && text.ptr[text.len - 1] == '=')
		text.len--;
	buf_add_slice(&copy, text);
	while (copy.len % 4)
		buf_add_char(&copy, '=');
	int rc = crypto_base64_decode(buf_slice(&copy), out);
	explicit_bzero(copy.ptr, copy.len);
	buf_release(&copy);
	return rc;
}

static int change(const struct system_key_change *c, struct slice in, struct buf *out)
{
	unsigned char digest[CRYPTO_DIGEST_MAX];
	size_t len = c->text ? strlen(c->text) : 0;
	int n;

	switch (c->step) {
	case KEY_STRIP:
		if (in.len >= len && memcmp(in.ptr, c->text, len) == 0)
			in = (struct slice){in.ptr + len, in.len - len};
		buf_add_slice(out, in);
		return 1;
	case KEY_BASE64: return decode_base64(in, out);
	case KEY_BASE64URL:
		while (in.len && in.ptr[in.len - 1] == '=')
			in.len--;
		return crypto_base64url_decode(in, out);
	case KEY_HEX: return crypto_hex_decode(in, out);
	case KEY_DIGEST:
		n = crypto_digest(c->text, in, digest);
		buf_add(out, digest, n > 0 ? (size_t)n : 0);
		explicit_bzero(digest, sizeof(digest));
		return n > 0;
	}
	return 0;
}

int system_key(const struct system_key_change *changes, size_t n, struct slice secret, struct buf *out)
{
	struct buf now = BUF_INIT;
	int rc = 1;

	buf_add_slice(&now, secret);
	for (size_t i = 0; i < n && rc == 1; i++) {
		struct buf next = BUF_INIT;
		rc = change(&changes[i], buf_slice(&now), &next);
		explicit_bzero(now.ptr, now.len);
		buf_release(&now);
		now = next;
	}
	if (rc == 1 && now.len)
		buf_add_slice(out, buf_slice(&now));
	else
		rc = 0;
	explicit_bzero(now.ptr, now.len);
	buf_release(&now);
	return rc;
}

int system_json_text(const struct system_source *path, struct slice json, struct buf *out)
{
	struct slice value;

	if (!path || jsontext_check(json, JSONTEXT_DEPTH_MAX, NULL) < 0 ||
	    !source_within(path, jsontext_trim(json), &value) || jsontext_kind(value) != JSONTEXT_STRING)
		return 0;
	jsontext_string(value, out);
	return 1;
}

/* Label by label from the left; "*" is one whole label. */
static bool host_is(const char *pattern, struct slice host)
{
	while (*pattern && host.len) {
		size_t want = strcspn(pattern, ".");
		const char *dot = memchr(host.ptr, '.', host.len);
		size_t have = dot ? (size_t)(dot - host.ptr) : host.len;
		bool any = want == 1 && *pattern == '*';
		if (!have || (!any && (want != have || strncasecmp(pattern, host.ptr, want) != 0)))
			return false;
		pattern += want;
		host = (struct slice){host.ptr + have, host.len - have};
		if (!*pattern || !host.len)
			break;
		pattern++;
		host = (struct slice){host.ptr + 1, host.len - 1};
		if (!*pattern || !host.len)
			return false;
	}
	return !*pattern && !host.len;
}

bool system_host_pinned(const char *const *hosts, struct slice host)
{
	for (size_t i = 0; hosts && hosts[i]; i++)
		if (host_is(hosts[i], host))
			return true;
	return false;
}
