/* SPDX-License-Identifier: MIT */
/* The schemes of a system, one after the other; what they share: times, ids, variants of what was
 * signed. The kinds of proof are in verify_digest.c and verify_public.c. */
#include "server/verify_system_inner.h"

#include "common/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

struct verify_system *verify_system_new(const struct verify_system_setup *setup, struct slice *settings_take)
{
	struct verify_system *v = mem_new(sizeof(*v));
	const struct system *s = setup->system;

	v->setup = *setup;
	v->settings = settings_take;
	v->prepared = mem_array(s->n_schemes * setup->n_keys + 1, sizeof(*v->prepared));
	for (size_t i = 0; i < s->n_schemes; i++)
		for (size_t k = 0; k < setup->n_keys; k++) {
			const struct verify_key *key = &setup->keys[k];
			prepare_key(&v->prepared[i * setup->n_keys + k], s, &s->schemes[i], setup->auth->scheme != NULL,
				    (struct slice){key->value, key->value ? key->len : 0});
		}
	return v;
}

void verify_system_free(struct verify_system *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->setup.system->n_schemes * v->setup.n_keys; i++)
		prepared_release(&v->prepared[i]);
	for (size_t i = 0; i < v->setup.system->n_settings; i++)
		mem_wipe_free((char *)v->settings[i].ptr, v->settings[i].len);
	free(v->settings);
	free(v->prepared);
	free(v);
}

/* ---- a look at a request ---- */

void verify_look_init(struct verify_look *l, const struct verify_system *v, const struct http_request *request,
		      struct slice body)
{
	size_t n = request->n_headers < HTTP_HEADERS_MAX ? request->n_headers : HTTP_HEADERS_MAX;

	for (size_t i = 0; i < n; i++)
		l->headers[i] = (struct system_header){request->headers[i].name, request->headers[i].value};
	buf_init(&l->url);
	buf_addf(&l->url, "%s%s%s%s", v->setup.base_url ? v->setup.base_url : "", request->path,
		 *request->query ? "?" : "", request->query);
	l->request = (struct system_request){
		.method = request->method, .url = l->url.ptr, .query = request->query, .headers = l->headers,
		.n_headers = n, .body = body,
	};
	l->view = (struct system_view){
		.request = &l->request, .settings = v->settings, .n_settings = v->setup.system->n_settings,
	};
}

void verify_look_release(struct verify_look *l)
{
	buf_release(&l->url);
}

int verify_system_hmac(const struct verify_system *v, const struct system_value_rule *rule, struct slice bytes,
		       unsigned char out[64])
{
	struct buf key = BUF_INIT;
	int len = -1;

	for (size_t i = 0; i < v->setup.n_keys && len < 0; i++) {
		const struct verify_key *k = &v->setup.keys[i];
		if (k->value && k->len && system_key(rule->key, rule->n_key, (struct slice){k->value, k->len}, &key))
			len = crypto_hmac(rule->algorithm, buf_slice(&key), bytes, out);
		explicit_bzero(key.ptr, key.len);
		buf_clear(&key);
	}
	buf_release(&key);
	return len;
}

/* ---- one scheme ---- */

int attempt_refuse(struct attempt *a, enum near near, const char *fmt, ...)
{
	const char *name = a->scheme->name;
	va_list ap;
	size_t n;

	if (near < a->near || (near == a->near && a->cause[0]))
		return 0;
	a->near = near;
	n = *name ? (size_t)snprintf(a->cause, sizeof(a->cause), "scheme \"%.40s\": ", name) : 0;
	va_start(ap, fmt);
	vsnprintf(a->cause + n, sizeof(a->cause) - n, fmt, ap);
	va_end(ap);
	return 0;
}

/* The one value of a part that is signed along: 1, 0 refused. */
static int find_single(struct attempt *a, const struct system_part *part, struct system_candidates *found,
		       struct slice *out)
{
	system_part_find(part, &a->look->view, found);
	if (found->n == 0)
		return attempt_refuse(a, NEAR_MISSING, "%s", found->missing);
	if (found->n > 1)
		return attempt_refuse(a, NEAR_FAULTY, "%.80s has %zu values where one is meant",
				      system_part_text(part), found->n);
	*out = system_candidate(found, 0);
	return 1;
}

