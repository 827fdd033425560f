/* SPDX-License-Identifier: MIT */
/* Proofs that need a shared secret: hmac and digest, and the secret itself. Every candidate is
 * compared with every key, so the time does not tell which was near. */
#include "server/verify_system_inner.h"

#include "common/mem.h"

#include <stdio.h>
#include <string.h>

static void first_digits(const void *bytes, size_t len, char out[9])
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < 4; i++)
		snprintf(out + 2 * i, 3, "%02x", i < len ? p[i] : 0);
}

/* The cause of a signature that is another: never more than the first eight digits of each. */
static void refuse_digest(struct attempt *a, const char *key, const unsigned char *digest, int len,
			  struct slice bytes)
{
	struct slice sent = system_candidate(&a->signature, 0);
	char theirs[9], ours[9], hash[65];

	first_digits(sent.ptr, sent.len, theirs);
	first_digits(digest, 4, ours);
	crypto_sha256_hex(bytes, hash);
	if (sent.len != (size_t)len)
		attempt_refuse(a, NEAR_FAULTY, "the signature in %.60s has %zu bytes; %s gives %d",
			       system_part_text(a->scheme->signature), sent.len, a->scheme->algorithm, len);
	else
		attempt_refuse(a, NEAR_MATCH, "the signature in %.60s does not match: it begins %s%s, secret \"%.60s\" "
			       "gives %s over %zu bytes whose SHA-256 begins %.8s; is the secret the sender's, is the "
			       "public URL the one the sender calls, and did a proxy change the body?",
			       system_part_text(a->scheme->signature), theirs,
			       a->signature.n > 1 ? " (the first of several)" : "", key, ours, bytes.len, hash);
}

/* Of a digest the secret is part of the bytes, which so differ from key to key. */
static int make_digest(struct attempt *a, struct slice key, struct slice bytes, struct buf *scratch,
		       unsigned char digest[CRYPTO_DIGEST_MAX])
{
	if (a->scheme->type == SCHEME_HMAC)
		return crypto_hmac(a->scheme->algorithm, key, bytes, digest);
	a->look->view.secret = key;
	bytes = system_template_slice(a->scheme->signs, &a->look->view, scratch);
	int len = crypto_digest(a->scheme->algorithm, bytes, digest);
	a->look->view.secret = (struct slice){NULL, 0};
	explicit_bzero(scratch->ptr, scratch->len);
	return len;
}

static int compare_digests(struct attempt *a, struct slice bytes)
{
	unsigned char digest[CRYPTO_DIGEST_MAX], first[CRYPTO_DIGEST_MAX] = {0};
	struct buf scratch = BUF_INIT;
	const char *tried = NULL;
	int matched = -1, first_len = 0;

	for (size_t k = 0; k < a->v->setup.n_keys; k++) {
		struct slice key = buf_slice(&prepared_of(a, k)->key);
		int len = key.len ? make_digest(a, key, bytes, &scratch, digest) : -1;
		if (len <= 0)
			continue;
		for (size_t i = 0; i < a->signature.n; i++)
			if (crypto_equal(system_candidate(&a->signature, i), (struct slice){(char *)digest, (size_t)len}) &&
			    matched < 0)
				matched = (int)k;
		if (!tried) {
			tried = a->v->setup.keys[k].name;
			first_len = len;
			memcpy(first, digest, sizeof(first));
		}
	}
	if (matched < 0 && tried)
		refuse_digest(a, tried, first, first_len, bytes);
	buf_release(&scratch);
	return matched;
}

/* None of the secrets can be used: why. */
static int refuse_keys(struct attempt *a)
{
	for (size_t k = 0; k < a->v->setup.n_keys; k++) {
		const struct verify_key *key = &a->v->setup.keys[k];
		const char *why = prepared_of(a, k)->why;
		if (!key->value || !key->len)
			attempt_refuse(a, NEAR_FAULTY, "secret \"%.60s\" is not set: ringbolt secret set %.60s", key->name,
				       key->name);
		else
			attempt_refuse(a, NEAR_FAULTY, "secret \"%.60s\" %s", key->name, why);
	}
	if (!a->v->setup.n_keys)
		attempt_refuse(a, NEAR_FAULTY, "the flow names no secret; name one in its authentication");
	return -1;
}

