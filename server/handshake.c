/* SPDX-License-Identifier: MIT */
#include "server/handshake.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/store.h"
#include "server/keys.h"
#include "server/proof.h"
#include "server/verify_system.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VALUES_MAX 8
#define LEARNT_MIN 8 /* a shorter secret protects nothing */
#define LEARNT_MAX 1024

struct greeting {
	struct front *front;
	const struct hook *hook;
	const struct system *system;
	const struct system_handshake *rule;
	const struct http_request *request;
	struct verify_look look;
	struct handshake_refusal *why;
	struct system_named values[VALUES_MAX];
	struct buf made[VALUES_MAX];
};

static int PRINTF(3, 4) refuse(struct greeting *g, int status, const char *fmt, ...)
{
	va_list ap;
	size_t n = (size_t)snprintf(g->why->cause, sizeof(g->why->cause), "handshake \"%.40s\": ", g->rule->name);

	g->why->status = status;
	va_start(ap, fmt);
	vsnprintf(g->why->cause + n, sizeof(g->why->cause) - n, fmt, ap);
	va_end(ap);
	return -1;
}

bool handshake_possible(const struct hook *hook, const struct http_request *request)
{
	const struct system *s = flow_system(hook->flow);
	struct verify_look look;
	bool possible = false;

	if (!s || !s->n_handshakes || !hook->proof)
		return false;
	verify_look_init(&look, hook->proof, request, (struct slice){"", 0});
	for (size_t i = 0; i < s->n_handshakes && !possible; i++)
		possible = system_condition_early(s->handshakes[i].when, &look.view);
	verify_look_release(&look);
	return possible;
}

/* ---- the proof ---- */

static int check_equal(struct greeting *g)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	bool whole = system_template_add(g->rule->equal[0], &g->look.view, &a);

	whole = system_template_add(g->rule->equal[1], &g->look.view, &b) && whole;
	bool same = whole && a.len && crypto_equal(buf_slice(&a), buf_slice(&b));
	explicit_bzero(a.ptr, a.len);
	explicit_bzero(b.ptr, b.len);
	buf_release(&a);
	buf_release(&b);
	return same ? 0 : refuse(g, 403, "what was sent is not what the flow's settings say, or one of both is "
				 "missing");
}

static int check_signature(struct greeting *g)
{
	int64_t now = clock_wall_ms();
	struct verify_result result;

	return proof_head(g->hook, g->request, now, &result) &&
	       proof_body(g->hook, g->request, g->look.request.body, now, &result) ? 0 : refuse(g, 401, "%s", result.cause);
}

/* ---- what it does ---- */

static void encode(enum system_encoding encoding, const unsigned char *bytes, int len, struct buf *out)
{
	if (encoding == ENCODING_HEX)
		crypto_hex(bytes, (size_t)len, out);
	else if (encoding == ENCODING_BASE64URL)
		crypto_base64url(bytes, (size_t)len, out);
	else
		crypto_base64(bytes, (size_t)len, out);
}

static int make_values(struct greeting *g)
{
	unsigned char digest[CRYPTO_DIGEST_MAX];
	struct buf bytes = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < g->rule->n_values && i < VALUES_MAX && rc == 0; i++) {
		const struct system_value_rule *r = &g->rule->values[i];
		buf_clear(&bytes);
		system_template_add(r->signs, &g->look.view, &bytes);
		int len = r->hmac ? verify_system_hmac(g->hook->proof, r, buf_slice(&bytes), digest)
				  : crypto_digest(r->algorithm, buf_slice(&bytes), digest);
		if (len < 0) {
			rc = refuse(g, 403, "its answer needs the flow's secret, which is not set or not of the "
				    "system's form");
			break;
		}
		encode(r->encoding, digest, len, &g->made[i]);
		g->values[i] = (struct system_named){r->name, buf_slice(&g->made[i])};
		g->look.view.n_values = i + 1;
	}
	g->look.view.values = g->values;
	explicit_bzero(bytes.ptr, bytes.len);
	buf_release(&bytes);
	return rc;
}

