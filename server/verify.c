/* SPDX-License-Identifier: MIT */
/* One function a kind of authentication. Each of several live secrets is always compared, so
 * that the time does not tell which one was near. */
#include "server/verify.h"

#include "common/crypto.h"
#include "common/mem.h"
#include "server/query.h"
#include "server/verify_jwt.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static int PRINTF(2, 3) refuse(struct verify_result *out, const char *fmt, ...)
{
	va_list ap;

	out->matched = -1;
	va_start(ap, fmt);
	vsnprintf(out->cause, sizeof(out->cause), fmt, ap);
	va_end(ap);
	return 0;
}

static void wipe(struct buf *b)
{
	size_t len = b->len;

	mem_wipe_free(buf_take(b), len);
}

void verify_key_init(struct verify_key *key, const struct flow_auth *auth, const char *name,
		     char *value_take, size_t len)
{
	struct buf whole = BUF_INIT;

	*key = (struct verify_key){.name = name, .value = value_take, .len = len};
	if (!value_take)
		return;
	if (auth->type == AUTH_BASIC)
		buf_addf(&whole, "%s:", auth->user ? auth->user : "");
	buf_add(&whole, value_take, len);
	crypto_sha256_hex(buf_slice(&whole), key->digest);
	wipe(&whole);
	key->jwt = verify_jwt_key_new(auth, (struct slice){value_take, len});
}

void verify_key_release(struct verify_key *key)
{
	mem_wipe_free(key->value, key->len);
	verify_jwt_key_free(key->jwt);
	explicit_bzero(key->digest, sizeof(key->digest));
	key->value = NULL;
	key->jwt = NULL;
}

static bool any_key(const struct verify_key *keys, size_t n, struct verify_result *out)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].value && keys[i].len)
			return true;
	if (n)
		refuse(out, "secret \"%s\" is not set: ringbolt secret set %s", keys[0].name,
		       keys[0].name);
	else
		refuse(out, "the flow names no secret; name one in its authentication");
	return false;
}

/* Is this one of the secrets? Whole digests are compared, so lengths do not show. */
static int match(const struct verify_key *keys, size_t n, struct slice presented)
{
	char digest[65];
	int found = -1;

	crypto_sha256_hex(presented, digest);
	for (size_t i = 0; i < n; i++) {
		if (!keys[i].value || !keys[i].len)
			continue;
		bool same = crypto_equal((struct slice){digest, 64}, (struct slice){keys[i].digest, 64});
		if (same && found < 0)
			found = (int)i;
	}
	return found;
}

/* The one value of a header, or NULL with the cause. */
static const char *single(const struct http_request *request, const char *name,
			  struct verify_result *out)
{
	size_t n = http_request_header_count(request, name);

	if (n == 1)
		return http_request_header(request, name);
	if (n == 0)
		refuse(out, "header %.80s is missing", name);
	else
		refuse(out, "header %.80s was sent %zu times", name, n);
	return NULL;
}

static int check_api_key(const struct flow_auth *auth, const struct verify_key *keys, size_t n,
			 const struct http_request *request, struct verify_result *out)
{
	if (!auth->in_query) {
		const char *value = single(request, auth->name, out);
		if (!value)
			return 0;
		out->matched = match(keys, n, (struct slice){value, strlen(value)});
		return out->matched >= 0 ||
		       refuse(out, "the key in header %.80s (%zu characters) is none of the "
			      "flow's secrets", auth->name, strlen(value));
	}
	struct buf value = BUF_INIT;
	size_t times = query_find(request->query, auth->name, &value), len = value.len;
	if (times == 1)
		out->matched = match(keys, n, buf_slice(&value));
	wipe(&value);
	if (times != 1)
		return refuse(out, times ? "query parameter %.80s was sent more than once"
					 : "query parameter %.80s is missing", auth->name);
	return out->matched >= 0 ||
	       refuse(out, "the key in query parameter %.80s (%zu characters) is none of the "
		      "flow's secrets", auth->name, len);
}