static bool any_usable(const struct attempt *a)
{
	for (size_t k = 0; k < a->v->setup.n_keys; k++)
		if (prepared_of(a, k)->key.len)
			return true;
	return false;
}

int attempt_digest(struct attempt *a)
{
	return any_usable(a) ? attempt_bytes(a, compare_digests) : refuse_keys(a);
}

/* ---- the secret itself ---- */

/* Whole digests are compared, so lengths do not show. */
static int match(const struct attempt *a, struct slice presented)
{
	char digest[65];
	int matched = -1;

	crypto_sha256_hex(presented, digest);
	for (size_t k = 0; k < a->v->setup.n_keys; k++) {
		const struct verify_key *key = &a->v->setup.keys[k];
		if (!key->value || !key->len)
			continue;
		if (crypto_equal((struct slice){digest, 64}, (struct slice){key->digest, 64}) && matched < 0)
			matched = (int)k;
	}
	return matched;
}

static int check_secret(struct attempt *a)
{
	int matched = -1;

	for (size_t i = 0; i < a->signature.n; i++) {
		int one = match(a, system_candidate(&a->signature, i));
		matched = matched < 0 ? one : matched;
	}
	if (matched < 0)
		attempt_refuse(a, NEAR_MATCH, "the secret in %.80s (%zu characters) is none of the flow's",
			       system_part_text(a->scheme->signature), a->signature.len[0]);
	return matched;
}

/* The value of Authorization behind "Basic", decoded: 1, or 0 refused. */
static int basic_text(struct attempt *a, struct buf *out)
{
	const struct system_request *r = &a->look->request;
	const char *value = NULL;
	size_t n = 0;

	for (size_t i = 0; i < r->n_headers; i++)
		if (strcasecmp(r->headers[i].name, "Authorization") == 0 && n++ == 0)
			value = r->headers[i].value;
	if (n != 1)
		return attempt_refuse(a, NEAR_MISSING, n ? "header Authorization was sent %zu times"
						       : "header Authorization is missing%.0zu", n);
	if (strncasecmp(value, "Basic ", 6) != 0)
		return attempt_refuse(a, NEAR_FAULTY, "header Authorization does not begin with \"Basic \"");
	value += 6 + strspn(value + 6, " ");
	if (crypto_base64_decode((struct slice){value, strlen(value)}, out) != 1)
		return attempt_refuse(a, NEAR_FAULTY, "what follows Basic in header Authorization is not base64");
	return 1;
}

/* With a user name of the flow's own the secret is the password; without, it is user:password. */
static int check_basic(struct attempt *a)
{
	struct buf plain = BUF_INIT, user = BUF_INIT;
	int matched = -1;

	if (basic_text(a, &plain)) {
		bool named = a->scheme->user && system_template_add(a->scheme->user, &a->look->view, &user) && user.len;
		const char *colon = memchr(plain.ptr, ':', plain.len);
		size_t len = colon ? (size_t)(colon - plain.ptr) : plain.len;
		struct slice password = {plain.ptr + len + (colon != NULL), plain.len - len - (colon != NULL)};
		bool same = !named || (colon && crypto_equal((struct slice){plain.ptr, len}, buf_slice(&user)));
		matched = match(a, named ? password : buf_slice(&plain));
		if (!same)
			attempt_refuse(a, NEAR_MATCH, "the user name is not \"%.60s\"", user.ptr);
		else if (matched < 0)
			attempt_refuse(a, NEAR_MATCH, "user and password are none of the flow's secrets");
		matched = same ? matched : -1;
	}
	explicit_bzero(plain.ptr, plain.len);
	buf_release(&plain);
	buf_release(&user);
	return matched;
}

int attempt_credential(struct attempt *a)
{
	for (size_t k = 0; k < a->v->setup.n_keys; k++)
		if (a->v->setup.keys[k].value && a->v->setup.keys[k].len)
			return a->scheme->type == SCHEME_BASIC ? check_basic(a) : check_secret(a);
	return refuse_keys(a);
}
