/* SPDX-License-Identifier: MIT */
/* The signature of a token. The header is read before anything is proven, so it is held to be
 * hostile; the payload is nobody's business until the signature holds. */
#include "common/crypto_jws.h"

#include "common/crypto.h"
#include "common/crypto_json.h"
#include "common/jsontext.h"

#include <string.h>
#include <strings.h>

static const struct algorithm {
	const char *name;
	unsigned bit;
	enum crypto_key_kind kind;
	enum crypto_scheme scheme; /* of all but a shared secret */
	const char *digest;
} algorithms[] = {
	{"HS256", CRYPTO_HS256, CRYPTO_KEY_SECRET, 0, "sha256"},
	{"HS384", CRYPTO_HS384, CRYPTO_KEY_SECRET, 0, "sha384"},
	{"HS512", CRYPTO_HS512, CRYPTO_KEY_SECRET, 0, "sha512"},
	{"RS256", CRYPTO_RS256, CRYPTO_KEY_RSA, CRYPTO_RSA, "sha256"},
	{"RS384", CRYPTO_RS384, CRYPTO_KEY_RSA, CRYPTO_RSA, "sha384"},
	{"RS512", CRYPTO_RS512, CRYPTO_KEY_RSA, CRYPTO_RSA, "sha512"},
	{"PS256", CRYPTO_PS256, CRYPTO_KEY_RSA, CRYPTO_RSA_PSS, "sha256"},
	{"ES256", CRYPTO_ES256, CRYPTO_KEY_P256, CRYPTO_ECDSA_RAW, "sha256"},
	{"ES384", CRYPTO_ES384, CRYPTO_KEY_P384, CRYPTO_ECDSA_RAW, "sha384"},
	{"EdDSA", CRYPTO_EDDSA, CRYPTO_KEY_ED25519, CRYPTO_ED25519, NULL},
};

const char *const crypto_jws_names[] = {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512",
					"PS256", "ES256", "ES384", "EdDSA", NULL};

static const struct algorithm *by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return &algorithms[i];
	return NULL;
}

static const struct algorithm *by_bit(unsigned bit)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (algorithms[i].bit == bit)
			return &algorithms[i];
	return NULL;
}

unsigned crypto_jws_find(const char *name)
{
	const struct algorithm *a = by_name(name);

	return a ? a->bit : 0;
}

const char *crypto_jws_name(unsigned algorithm)
{
	const struct algorithm *a = by_bit(algorithm);

	return a ? a->name : "none";
}

int crypto_jws_use(unsigned bits)
{
	if (bits == 0 || (bits & CRYPTO_HS_ANY && bits & ~(unsigned)CRYPTO_HS_ANY))
		return -1;
	return bits & CRYPTO_HS_ANY ? CRYPTO_USE_SECRET : CRYPTO_USE_PUBLIC;
}

/* ---- taking it apart ---- */

struct parts {
	struct slice header, payload, signature; /* as written */
	struct slice signed_text;                /* the first two and the dot between */
};

static int cut(struct slice token, struct parts *out, struct err *err)
{
	const char *end = token.ptr + token.len;
	size_t dots = 0;

	if (token.len == 0)
		return err_set(err, ERR_INVALID, "the token is empty");
	if (token.len > CRYPTO_JWS_TOKEN_MAX)
		return err_set(err, ERR_TOO_BIG, "the token has %zu bytes; at most %d are taken",
			       token.len, CRYPTO_JWS_TOKEN_MAX);
	for (const char *p = token.ptr; p < end; p++)
		dots += *p == '.';
	if (dots == 4)
		return err_set(err, ERR_INVALID, "the token is encrypted (five parts); a signed one is "
			       "asked for");
	if (dots != 2)
		return err_set(err, ERR_INVALID, "the token has %zu parts; a signed one has three, "
			       "divided by dots", dots + 1);
	const char *first = memchr(token.ptr, '.', token.len);
	const char *second = memchr(first + 1, '.', (size_t)(end - first - 1));
	out->header = (struct slice){token.ptr, (size_t)(first - token.ptr)};
	out->payload = (struct slice){first + 1, (size_t)(second - first - 1)};
	out->signature = (struct slice){second + 1, (size_t)(end - second - 1)};
	out->signed_text = (struct slice){token.ptr, (size_t)(second - token.ptr)};
	if (out->payload.len == 0)
		return err_set(err, ERR_INVALID, "the token's payload is empty or detached; it must "
			       "stand in the token");
	if (out->signature.len == 0)
		return err_set(err, ERR_INVALID, "the token is not signed: its third part is empty");
	if (out->header.len > CRYPTO_JWS_HEADER_MAX / 3 * 4)
		return err_set(err, ERR_TOO_BIG, "the token's header has %zu characters; at most %d are "
			       "taken", out->header.len, CRYPTO_JWS_HEADER_MAX / 3 * 4);
	return 0;
}