/* What follows the scheme in Authorization, or NULL with the cause. */
static const char *credentials(const struct http_request *request, const char *scheme,
			       struct verify_result *out)
{
	const char *value = single(request, "Authorization", out);
	size_t len = strlen(scheme);

	if (!value)
		return NULL;
	if (strncasecmp(value, scheme, len) != 0 || value[len] != ' ') {
		refuse(out, "header Authorization does not begin with \"%s \"", scheme);
		return NULL;
	}
	for (value += len; *value == ' '; value++)
		;
	return value;
}

static int check_basic(const struct flow_auth *auth, const struct verify_key *keys, size_t n,
		       const struct http_request *request, struct verify_result *out)
{
	const char *text = credentials(request, "Basic", out);
	struct buf plain = BUF_INIT;

	if (!text)
		return 0;
	if (crypto_base64_decode((struct slice){text, strlen(text)}, &plain) != 1) {
		buf_release(&plain);
		return refuse(out, "what follows Basic in header Authorization is not base64");
	}
	out->matched = match(keys, n, buf_slice(&plain));
	const char *user = auth->user ? auth->user : "", *colon = memchr(plain.ptr, ':', plain.len);
	bool same_user = colon && crypto_equal((struct slice){plain.ptr, (size_t)(colon - plain.ptr)},
					       (struct slice){user, strlen(user)});
	wipe(&plain);
	if (out->matched >= 0)
		return 1;
	return same_user ? refuse(out, "the password of user \"%.60s\" is none of the flow's secrets",
				  user)
			 : refuse(out, "the user name is not \"%.60s\"", user);
}

static int check_bearer(const struct verify_key *keys, size_t n, const struct http_request *request,
			struct verify_result *out)
{
	const char *token = credentials(request, "Bearer", out);

	if (!token)
		return 0;
	out->matched = match(keys, n, (struct slice){token, strlen(token)});
	return out->matched >= 0 ||
	       refuse(out, "the bearer token (%zu characters) is none of the flow's secrets",
		      strlen(token));
}

/* ---- hmac ---- */

/* The signature without its prefix, or NULL with the cause. */
static const char *signature(const struct flow_auth *auth, const struct http_request *request,
			     struct verify_result *out)
{
	const char *value = single(request, auth->name, out), *prefix = auth->prefix ? auth->prefix : "";
	size_t len = strlen(prefix);

	if (!value)
		return NULL;
	if (strncmp(value, prefix, len) != 0) {
		refuse(out, "header %.80s does not begin with \"%.40s\"", auth->name, prefix);
		return NULL;
	}
	return value + len;
}

static void first_digits(const void *bytes, size_t len, char out[9])
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < 4; i++)
		snprintf(out + 2 * i, 3, "%02x", i < len ? p[i] : 0);
}

static int refuse_signature(const struct flow_auth *auth, const struct verify_key *key,
			    struct slice sent, const unsigned char *digest, size_t body_len,
			    struct verify_result *out)
{
	char theirs[9], ours[9];

	first_digits(sent.ptr, sent.len, theirs);
	first_digits(digest, 4, ours);
	return refuse(out, "the signature in header %.60s does not match: it begins %s, secret "
		      "\"%.60s\" gives %s over %zu body bytes; is the secret the sender's, and did "
		      "a proxy change the body?", auth->name, theirs, key->name, ours, body_len);
}

static int check_hmac(const struct flow_auth *auth, const struct verify_key *keys, size_t n,
		      const struct http_request *request, struct slice body,
		      struct verify_result *out)
{
	const char *text = signature(auth, request, out);
	unsigned char digest[CRYPTO_DIGEST_MAX] = {0}, first[CRYPTO_DIGEST_MAX] = {0};
	const struct verify_key *tried = NULL;
	struct buf sent = BUF_INIT;
	int len = 0;