static int check_time(struct attempt *a)
{
	const struct system_scheme *s = a->scheme;
	int64_t own = a->v->setup.auth->tolerance_s, tolerance_s = own > 0 ? own : s->tolerance_s, at;

	if (!s->timestamp)
		return 1;
	if (!find_single(a, s->timestamp, &a->timestamp, &a->look->view.timestamp))
		return 0;
	if (!tolerance_s)
		return 1;
	if (!system_part_time(s->timestamp, a->look->view.timestamp, &at))
		return attempt_refuse(a, NEAR_FAULTY, "%.80s is no time in the system's form (%s)",
				      system_part_text(s->timestamp),
				      system_part_unit(s->timestamp) == UNIT_S ? "seconds since 1970"
				      : system_part_unit(s->timestamp) == UNIT_MS ? "milliseconds since 1970"
										  : "ISO 8601");
	int64_t behind = (a->now_ms - at) / 1000;
	if (behind > tolerance_s || -behind > tolerance_s)
		return attempt_refuse(a, NEAR_FAULTY, "the time in %.80s is %lld s %s this server's clock; %lld s are "
				      "tolerated", system_part_text(s->timestamp),
				      (long long)(behind < 0 ? -behind : behind), behind < 0 ? "ahead of" : "behind",
				      (long long)tolerance_s);
	return 1;
}

/* All pairs are compared; which one differs does not show in the time. */
static int run_checks(struct attempt *a)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	bool same = true;

	for (size_t i = 0; i < a->scheme->n_checks; i++) {
		buf_clear(&first);
		buf_clear(&second);
		bool whole = system_template_add(a->scheme->checks[i].a, &a->look->view, &first);
		whole = system_template_add(a->scheme->checks[i].b, &a->look->view, &second) && whole;
		same = crypto_equal(buf_slice(&first), buf_slice(&second)) && whole && same;
	}
	buf_release(&first);
	buf_release(&second);
	return same ? 1 : attempt_refuse(a, NEAR_MATCH, "the signature holds, but what it covers is not what was "
					 "sent: a digest in the request is not that of its body");
}

static int prove(struct attempt *a)
{
	switch (a->scheme->type) {
	case SCHEME_HMAC:
	case SCHEME_DIGEST: return attempt_digest(a);
	case SCHEME_SHARED_SECRET:
	case SCHEME_BASIC: return attempt_credential(a);
	case SCHEME_ED25519:
	case SCHEME_ECDSA:
	case SCHEME_RSA: return attempt_public(a);
	case SCHEME_JWT: return attempt_token(a);
	}
	return -1;
}

/* The request, or one item of it: the key that matched, or -1. */
static int judge(struct attempt *a)
{
	const struct system_scheme *s = a->scheme;
	struct system_view *view = &a->look->view;
	int matched = -1;

	a->timestamp = a->id = a->signature = (struct system_candidates){.bytes = BUF_INIT};
	if (check_time(a) && (!s->id || find_single(a, s->id, &a->id, &view->id))) {
		if (s->signature)
			system_part_find(s->signature, view, &a->signature);
		if (s->signature && a->signature.n == 0)
			attempt_refuse(a, NEAR_MISSING, "%s", a->signature.missing);
		else
			matched = prove(a);
	}
	if (matched >= 0 && !run_checks(a))
		matched = -1;
	view->timestamp = view->id = (struct slice){NULL, 0};
	system_candidates_release(&a->timestamp);
	system_candidates_release(&a->id);
	system_candidates_release(&a->signature);
	return matched;
}

static int judge_each(struct attempt *a)
{
	struct system_view *view = &a->look->view;
	int matched = -1, one;
	size_t n = 0;

	for (struct slice item; system_source_item(a->scheme->each, view, n, &item); n++) {
		view->item = item;
		one = judge(a);
		view->item = (struct slice){NULL, 0};
		if (one < 0)
			return -1;
		matched = n ? matched : one;
	}
	if (n == 0)
		attempt_refuse(a, NEAR_MISSING, "%.80s is no list, or an empty one: nothing in it proves anything",
			       system_source_text(a->scheme->each));
	return matched;
}

static int run_scheme(struct attempt *a)
{
	if (a->scheme->when && !system_condition_holds(a->scheme->when, &a->look->view))
		return -1;
	return a->scheme->each ? judge_each(a) : judge(a);
}