static int decode(const char *what, struct slice part, struct buf *out, struct err *err)
{
	return crypto_base64url_decode(part, out) == 1
		       ? 0
		       : err_set(err, ERR_INVALID, "the token's %s (%zu characters) is not base64url "
				 "without padding; was it cut off?", what, part.len);
}

/* What the header says of itself, as far as it counts for us. */
static int read_header(struct slice header, const struct crypto_jws_rules *rules,
		       const struct algorithm **out, struct err *err)
{
	static const char *const refused[] = {"crit", "b64", "enc", "zip"};
	struct buf name = BUF_INIT;
	struct slice member;
	int rc = crypto_json_text(header, "alg", &name);

	*out = rc > 0 ? by_name(name.ptr) : NULL;
	bool none = rc > 0 && name.len == 4 && strcasecmp(name.ptr, "none") == 0;
	buf_release(&name);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (jsontext_member(header, refused[i], strlen(refused[i]), &member) == 1)
			return err_set(err, ERR_INVALID, "the token's header has \"%s\", which is not "
				       "taken here", refused[i]);
	if (rc <= 0)
		return err_set(err, ERR_INVALID, "the token's header names no algorithm");
	if (none)
		return err_set(err, ERR_DENIED, "the token says algorithm \"none\": it proves nothing");
	if (!*out)
		return err_set(err, ERR_DENIED, "the token says an algorithm that is not known here");
	if (!(rules->algorithms & (*out)->bit))
		return err_set(err, ERR_DENIED, "the token is signed with %s, which is not among the "
			       "algorithms accepted", (*out)->name);
	return 0;
}

/* ---- trying the keys ---- */

struct trial {
	const struct algorithm *algorithm;
	struct slice kid;                 /* empty: the token has none, or none of our keys has */
	struct slice text, signature;
	int64_t now_ms;
	size_t of_kind, of_kid, in_time;  /* how many keys got that far */
};

static bool signed_with(const struct trial *t, const struct crypto_key *key)
{
	unsigned char mac[CRYPTO_DIGEST_MAX];

	if (t->algorithm->kind != CRYPTO_KEY_SECRET)
		return crypto_key_verify(key, t->algorithm->scheme, t->algorithm->digest, t->text,
					 t->signature, NULL) == 1;
	int len = crypto_hmac(t->algorithm->digest, crypto_key_secret(key), t->text, mac);
	return len > 0 && crypto_equal((struct slice){(char *)mac, (size_t)len}, t->signature);
}

static bool try_key(struct trial *t, const struct crypto_key *key, struct err *err)
{
	const char *id = crypto_key_id(key), *alg = crypto_key_algorithm(key);

	if (crypto_key_kind(key) != t->algorithm->kind ||
	    (*alg && strcmp(alg, t->algorithm->name) != 0))
		return false;
	t->of_kind++;
	if (t->kid.len && *id && !crypto_equal(t->kid, (struct slice){id, strlen(id)}))
		return false;
	t->of_kid++;
	if (crypto_key_valid_at(key, t->now_ms, err) != 1)
		return false;
	t->in_time++;
	return signed_with(t, key);
}

/* Which of the sets holds the signer; -1 with a sentence. All keys are tried, so that the time
 * does not tell which one it was. */
static int find_signer(struct trial *t, const struct crypto_keys *keys, size_t n, struct err *err)
{
	int found = -1;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < keys[i].count; j++)
			if (try_key(t, keys[i].list[j], err) && found < 0)
				found = (int)i;
	if (found >= 0)
		return found;
	if (!t->of_kind)
		return err_set(err, ERR_DENIED, "the token is signed with %s, and no key given here is "
			       "%s meant for it", t->algorithm->name,
			       crypto_key_kind_name(t->algorithm->kind));
	if (!t->of_kid)
		return err_set(err, ERR_DENIED, "the token names a key (kid) that is not among ours; "
			       "has the sender changed keys?");
	if (!t->in_time)
		return -1; /* err says of a certificate when it was valid */
	return err_set(err, ERR_DENIED, "the token's signature (%s) does not hold with %s; is the "
		       "secret the sender's?", t->algorithm->name,
		       t->in_time == 1 ? "the key given here" : "any of the keys given here");
}

