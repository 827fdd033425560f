/* SPDX-License-Identifier: MIT */
#include "flow/system_sign.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/crypto_jws.h"
#include "common/crypto_key.h"
#include "common/header.h"
#include "common/mem.h"
#include "common/pairs.h"
#include "flow/system_inner.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PLACES_MAX 16

/* What goes to one header or query parameter, element by element. */
struct place {
	const struct system_source *source;
	const char *split;
	struct buf text;
	size_t elements;
};

struct pen {
	const struct system_signing *order;
	const struct system_scheme *scheme;
	struct system_request request;
	struct system_view view;
	struct place places[PLACES_MAX];
	size_t n;
	struct buf time, id, url;
};

/* ---- where a value is written ---- */

static bool writable(const struct system_part *p)
{
	return !p || (p->n_sources && !p->after && !p->json &&
		      (p->sources[0]->kind == SOURCE_HEADER || p->sources[0]->kind == SOURCE_QUERY));
}

static bool can_write(const struct system_scheme *s)
{
	return !s->each && writable(s->signature) && writable(s->timestamp) && writable(s->id);
}

static struct place *place_of(struct pen *pen, const struct system_part *p)
{
	const struct system_source *to = p->sources[0];

	for (size_t i = 0; i < pen->n; i++)
		if (!to->wild && strcmp(pen->places[i].source->text, to->text) == 0)
			return &pen->places[i];
	if (pen->n == PLACES_MAX)
		return NULL;
	struct place *place = &pen->places[pen->n++];
	*place = (struct place){.source = to, .split = p->split, .text = BUF_INIT};
	return place;
}

static void encode(enum system_encoding encoding, struct slice bytes, struct buf *out)
{
	switch (encoding) {
	case ENCODING_NONE: buf_add_slice(out, bytes); return;
	case ENCODING_HEX: crypto_hex(bytes.ptr, bytes.len, out); return;
	case ENCODING_BASE64: crypto_base64(bytes.ptr, bytes.len, out); return;
	case ENCODING_BASE64URL: crypto_base64url(bytes.ptr, bytes.len, out); return;
	}
}

static int write_part(struct pen *pen, const struct system_part *p, struct slice bytes, struct err *err)
{
	struct place *place = place_of(pen, p);

	if (!place || (place->elements && !place->split))
		return err_set(err, ERR_INVALID, "%s sends one signature in %s, so give one secret",
			       pen->order->system->title, system_part_text(p));
	if (place->elements++)
		buf_add_text(&place->text, place->split);
	if (p->prefix)
		buf_add_text(&place->text, p->prefix);
	encode(p->encoding, bytes, &place->text);
	return 0;
}

/* ---- times and ids ---- */

static void add_time(struct pen *pen)
{
	char iso[CLOCK_ISO_SIZE];
	int64_t at = pen->order->at_ms;

	switch (pen->scheme->timestamp->unit) {
	case UNIT_S: buf_addf(&pen->time, "%" PRId64, at / 1000); break;
	case UNIT_MS: buf_addf(&pen->time, "%" PRId64, at); break;
	case UNIT_ISO: buf_add_text(&pen->time, clock_iso(at, iso)); break;
	}
	pen->view.timestamp = buf_slice(&pen->time);
}

/* The id of the sample's own header, unless another is asked for. */
static void add_id(struct pen *pen)
{
	unsigned char random[12];

	if (pen->order->id) {
		buf_add_text(&pen->id, pen->order->id);
	} else if (system_source_add(pen->scheme->id->sources[0], &pen->view, &pen->id) != 1) {
		crypto_random(random, sizeof(random));
		buf_add_text(&pen->id, "msg_");
		crypto_hex(random, sizeof(random), &pen->id);
	}
	pen->view.id = buf_slice(&pen->id);
}

/* ---- one proof ---- */

