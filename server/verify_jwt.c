/* SPDX-License-Identifier: MIT */
#include "server/verify_jwt.h"

#include "common/clock.h"
#include "common/crypto_jws.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "server/query.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct verify_jwt_key {
	struct crypto_keys keys; /* empty: the secret is none, and why says so */
	struct err why;
};

struct verify_jwt_key *verify_jwt_key_new(const struct flow_auth *auth, struct slice secret)
{
	if (auth->type != AUTH_JWT)
		return NULL;
	struct verify_jwt_key *key = mem_new(sizeof(*key));
	int use = crypto_jws_use(auth->jwt->algorithms);

	if (use < 0)
		err_set(&key->why, ERR_INVALID, "its algorithms are of two sorts");
	else if (crypto_keys_read(secret, (enum crypto_key_use)use, &key->keys, &key->why) < 0)
		key->keys = (struct crypto_keys)CRYPTO_KEYS_INIT;
	return key;
}

void verify_jwt_key_free(struct verify_jwt_key *key)
{
	if (key)
		crypto_keys_release(&key->keys);
	free(key);
}

static int PRINTF(2, 3) refuse(struct verify_result *out, const char *fmt, ...)
{
	va_list ap;

	out->matched = -1;
	va_start(ap, fmt);
	vsnprintf(out->cause, sizeof(out->cause), fmt, ap);
	va_end(ap);
	return 0;
}

static int refuse_key(const struct verify_key *keys, size_t n, struct verify_result *out)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].jwt)
			return refuse(out, "secret \"%.60s\": %s", keys[i].name, keys[i].jwt->why.text);
	return refuse(out, "the flow has no secret that is set");
}

/* The claims are judged only when the signature holds. */
static int check_token(const struct flow_auth *auth, const struct verify_key *keys, size_t n,
		       struct slice token, struct verify_result *out)
{
	const struct flow_jwt *jwt = auth->jwt;
	struct crypto_keys *sets = mem_array(n + 1, sizeof(*sets));
	struct crypto_jws got = CRYPTO_JWS_INIT;
	int64_t now_ms = clock_wall_ms();
	size_t usable = 0;
	struct err err;

	for (size_t i = 0; i < n; i++) {
		if (keys[i].jwt)
			sets[i] = keys[i].jwt->keys; /* borrowed */
		usable += sets[i].count;
	}
	struct crypto_jws_rules rules = {.algorithms = jwt->algorithms, .keys = sets, .n_keys = n,
					 .now_ms = now_ms};
	struct crypto_jwt_rules claims = {
		.now_ms = now_ms,
		.tolerance_s = jwt->tolerance_s,
		.max_age_s = jwt->max_age_s,
		.expires = jwt->max_age_s == 0,
		.issuer = jwt->issuer,
		.audience = jwt->audience,
		.claims = jwt->claims,
		.n_claims = jwt->n_claims,
	};
	if (!usable)
		refuse_key(keys, n, out);
	else if (crypto_jws_open(token, &rules, &got, &err) < 0 ||
		 crypto_jwt_check(buf_slice(&got.payload), &claims, &err) < 0)
		refuse(out, "%s", err.text);
	else
		out->matched = got.matched;
	crypto_jws_release(&got);
	free(sets);
	return out->matched >= 0;
}

static int check_value(const struct flow_auth *auth, const struct verify_key *keys, size_t n,
		       struct slice value, const char *where, struct verify_result *out)
{
	size_t len = strlen(auth->prefix);

	if (value.len < len || (len && strncasecmp(value.ptr, auth->prefix, len) != 0))
		return refuse(out, "%s does not begin with \"%.64s\"", where, auth->prefix);
	return check_token(auth, keys, n, (struct slice){value.ptr + len, value.len - len}, out);
}

int verify_jwt_head(const struct flow_auth *auth, const struct verify_key *keys, size_t n,
		    const struct http_request *request, struct verify_result *out)
{
	struct buf value = BUF_INIT;
	char where[160];
	size_t times;

	if (auth->jwt->in_body)
		return 1;
	if (auth->in_query) {
		times = query_find(request->query, auth->name, &value);
		snprintf(where, sizeof(where), "query parameter %.80s", auth->name);
	} else {
		times = http_request_header_count(request, auth->name);
		if (times == 1)
			buf_add_text(&value, http_request_header(request, auth->name));
		snprintf(where, sizeof(where), "header %.80s", auth->name);
	}
	int ok = times == 1  ? check_value(auth, keys, n, buf_slice(&value), where, out)
		 : times == 0 ? refuse(out, "%s is missing", where)
			      : refuse(out, "%s was sent %zu times", where, times);
	buf_release(&value);
	return ok;
}

int verify_jwt_body(const struct flow_auth *auth, const struct verify_key *keys, size_t n,
		    struct slice body, struct verify_result *out)
{
	struct slice member;
	struct buf value = BUF_INIT;
	char where[160];
	int ok;

	if (!auth->jwt->in_body)
		return 1;
	*out = (struct verify_result){.matched = -1};
	if (!*auth->name)
		return check_value(auth, keys, n, jsontext_trim(body), "the body", out);
	if (jsontext_check(body, JSONTEXT_DEPTH_MAX, NULL) < 0 ||
	    jsontext_kind(jsontext_trim(body)) != JSONTEXT_OBJECT)
		return refuse(out, "the body is not a JSON object, so it has no member %.80s",
			      auth->name);
	snprintf(where, sizeof(where), "member %.80s of the body", auth->name);
	if (jsontext_member(jsontext_trim(body), auth->name, strlen(auth->name), &member) != 1 ||
	    jsontext_kind(member) != JSONTEXT_STRING)
		return refuse(out, "%s is missing, or no text", where);
	jsontext_string(member, &value);
	ok = check_value(auth, keys, n, buf_slice(&value), where, out);
	buf_release(&value);
	return ok;
}
