/* SPDX-License-Identifier: MIT */
/* Proofs that need a public key, pasted as the secret or fetched; and tokens. */
#include "server/verify_system_inner.h"

#include "common/crypto_jws.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "server/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned algorithms_of(const struct system_scheme *s)
{
	unsigned bits = 0;

	for (size_t i = 0; s->algorithms && s->algorithms[i]; i++)
		bits |= crypto_jws_find(s->algorithms[i]);
	return bits;
}

/* ---- keys, once for a table of hooks ---- */

static bool is_public(enum system_scheme_type type)
{
	return type == SCHEME_ED25519 || type == SCHEME_ECDSA || type == SCHEME_RSA;
}

static bool knows_public_keys(const struct system *s)
{
	for (size_t i = 0; i < s->n_schemes; i++)
		if (is_public(s->schemes[i].type) ||
		    (s->schemes[i].type == SCHEME_JWT && !(algorithms_of(&s->schemes[i]) & CRYPTO_HS_ANY)))
			return true;
	return false;
}

static bool reads_as_public(struct slice text)
{
	struct crypto_keys keys = CRYPTO_KEYS_INIT;
	bool is = crypto_keys_read(text, CRYPTO_USE_PUBLIC, &keys, NULL) == 0;

	crypto_keys_release(&keys);
	return is;
}

/* As it stands, or as one of the system's schemes would read it: whpk_... */
static bool is_public_key(const struct system *s, struct slice secret)
{
	bool is = reads_as_public(secret);

	for (size_t i = 0; i < s->n_schemes && !is; i++) {
		struct buf key = BUF_INIT;
		if (is_public(s->schemes[i].type) && system_key(s->schemes[i].key, s->schemes[i].n_key, secret, &key))
			is = reads_as_public(buf_slice(&key));
		explicit_bzero(key.ptr, key.len);
		buf_release(&key);
	}
	return is;
}

static void prepare_public(struct prepared *p, enum crypto_key_use use, struct slice text)
{
	struct err err;

	if (crypto_keys_read(text, use, &p->public, &err) < 0) {
		p->public = (struct crypto_keys)CRYPTO_KEYS_INIT;
		snprintf(p->why, sizeof(p->why), "is not usable: %.160s", err.text);
	}
}

void prepare_key(struct prepared *p, const struct system *s, const struct system_scheme *scheme, bool alone,
		 struct slice secret)
{
	bool token = scheme->type == SCHEME_JWT, public = is_public(scheme->type);
	bool shared = token ? (algorithms_of(scheme) & CRYPTO_HS_ANY) != 0 : !public;
	struct buf key = BUF_INIT;

	buf_init(&p->key);
	p->public = (struct crypto_keys)CRYPTO_KEYS_INIT;
	if (!secret.ptr || !secret.len)
		return;
	/* Everybody knows a public key: as a shared secret it would let everybody in. */
	if (shared && !alone && knows_public_keys(s) && is_public_key(s, secret)) {
		snprintf(p->why, sizeof(p->why), "is a public key, which is never taken for a shared secret (where it "
			 "is one, the flow says so: authentication.scheme)");
		return;
	}
	if (!system_key(scheme->key, scheme->n_key, secret, &key))
		snprintf(p->why, sizeof(p->why), "is not of the form that %.60s gives it: is it whole, and is it this "
			 "webhook's?", s->title);
	else if (token || public)
		prepare_public(p, shared ? CRYPTO_USE_SECRET : CRYPTO_USE_PUBLIC, buf_slice(&key));
	else
		buf_add_slice(&p->key, buf_slice(&key));
	explicit_bzero(key.ptr, key.len);
	buf_release(&key);
}

void prepared_release(struct prepared *p)
{
	explicit_bzero(p->key.ptr, p->key.len);
	buf_release(&p->key);
	crypto_keys_release(&p->public);
}

/* ---- pasted keys, or fetched ones ---- */