static int make_key_of(struct pen *pen, struct slice secret, struct buf *key, struct err *err)
{
	if (system_key(pen->scheme->key, pen->scheme->n_key, secret, key))
		return 0;
	return err_set(err, ERR_INVALID, "the secret is not of the form that %s gives it", pen->order->system->title);
}

static int sign_shared(struct pen *pen, struct slice secret, struct buf *out, struct err *err)
{
	const struct system_scheme *s = pen->scheme;
	unsigned char digest[CRYPTO_DIGEST_MAX];
	struct buf key = BUF_INIT, scratch = BUF_INIT;
	int rc = make_key_of(pen, secret, &key, err), len;

	if (rc == 0) {
		pen->view.secret = s->type == SCHEME_DIGEST ? buf_slice(&key) : (struct slice){NULL, 0};
		struct slice bytes = system_template_slice(s->signs, &pen->view, &scratch);
		len = s->type == SCHEME_DIGEST ? crypto_digest(s->algorithm, bytes, digest)
					       : crypto_hmac(s->algorithm, buf_slice(&key), bytes, digest);
		buf_add(out, digest, len > 0 ? (size_t)len : 0);
	}
	pen->view.secret = (struct slice){NULL, 0};
	explicit_bzero(key.ptr, key.len);
	buf_release(&key);
	buf_release(&scratch);
	return rc;
}

static int sign_private(struct pen *pen, struct slice secret, struct buf *out, struct err *err)
{
	const struct system_scheme *s = pen->scheme;
	enum crypto_scheme how = s->type == SCHEME_ED25519 ? CRYPTO_ED25519
				 : s->type == SCHEME_RSA ? CRYPTO_RSA : s->raw ? CRYPTO_ECDSA_RAW : CRYPTO_ECDSA_DER;
	struct crypto_keys keys = CRYPTO_KEYS_INIT;
	struct buf scratch = BUF_INIT;
	int rc = crypto_keys_read(secret, CRYPTO_USE_PRIVATE, &keys, err);

	if (rc == 0)
		rc = crypto_key_sign(keys.list[0], how, s->algorithm,
				     system_template_slice(s->signs, &pen->view, &scratch), out, err);
	crypto_keys_release(&keys);
	buf_release(&scratch);
	return rc;
}

/* The claims that the file asks for, at the place it names first, and iat. */
static void add_claims(struct pen *pen, struct buf *out)
{
	struct buf text = BUF_INIT;

	buf_addf(out, "{\"iat\":%" PRId64 ",\"exp\":%" PRId64, pen->order->at_ms / 1000, pen->order->at_ms / 1000 + 300);
	for (size_t i = 0; i < pen->scheme->n_claims; i++) {
		const struct system_claim *c = &pen->scheme->claims[i];
		buf_clear(&text);
		buf_add_char(out, ',');
		buf_add_json_text(out, c->name, strcspn(c->name, "|"));
		buf_add_char(out, ':');
		if (c->text) {
			system_template_add(c->text, &pen->view, &text);
			buf_add_json_text(out, text.ptr, text.len);
		} else {
			buf_add_text(out, c->json);
		}
	}
	buf_add_char(out, '}');
	buf_release(&text);
}

static int sign_token(struct pen *pen, struct slice secret, struct buf *out, struct err *err)
{
	unsigned algorithm = crypto_jws_find(pen->scheme->algorithms[0]);
	struct crypto_keys keys = CRYPTO_KEYS_INIT;
	struct buf claims = BUF_INIT, key = BUF_INIT;
	int rc = make_key_of(pen, secret, &key, err);

	if (rc == 0)
		rc = crypto_keys_read(buf_slice(&key), algorithm & CRYPTO_HS_ANY ? CRYPTO_USE_SECRET : CRYPTO_USE_PRIVATE,
				      &keys, err);
	add_claims(pen, &claims);
	if (rc == 0)
		rc = crypto_jws_sign(keys.list[0], algorithm, NULL, NULL, buf_slice(&claims), out, err);
	crypto_keys_release(&keys);
	explicit_bzero(key.ptr, key.len);
	buf_release(&key);
	buf_release(&claims);
	return rc;
}