static int signer(struct slice header, const struct crypto_jws_rules *rules, struct trial *t,
		  struct err *err)
{
	struct crypto_keys own = CRYPTO_KEYS_INIT;
	struct slice list;

	if (!rules->chain)
		return find_signer(t, rules->keys, rules->n_keys, err);
	if (jsontext_member(header, "x5c", 3, &list) != 1 || jsontext_kind(list) != JSONTEXT_ARRAY)
		return err_set(err, ERR_DENIED, "the token's header has no chain of certificates (x5c)");
	if (crypto_keys_chain(list, rules->trusted, NULL, rules->now_ms, &own, err) < 0)
		return -1;
	int found = find_signer(t, &own, 1, err);
	crypto_keys_release(&own);
	return found;
}

int crypto_jws_open(struct slice token, const struct crypto_jws_rules *rules, struct crypto_jws *out,
		    struct err *err)
{
	struct buf signature = BUF_INIT, kid = BUF_INIT;
	struct trial t = {.now_ms = rules->now_ms};
	struct slice header;
	struct parts parts;
	int rc = -1, found = -1;

	if (cut(token, &parts, err) < 0 || decode("header", parts.header, &out->header, err) < 0 ||
	    decode("payload", parts.payload, &out->payload, err) < 0 ||
	    decode("signature", parts.signature, &signature, err) < 0 ||
	    crypto_json_object(buf_slice(&out->header), "the token's header", &header, err) < 0 ||
	    read_header(header, rules, &t.algorithm, err) < 0)
		goto out;
	if (crypto_json_text(header, "kid", &kid) < 0) {
		err_set(err, ERR_INVALID, "the token's kid is not a text");
		goto out;
	}
	t.kid = buf_slice(&kid);
	t.text = parts.signed_text;
	t.signature = buf_slice(&signature);
	if ((found = signer(header, rules, &t, err)) < 0)
		goto out;
	out->algorithm = t.algorithm->bit;
	out->matched = rules->chain ? -1 : found;
	rc = 0;
out:
	if (rc < 0)
		buf_clear(&out->payload); /* so that nobody reads what nobody proved */
	buf_release(&signature);
	buf_release(&kid);
	return rc;
}

void crypto_jws_release(struct crypto_jws *jws)
{
	buf_release(&jws->header);
	buf_release(&jws->payload);
}

/* ---- making one ---- */

static int sign(const struct crypto_key *key, const struct algorithm *a, struct slice text,
		struct buf *out, struct err *err)
{
	unsigned char mac[CRYPTO_DIGEST_MAX];

	if (a->kind != CRYPTO_KEY_SECRET)
		return crypto_key_sign(key, a->scheme, a->digest, text, out, err);
	int len = crypto_hmac(a->digest, crypto_key_secret(key), text, mac);
	if (len <= 0)
		return err_set(err, ERR_SYSTEM, "there is no digest \"%s\"", a->digest);
	buf_add(out, mac, (size_t)len);
	return 0;
}

int crypto_jws_sign(const struct crypto_key *key, unsigned algorithm, const char *kid,
		    const char *type, struct slice payload, struct buf *out, struct err *err)
{
	const struct algorithm *a = by_bit(algorithm);
	struct buf header = BUF_INIT, text = BUF_INIT, signature = BUF_INIT;

	if (!a)
		return err_set(err, ERR_INVALID, "tokens are signed with one algorithm, %s to %s",
			       algorithms[0].name, algorithms[ARRAY_LEN(algorithms) - 1].name);
	if (crypto_key_kind(key) != a->kind)
		return err_set(err, ERR_INVALID, "%s signs with %s; this is %s", a->name,
			       crypto_key_kind_name(a->kind),
			       crypto_key_kind_name(crypto_key_kind(key)));
	buf_addf(&header, "{\"alg\":\"%s\"", a->name);
	if (type) {
		buf_add_text(&header, ",\"typ\":");
		buf_add_json_text(&header, type, strlen(type));
	}
	if (kid) {
		buf_add_text(&header, ",\"kid\":");
		buf_add_json_text(&header, kid, strlen(kid));
	}
	buf_add_char(&header, '}');
	crypto_base64url(header.ptr, header.len, &text);
	buf_add_char(&text, '.');
	crypto_base64url(payload.ptr, payload.len, &text);
	int rc = sign(key, a, buf_slice(&text), &signature, err);
	if (rc == 0) {
		buf_add_char(&text, '.');
		crypto_base64url(signature.ptr, signature.len, &text);
		buf_add_slice(out, buf_slice(&text));
	}
	buf_release(&header);
	buf_release(&text);
	buf_release(&signature);
	return rc;
}