	if (!text)
		return 0;
	struct slice coded = {text, strlen(text)};
	bool base64 = auth->encoding && strcmp(auth->encoding, "base64") == 0;
	if ((base64 ? crypto_base64_decode(coded, &sent) : crypto_hex_decode(coded, &sent)) != 1) {
		buf_release(&sent);
		return refuse(out, "the signature in header %.80s (%zu characters) is not %s",
			      auth->name, coded.len, base64 ? "base64" : "hex");
	}
	out->matched = -1;
	for (size_t i = 0; i < n; i++) {
		if (!keys[i].value || !keys[i].len)
			continue;
		len = crypto_hmac(auth->algorithm, (struct slice){keys[i].value, keys[i].len}, body, digest);
		if (len > 0 && crypto_equal(buf_slice(&sent), (struct slice){(char *)digest, (size_t)len}) &&
		    out->matched < 0)
			out->matched = (int)i;
		if (!tried) {
			tried = &keys[i];
			memcpy(first, digest, sizeof(first));
		}
	}
	if (out->matched < 0 && len <= 0)
		refuse(out, "there is no digest \"%.40s\"", auth->algorithm ? auth->algorithm : "");
	else if (out->matched < 0 && sent.len != (size_t)len)
		refuse(out, "the signature in header %.80s has %zu bytes; %s gives %d", auth->name,
		       sent.len, auth->algorithm, len);
	else if (out->matched < 0)
		refuse_signature(auth, tried, buf_slice(&sent), first, body.len, out);
	buf_release(&sent);
	return out->matched >= 0;
}

/* ---- the two moments ---- */

int verify_head(const struct flow_auth *auth, const struct verify_key *keys, size_t n_keys,
		const struct http_request *request, struct verify_result *out)
{
	*out = (struct verify_result){.matched = -1};
	if (auth->type == AUTH_NONE)
		return 1;
	if (!any_key(keys, n_keys, out))
		return 0;
	switch (auth->type) {
	case AUTH_NONE:
		return 1;
	case AUTH_API_KEY:
		return check_api_key(auth, keys, n_keys, request, out);
	case AUTH_BASIC:
		return check_basic(auth, keys, n_keys, request, out);
	case AUTH_BEARER:
		return check_bearer(keys, n_keys, request, out);
	case AUTH_HMAC:
		return signature(auth, request, out) != NULL;
	case AUTH_SYSTEM: /* verify_system.h; who asks here has none prepared */
		break;
	case AUTH_JWT:
		return verify_jwt_head(auth, keys, n_keys, request, out);
	}
	return refuse(out, "the flow's authentication is of a kind this version does not know");
}

int verify_body(const struct flow_auth *auth, const struct verify_key *keys, size_t n_keys,
		const struct http_request *request, struct slice body, struct verify_result *out)
{
	if (auth->type == AUTH_JWT)
		return verify_jwt_body(auth, keys, n_keys, body, out);
	if (auth->type != AUTH_HMAC)
		return auth->type != AUTH_SYSTEM;
	*out = (struct verify_result){.matched = -1};
	return any_key(keys, n_keys, out) && check_hmac(auth, keys, n_keys, request, body, out);
}

const char *verify_challenge(const struct flow_auth *auth)
{
	if (auth->type == AUTH_BASIC)
		return "Basic realm=\"ringbolt\", charset=\"UTF-8\"";
	bool token = auth->type == AUTH_JWT && strcasecmp(auth->name, "Authorization") == 0;
	return token || auth->type == AUTH_BEARER ? "Bearer realm=\"ringbolt\"" : NULL;
}

const char *verify_credential_header(const struct flow_auth *auth)
{
	switch (auth->type) {
	case AUTH_API_KEY:
		return auth->in_query ? NULL : auth->name;
	case AUTH_JWT:
		return auth->in_query || auth->jwt->in_body ? NULL : auth->name;
	case AUTH_BASIC:
	case AUTH_BEARER:
		return "Authorization";
	case AUTH_NONE:
	case AUTH_HMAC:
	case AUTH_SYSTEM: /* its file knows: flow/auth_system.h */
		break;
	}
	return NULL;
}