static int prove(struct pen *pen, struct slice secret, struct err *err)
{
	struct buf proof = BUF_INIT;
	int rc = 0;

	switch (pen->scheme->type) {
	case SCHEME_HMAC:
	case SCHEME_DIGEST: rc = sign_shared(pen, secret, &proof, err); break;
	case SCHEME_SHARED_SECRET: buf_add_slice(&proof, secret); break;
	case SCHEME_ED25519:
	case SCHEME_ECDSA:
	case SCHEME_RSA: rc = sign_private(pen, secret, &proof, err); break;
	case SCHEME_JWT: rc = sign_token(pen, secret, &proof, err); break;
	case SCHEME_BASIC: break;
	}
	if (rc == 0)
		rc = write_part(pen, pen->scheme->signature, buf_slice(&proof), err);
	explicit_bzero(proof.ptr, proof.len);
	buf_release(&proof);
	return rc;
}

static void write_basic(struct pen *pen, struct buf *headers)
{
	struct buf text = BUF_INIT, value = BUF_INIT;

	if (pen->scheme->user && system_template_add(pen->scheme->user, &pen->view, &text) && text.len)
		buf_add_char(&text, ':');
	buf_add_slice(&text, pen->order->secrets[0]);
	buf_add_text(&value, "Basic ");
	crypto_base64(text.ptr, text.len, &value);
	header_list_add(headers, "Authorization", value.ptr, value.len);
	explicit_bzero(text.ptr, text.len);
	buf_release(&text);
	buf_release(&value);
}

/* ---- all of it ---- */

/* The first scheme from this one on that can be written: its number, or -1. */
static int choose(const struct system_signing *order, size_t from, struct err *err)
{
	const struct system *s = order->system;

	for (size_t i = from; i < s->n_schemes; i++) {
		if (order->scheme && strcmp(order->scheme, s->schemes[i].name) != 0)
			continue;
		if (can_write(&s->schemes[i]))
			return (int)i;
	}
	if (!s->n_schemes)
		return err_set(err, ERR_INVALID, "%s proves nothing of itself: nothing is to be signed", s->title);
	return err_set(err, ERR_INVALID, "%s puts its signature into the body, or there is no scheme \"%.40s\": send a "
		       "delivery that was recorded", s->title, order->scheme ? order->scheme : "");
}

/* A digest of the body in the query, which the URL that is signed has too. */
static void write_checks(struct pen *pen, struct buf *query)
{
	struct buf there = BUF_INIT;

	for (size_t i = 0; i < pen->scheme->n_checks; i++) {
		const struct piece *a = pen->scheme->checks[i].a->pieces;
		if (pen->scheme->checks[i].a->n != 1 || !a->source || a->source->kind != SOURCE_QUERY)
			continue;
		buf_clear(&there);
		if (system_source_add(a->source, &pen->view, &there) != 0)
			continue;
		system_template_add(pen->scheme->checks[i].b, &pen->view, &there);
		buf_addf(query, "%s%s=", query->len ? "&" : "", a->source->name);
		pairs_encode(buf_slice(&there), true, query);
	}
	buf_release(&there);
	buf_clear(&pen->url);
	buf_addf(&pen->url, "%s%s%s", pen->order->url, !query->len ? "" : strchr(pen->order->url, '?') ? "&" : "?",
		 query->ptr);
	pen->request.url = pen->url.ptr;
	pen->request.query = strchr(pen->url.ptr, '?') ? strchr(pen->url.ptr, '?') + 1 : "";
}