static bool asked(const struct verify_system *v, const struct system_scheme *s)
{
	return !v->setup.auth->scheme || strcmp(v->setup.auth->scheme, s->name) == 0;
}

int verify_system_body(const struct verify_system *v, const struct http_request *request, struct slice body,
		       int64_t now_ms, struct verify_result *out)
{
	struct verify_look look;
	struct attempt a = {.v = v, .look = &look, .now_ms = now_ms};
	const struct system *s = v->setup.system;

	*out = (struct verify_result){.matched = -1};
	verify_look_init(&look, v, request, body);
	for (size_t i = 0; i < s->n_schemes && out->matched < 0; i++) {
		a.scheme = &s->schemes[i];
		a.index = i;
		if (asked(v, a.scheme))
			out->matched = run_scheme(&a);
	}
	verify_look_release(&look);
	if (out->matched < 0)
		snprintf(out->cause, sizeof(out->cause), "%s", a.cause[0] ? a.cause
			 : "this request is none that the system signs: no scheme of its file applies");
	return out->matched >= 0;
}

/* Of a scheme whose proof stands in headers and query, whether it is there at all. */
static bool cannot_hold(struct attempt *a)
{
	const struct system_scheme *s = a->scheme;
	struct system_candidates found;

	if (s->each || (s->when && !system_condition_early(s->when, &a->look->view)))
		return s->each ? false : true;
	if (!s->signature || !system_part_early(s->signature))
		return false;
	system_part_find(s->signature, &a->look->view, &found);
	if (found.n == 0)
		attempt_refuse(a, NEAR_MISSING, "%s", found.missing);
	bool none = found.n == 0;
	system_candidates_release(&found);
	return none;
}

int verify_system_head(const struct verify_system *v, const struct http_request *request, int64_t now_ms,
		       struct verify_result *out)
{
	struct verify_look look;
	struct attempt a = {.v = v, .look = &look, .now_ms = now_ms};
	const struct system *s = v->setup.system;
	bool possible = false;

	*out = (struct verify_result){.matched = -1};
	verify_look_init(&look, v, request, (struct slice){"", 0});
	for (size_t i = 0; i < s->n_schemes && !possible; i++) {
		a.scheme = &s->schemes[i];
		a.index = i;
		possible = asked(v, a.scheme) && !cannot_hold(&a);
	}
	verify_look_release(&look);
	if (!possible)
		snprintf(out->cause, sizeof(out->cause), "%s", a.cause[0] ? a.cause
			 : "this request is none that the system signs: no scheme of its file applies");
	return possible;
}

/* ---- what was signed ---- */

/* "https://a.example/x" with ":443" behind the host; with a port, without it. */
static void other_port(const char *url, struct buf *out)
{
	const char *host = strstr(url, "://");

	buf_clear(out);
	if (!host)
		return;
	host += 3;
	const char *end = host + strcspn(host, "/?");
	const char *colon = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
	colon = colon ? memchr(colon, ':', (size_t)(end - colon)) : NULL;
	buf_add(out, url, (size_t)((colon ? colon : end) - url));
	if (!colon)
		buf_add_text(out, strncmp(url, "https:", 6) == 0 ? ":443" : ":80");
	buf_add_text(out, end);
}

int attempt_bytes(struct attempt *a, int (*each)(struct attempt *a, struct slice bytes))
{
	const struct system_scheme *s = a->scheme;
	struct system_view *view = &a->look->view;
	struct buf scratch = BUF_INIT, url = BUF_INIT;
	int matched = -1;

	for (int port = 0; port <= (s->url_port_either ? 1 : 0) && matched < 0; port++) {
		if (port) {
			other_port(a->look->url.ptr, &url);
			view->url = buf_slice(&url);
		}
		struct slice bytes = system_template_slice(s->signs, view, &scratch);
		if (view->unsignable) {
			attempt_refuse(a, NEAR_FAULTY, "the body is no form, so its parameters cannot be what was signed");
			break;
		}
		matched = each(a, bytes);
		if (matched < 0 && s->newline_either) {
			struct buf longer = BUF_INIT;
			buf_add_slice(&longer, bytes);
			buf_add_char(&longer, '\n');
			matched = each(a, buf_slice(&longer));
			buf_release(&longer);
		}
	}
	view->url = (struct slice){NULL, 0};
	buf_release(&scratch);
	buf_release(&url);
	return matched;
}
