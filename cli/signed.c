/* SPDX-License-Identifier: MIT */
#include "cli/signed.h"

#include "common/clock.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/system_sign.h"
#include "server/verify_system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*secret_getter)(void *arg, const char *name, char **value, struct err *err);

struct trial {
	const struct system *system;
	const struct flow_auth *auth;
	struct verify_key *keys;
	struct slice *secrets;          /* those that are set; borrowed from keys */
	size_t n_keys, n_secrets;
	struct slice *settings, *own;   /* own: the verifier's copy, which it takes over */
	struct buf text;                /* names and values of headers, each ended by a NUL */
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t n_headers;
	struct buf url;
};

static int load(struct trial *t, secret_getter secret, void *arg, struct err *err)
{
	t->n_keys = t->auth->n_secrets;
	t->keys = mem_array(t->n_keys + 1, sizeof(*t->keys));
	t->secrets = mem_array(t->n_keys + 1, sizeof(*t->secrets));
	for (size_t i = 0; i < t->n_keys; i++) {
		char *value = NULL;
		int got = secret(arg, t->auth->secrets[i], &value, err);
		if (got < 0)
			return -1;
		verify_key_init(&t->keys[i], t->auth, t->auth->secrets[i], got ? value : NULL, got ? strlen(value) : 0);
		if (got)
			t->secrets[t->n_secrets++] = (struct slice){t->keys[i].value, t->keys[i].len};
	}
	t->settings = mem_array(t->system->n_settings + 1, sizeof(*t->settings));
	t->own = mem_array(t->system->n_settings + 1, sizeof(*t->own));
	for (size_t i = 0; i < t->auth->n_settings; i++) {
		const struct flow_setting *s = &t->auth->settings[i];
		char *value = s->value && !s->secret ? mem_dup(s->value) : NULL;
		if (s->value && s->secret && secret(arg, s->value, &value, err) < 0)
			return -1;
		t->own[i] = t->settings[i] = (struct slice){value, value ? strlen(value) : 0};
	}
	if (!t->n_secrets)
		return err_set(err, ERR_MISSING, "--signed needs a secret of the flow that is set: ringbolt secret set %.64s",
			       t->n_keys ? t->auth->secrets[0] : "NAME");
	return 0;
}

static void add_text(struct buf *out, struct slice json)
{
	jsontext_string(json, out);
	buf_add_char(out, '\0');
}

/* The headers as the front gets them; text must not move once they point into it. */
static void read_headers(struct trial *t, const char *json)
{
	struct slice list = {json, strlen(json)}, name, value;
	struct jsontext_walk w;

	buf_clear(&t->text);
	buf_grow(&t->text, list.len + 2 * HTTP_HEADERS_MAX);
	t->n_headers = 0;
	for (jsontext_walk_start(&w, list); jsontext_walk_next(&w) && t->n_headers < HTTP_HEADERS_MAX;) {
		if (!jsontext_item(w.value, 0, &name) || !jsontext_item(w.value, 1, &value))
			continue;
		struct http_header *h = &t->headers[t->n_headers++];
		h->name = t->text.ptr + t->text.len;
		add_text(&t->text, name);
		h->value = t->text.ptr + t->text.len;
		add_text(&t->text, value);
	}
}

static int sign(struct trial *t, struct sample *s, const struct flow *f, const char *base, struct err *err)
{
	struct system_header seen[HTTP_HEADERS_MAX];
	struct buf headers = BUF_INIT, query = BUF_INIT;
	int rc;

	read_headers(t, s->headers);
	for (size_t i = 0; i < t->n_headers; i++)
		seen[i] = (struct system_header){t->headers[i].name, t->headers[i].value};
	buf_addf(&t->url, "%s%s%s%s", base, s->path, *s->query ? "?" : "", s->query);
	const struct system_signing order = {
		.system = t->system, .scheme = t->auth->scheme, .secrets = t->secrets, .n_secrets = 1,
		.settings = t->settings, .method = s->method, .url = t->url.ptr, .at_ms = clock_wall_ms(),
		.body = buf_slice(&s->body), .headers = seen, .n_headers = t->n_headers,
	};
	rc = system_sign(&order, &headers, &query, err);
	if (rc == 0)
		sample_add(s, f, headers.ptr, query.ptr);
	buf_release(&headers);
	buf_release(&query);
	return rc;
}

static int judge(struct trial *t, const struct sample *s, const char *base, struct err *err)
{
	const struct verify_system_setup setup = {
		.system = t->system, .auth = t->auth, .keys = t->keys, .n_keys = t->n_keys, .base_url = base,
	};
	struct verify_system *v = verify_system_new(&setup, t->own);
	struct verify_result result;

	t->own = NULL;
	read_headers(t, s->headers);
	const struct http_request request = {
		.method = s->method, .path = s->path, .query = s->query, .version = "1.1", .headers = t->headers,
		.n_headers = t->n_headers, .content_length = (int64_t)s->body.len,
	};
	int ok = verify_system_head(v, &request, clock_wall_ms(), &result) &&
		 verify_system_body(v, &request, buf_slice(&s->body), clock_wall_ms(), &result);
	verify_system_free(v);
	return ok ? 0 : err_set(err, ERR_DENIED, "the signed sample was refused: %.400s", result.cause);
}

int signed_sample(struct sample *s, const struct flow *f, const struct conf *conf, secret_getter secret, void *arg,
		  struct err *err)
{
	struct trial t = {.system = flow_system(f), .auth = &flow_webhook(f)->auth, .text = BUF_INIT, .url = BUF_INIT};
	char *base = conf->base_url && *conf->base_url ? mem_dup(conf->base_url) : mem_format("http://%s", conf->listen);
	int rc;

	if (t.auth->type != AUTH_SYSTEM)
		rc = err_set(err, ERR_INVALID, "--signed is for a flow whose authentication is \"system\"");
	else
		rc = load(&t, secret, arg, err) < 0 || sign(&t, s, f, base, err) < 0 || judge(&t, s, base, err) < 0 ? -1 : 0;
	for (size_t i = 0; t.own && i < t.system->n_settings; i++)
		mem_wipe_free((char *)t.own[i].ptr, t.own[i].len);
	for (size_t i = 0; t.keys && i < t.n_keys; i++)
		verify_key_release(&t.keys[i]);
	free(t.own);
	free(t.keys);
	free(t.secrets);
	free(t.settings);
	free(base);
	buf_release(&t.text);
	buf_release(&t.url);
	return rc;
}