static bool any_pasted(struct attempt *a)
{
	bool set = false;

	for (size_t k = 0; k < a->v->setup.n_keys; k++) {
		const struct verify_key *key = &a->v->setup.keys[k];
		set = set || (key->value && key->len);
		if (prepared_of(a, k)->public.count)
			return true;
		if (key->value && key->len)
			attempt_refuse(a, NEAR_FAULTY, "secret \"%.60s\" %.200s", key->name, prepared_of(a, k)->why);
	}
	return set;
}

/* The fetched keys, held: 1, or 0 refused. A pasted key always wins, and where one is named it must
 * be set: a flow that pins a key does not fall back to another. */
static int fetch_keys(struct attempt *a, bool afresh, struct keys_set **out)
{
	const struct system_public_key *from = &a->scheme->public_key;
	struct buf url = BUF_INIT;
	struct err err;
	int rc = 0;

	if (!from->fetch || a->v->setup.n_keys) {
		if (a->v->setup.n_keys)
			attempt_refuse(a, NEAR_FAULTY, "secret \"%.60s\" is not set: ringbolt secret set %.60s",
				       a->v->setup.keys[0].name, a->v->setup.keys[0].name);
		else
			attempt_refuse(a, NEAR_FAULTY, "the flow names no secret that holds the public key");
		return 0;
	}
	if (!a->v->setup.fetched)
		return attempt_refuse(a, NEAR_FAULTY, "the sender's key would have to be fetched; paste it as the secret");
	system_template_add(from->fetch, &a->look->view, &url);
	if (keys_get(a->v->setup.fetched, from, url.ptr, afresh, a->now_ms, out, &err) < 0)
		attempt_refuse(a, NEAR_FAULTY, "the sender's key: %.400s", err.text);
	else
		rc = 1;
	buf_release(&url);
	return rc;
}

/* ---- signatures ---- */

static enum crypto_scheme scheme_of(const struct system_scheme *s)
{
	if (s->type == SCHEME_ED25519)
		return CRYPTO_ED25519;
	if (s->type == SCHEME_RSA)
		return CRYPTO_RSA;
	return s->raw ? CRYPTO_ECDSA_RAW : CRYPTO_ECDSA_DER;
}

static bool holds(struct attempt *a, const struct crypto_keys *keys, struct slice bytes)
{
	bool any = false;
	struct err err;

	for (size_t k = 0; k < keys->count && !any; k++) {
		if (crypto_key_valid_at(keys->list[k], a->now_ms, &err) != 1) {
			attempt_refuse(a, NEAR_FAULTY, "%.300s", err.text);
			continue;
		}
		for (size_t i = 0; i < a->signature.n && !any; i++) {
			int rc = crypto_key_verify(keys->list[k], scheme_of(a->scheme), a->scheme->algorithm, bytes,
						   system_candidate(&a->signature, i), &err);
			if (rc < 0)
				attempt_refuse(a, NEAR_FAULTY, "%.300s", err.text);
			any = rc > 0;
		}
	}
	return any;
}

static int verify_pasted(struct attempt *a, struct slice bytes)
{
	for (size_t k = 0; k < a->v->setup.n_keys; k++)
		if (holds(a, &prepared_of(a, k)->public, bytes))
			return (int)k;
	char hash[65];
	crypto_sha256_hex(bytes, hash);
	attempt_refuse(a, NEAR_MATCH, "the signature in %.60s does not hold over %zu bytes whose SHA-256 begins %.8s with "
		       "the key in secret \"%.60s\"; is it the sender's, and did a proxy change the body?",
		       system_part_text(a->scheme->signature), bytes.len, hash, a->v->setup.keys[0].name);
	return -1;
}

static int verify_fetched(struct attempt *a, struct slice bytes)
{
	if (a->fetched && holds(a, keys_of(a->fetched), bytes))
		return (int)a->v->setup.n_keys;
	attempt_refuse(a, NEAR_MATCH, "the signature in %.60s does not hold over %zu bytes with the key that was fetched",
		       system_part_text(a->scheme->signature), bytes.len);
	return -1;
}