/* Only while there is none: else whoever comes later could put his own in its place. */
static int learn(struct greeting *g)
{
	const struct verify_key *key = g->hook->n_keys ? &g->hook->keys[0] : NULL;
	struct buf value = BUF_INIT;
	struct err err;
	int rc = 0;

	if (!key)
		return refuse(g, 403, "the flow names no secret in which the sender's could be kept");
	if (system_source_add(g->rule->learn, &g->look.view, &value) != 1 || value.len < LEARNT_MIN ||
	    value.len > LEARNT_MAX) {
		rc = refuse(g, 400, "the secret it brings is missing, shorter than %d or longer than %d bytes", LEARNT_MIN,
			    LEARNT_MAX);
	} else if (key->value && !crypto_equal(buf_slice(&value), (struct slice){key->value, key->len})) {
		rc = refuse(g, 403, "it brings another secret than \"%.60s\", which is set; if that one is out of date: "
			    "ringbolt secret remove %.60s", key->name, key->name);
	} else if (!key->value) {
		int kept = store_secret_learn(g->front->store, key->name, buf_slice(&value), clock_wall_ms(), &err);
		if (kept < 0)
			rc = refuse(g, 503, "the secret could not be kept: %s", err.text);
		else if (kept == 0)
			rc = refuse(g, 403, "secret \"%.60s\" was set by another a moment ago", key->name);
		else
			log_line(LOG_INFO, "secret learnt from its sender", "flow", flow_name(g->hook->flow), "secret",
				 key->name, NULL);
	}
	explicit_bzero(value.ptr, value.len);
	buf_release(&value);
	return rc;
}

static int fetch(struct greeting *g)
{
	struct buf url = BUF_INIT;
	struct err err;
	int rc = 0;

	system_template_add(g->rule->fetch, &g->look.view, &url);
	if (!g->front->keys || keys_visit(g->front->keys, url.ptr, g->rule->fetch_hosts, &err) < 0)
		rc = refuse(g, 502, "what must be fetched first: %s", g->front->keys ? err.text : "nothing is fetched");
	buf_release(&url);
	return rc;
}

static void reply(struct greeting *g, struct http_response *response)
{
	struct buf headers = BUF_INIT, name = BUF_INIT, value = BUF_INIT;
	struct jsontext_walk w;
	struct slice one;

	response->status = g->rule->status;
	system_reply(g->system, g->rule, &g->look.view, &headers, &response->body);
	for (jsontext_walk_start(&w, buf_slice(&headers)); jsontext_walk_next(&w);) {
		buf_clear(&name);
		buf_clear(&value);
		if (jsontext_item(w.value, 0, &one))
			jsontext_string(one, &name);
		if (jsontext_item(w.value, 1, &one))
			jsontext_string(one, &value);
		http_response_header(response, name.ptr, value.ptr);
	}
	if (g->rule->json && !strstr(headers.ptr, "[\"Content-Type\""))
		http_response_header(response, "Content-Type", "application/json");
	/* What is given back came from outside: no browser may take it for a page. */
	http_response_header(response, "X-Content-Type-Options", "nosniff");
	http_response_header(response, "Cache-Control", "no-store");
	buf_release(&headers);
	buf_release(&name);
	buf_release(&value);
}

static int greet(struct greeting *g, struct http_response *response)
{
	struct err err;

	if ((g->rule->proof == PROOF_EQUAL && check_equal(g) < 0) ||
	    (g->rule->proof == PROOF_SIGNATURE && check_signature(g) < 0) || make_values(g) < 0 ||
	    (g->rule->fetch && fetch(g) < 0) || (g->rule->learn && learn(g) < 0))
		return -1;
	reply(g, response);
	if (store_arrivals_count(g->front->store, clock_wall_ms(), g->hook->flow_id, "handshake", 1, &err) < 0)
		log_line(LOG_WARN, "handshake not counted", "flow", flow_name(g->hook->flow), "error", err.text, NULL);
	return 1;
}

int handshake_answer(struct front *f, const struct hook *hook, const struct http_request *request,
		     struct slice body, struct http_response *response, struct handshake_refusal *why)
{
	const struct system *s = flow_system(hook->flow);
	struct greeting g = {.front = f, .hook = hook, .system = s, .request = request, .why = why};
	int rc = 0;

	for (size_t i = 0; i < VALUES_MAX; i++)
		buf_init(&g.made[i]);
	verify_look_init(&g.look, hook->proof, request, body);
	for (size_t i = 0; i < s->n_handshakes && !g.rule; i++)
		if (system_condition_holds(s->handshakes[i].when, &g.look.view))
			g.rule = &s->handshakes[i];
	if (g.rule)
		rc = greet(&g, response);
	verify_look_release(&g.look);
	for (size_t i = 0; i < VALUES_MAX; i++)
		buf_release(&g.made[i]);
	return rc;
}