/* What must be there for the scheme to be asked at all. */
static void write_conditions(struct pen *pen, struct buf *headers)
{
	for (size_t i = 0; pen->scheme->when && i < pen->scheme->when->n; i++) {
		const struct rule *r = &pen->scheme->when->rules[i];
		struct buf there = BUF_INIT;
		if (r->source->kind == SOURCE_HEADER && cJSON_IsString(r->wanted) &&
		    system_source_add(r->source, &pen->view, &there) == 0)
			header_list_add(headers, r->source->name, r->wanted->valuestring, strlen(r->wanted->valuestring));
		buf_release(&there);
	}
}

static void write_places(struct pen *pen, struct buf *headers, struct buf *query)
{
	for (size_t i = 0, wild = 0; i < pen->n; i++) {
		struct place *p = &pen->places[i];
		char *name = p->source->wild ? mem_format("%s%zu", p->source->name, ++wild) : mem_dup(p->source->name);
		if (p->source->kind == SOURCE_HEADER) {
			header_list_add(headers, name, p->text.ptr, p->text.len);
		} else {
			if (query->len)
				buf_add_char(query, '&');
			pairs_encode((struct slice){name, strlen(name)}, true, query);
			buf_add_char(query, '=');
			pairs_encode(buf_slice(&p->text), true, query);
		}
		free(name);
	}
}

static int write_all(struct pen *pen, struct buf *headers, struct buf *query, struct err *err)
{
	const struct system_scheme *s = pen->scheme;

	if (s->type == SCHEME_BASIC)
		return write_basic(pen, headers), 0;
	write_checks(pen, query);
	if (s->timestamp) {
		add_time(pen);
		if (write_part(pen, s->timestamp, pen->view.timestamp, err) < 0)
			return -1;
	}
	if (s->id) {
		add_id(pen);
		if (write_part(pen, s->id, pen->view.id, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < pen->order->n_secrets; i++)
		if (prove(pen, pen->order->secrets[i], err) < 0)
			return -1;
	write_conditions(pen, headers);
	write_places(pen, headers, query);
	return 0;
}

/* 1 signed; 0 this scheme cannot sign such a body. */
static int sign_by(const struct system_signing *order, const struct system_scheme *scheme, struct buf *headers,
		   struct buf *query, struct err *err)
{
	struct pen pen = {.order = order, .scheme = scheme, .time = BUF_INIT, .id = BUF_INIT, .url = BUF_INIT};
	const char *mark = strchr(order->url, '?');

	pen.request = (struct system_request){
		.method = order->method, .url = order->url, .query = mark ? mark + 1 : "", .headers = order->headers,
		.n_headers = order->n_headers, .body = order->body,
	};
	pen.view = (struct system_view){
		.request = &pen.request, .settings = order->settings, .n_settings = order->system->n_settings,
	};
	int rc = write_all(&pen, headers, query, err) < 0 ? -1 : !pen.view.unsignable;
	for (size_t i = 0; i < pen.n; i++)
		buf_release(&pen.places[i].text);
	buf_release(&pen.time);
	buf_release(&pen.id);
	buf_release(&pen.url);
	return rc;
}

int system_sign(const struct system_signing *order, struct buf *headers, struct buf *query, struct err *err)
{
	struct err first = {0}, later;
	int at = choose(order, 0, err);

	if (at < 0)
		return -1;
	if (!order->n_secrets)
		return err_set(err, ERR_INVALID, "there is no secret to sign with");
	/* A secret may be of the form that a later scheme wants, a body of the one that it signs. */
	for (; at >= 0; at = choose(order, (size_t)at + 1, &later)) {
		buf_clear(headers);
		buf_clear(query);
		int rc = sign_by(order, &order->system->schemes[at], headers, query, &later);
		if (rc > 0)
			return 0;
		if (rc == 0)
			err_set(&later, ERR_INVALID, "%s signs the parameters of a form, and this body is none",
				order->system->title);
		if (!first.kind)
			first = later;
	}
	if (err)
		*err = first;
	return -1;
}