int attempt_public(struct attempt *a)
{
	int matched = -1;

	if (any_pasted(a))
		return attempt_bytes(a, verify_pasted);
	/* A sender may have changed its key a moment ago: then once more with what is there now. */
	for (int afresh = 0; afresh < 2 && matched < 0; afresh++) {
		if (!fetch_keys(a, afresh, &a->fetched))
			return -1;
		matched = attempt_bytes(a, verify_fetched);
		keys_drop(a->fetched);
		a->fetched = NULL;
	}
	return matched;
}

/* ---- tokens ---- */

/* What a claim must be, as JSON. */
static void add_wanted(struct attempt *a, const struct system_claim *c, struct buf *out)
{
	struct buf text = BUF_INIT;

	if (!c->text) {
		buf_add_text(out, c->json);
		return;
	}
	system_template_add(c->text, &a->look->view, &text);
	buf_add_json_text(out, text.ptr, text.len);
	buf_release(&text);
}

static int check_claims(struct attempt *a, struct slice payload)
{
	const struct system_scheme *s = a->scheme;
	int64_t own = a->v->setup.auth->tolerance_s;
	struct crypto_jwt_rules rules = {
		.now_ms = a->now_ms, .tolerance_s = own > 0 ? own : s->tolerance_s ? s->tolerance_s : 60,
		.max_age_s = s->max_age_s,
	};
	struct buf wanted = BUF_INIT;
	struct err err;

	if (crypto_jwt_check(payload, &rules, &err) < 0)
		return attempt_refuse(a, NEAR_MATCH, "%.300s", err.text);
	for (size_t i = 0; i < s->n_claims; i++) {
		buf_clear(&wanted);
		add_wanted(a, &s->claims[i], &wanted);
		if (system_claim_is(&s->claims[i], payload, buf_slice(&wanted)))
			continue;
		buf_release(&wanted);
		return attempt_refuse(a, NEAR_MATCH, "the token's claim \"%.80s\" is not what it must be",
				      s->claims[i].name);
	}
	buf_release(&wanted);
	return 1;
}

static int open_token(struct attempt *a, const struct crypto_keys *sets, size_t n)
{
	struct crypto_jws_rules rules = {
		.algorithms = algorithms_of(a->scheme), .keys = sets, .n_keys = n, .chain = a->scheme->chain,
		.now_ms = a->now_ms,
		.trusted = {a->scheme->public_key.trusted,
			    a->scheme->public_key.trusted ? strlen(a->scheme->public_key.trusted) : 0},
	};
	int matched = -1;
	struct err err;

	for (size_t i = 0; i < a->signature.n && matched < 0; i++) {
		struct crypto_jws got = CRYPTO_JWS_INIT;
		if (crypto_jws_open(system_candidate(&a->signature, i), &rules, &got, &err) < 0)
			attempt_refuse(a, NEAR_FAULTY, "%.300s", err.text);
		else if (check_claims(a, buf_slice(&got.payload)))
			matched = got.matched < 0 ? 0 : got.matched;
		crypto_jws_release(&got);
	}
	return matched;
}

int attempt_token(struct attempt *a)
{
	size_t n = a->v->setup.n_keys;
	int matched = -1;

	if (a->scheme->chain)
		return open_token(a, NULL, 0);
	if (any_pasted(a)) {
		struct crypto_keys *sets = mem_array(n + 1, sizeof(*sets));
		for (size_t k = 0; k < n; k++)
			sets[k] = prepared_of(a, k)->public; /* borrowed */
		matched = open_token(a, sets, n);
		free(sets);
		return matched;
	}
	for (int afresh = 0; afresh < 2 && matched < 0; afresh++) {
		if (!fetch_keys(a, afresh, &a->fetched))
			return -1;
		if (open_token(a, keys_of(a->fetched), 1) >= 0)
			matched = (int)n;
		keys_drop(a->fetched);
		a->fetched = NULL;
	}
	return matched;
}
