/* SPDX-License-Identifier: MIT */
/* What a JSON Web Token claims of itself (RFC 7519 section 4.1). */
#include "common/crypto_jws.h"

#include "common/crypto.h"
#include "common/crypto_json.h"
#include "common/jsontext.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 1e15 /* beyond it a double does not tell seconds apart */

/* A NumericDate, which may have a fraction: 1, 0 absent, -1 with a sentence. */
static int time_claim(struct slice claims, const char *name, double *seconds, struct err *err)
{
	struct slice value;
	char text[64], *end;

	if (jsontext_member(claims, name, strlen(name), &value) != 1)
		return 0;
	if (jsontext_kind(value) != JSONTEXT_NUMBER || value.len >= sizeof(text))
		goto refused;
	memcpy(text, value.ptr, value.len);
	text[value.len] = '\0';
	*seconds = strtod(text, &end);
	if (!*end && isfinite(*seconds) && fabs(*seconds) < SECONDS_MAX)
		return 1;
refused:
	return err_set(err, ERR_INVALID, "the token's %s is not a number of seconds", name);
}

static int check_times(struct slice claims, const struct crypto_jwt_rules *rules, struct err *err)
{
	double now = (double)rules->now_ms / 1000, slack = (double)rules->tolerance_s;
	double max_age = (double)rules->max_age_s, exp = 0, nbf = 0, iat = 0;
	int has_exp = time_claim(claims, "exp", &exp, err);
	int has_nbf = has_exp < 0 ? -1 : time_claim(claims, "nbf", &nbf, err);
	int has_iat = has_nbf < 0 ? -1 : time_claim(claims, "iat", &iat, err);

	if (has_iat < 0)
		return -1;
	if (has_exp && now >= exp + slack)
		return err_set(err, ERR_DENIED, "the token expired %.0f seconds ago (exp); do the "
			       "clocks agree?", floor(now - exp));
	if (has_nbf && now < nbf - slack)
		return err_set(err, ERR_DENIED, "the token is not valid for another %.0f seconds "
			       "(nbf); do the clocks agree?", ceil(nbf - now));
	if (has_iat && now < iat - slack)
		return err_set(err, ERR_DENIED, "the token was issued %.0f seconds in the future "
			       "(iat); do the clocks agree?", ceil(iat - now));
	if (rules->max_age_s > 0 && !has_iat)
		return err_set(err, ERR_DENIED, "the token does not say when it was issued (iat), and "
			       "its age counts here");
	if (rules->max_age_s > 0 && now > iat + max_age + slack)
		return err_set(err, ERR_DENIED, "the token is %.0f seconds old (iat); at most %lld are "
			       "accepted", floor(now - iat), (long long)rules->max_age_s);
	if (rules->expires && !has_exp)
		return err_set(err, ERR_DENIED, "the token never expires (it has no exp), which is not "
			       "accepted here");
	return 0;
}

static bool same_string(struct slice json, struct slice text)
{
	struct buf value = BUF_INIT;

	if (jsontext_kind(json) != JSONTEXT_STRING)
		return false;
	jsontext_string(json, &value);
	bool same = crypto_equal(buf_slice(&value), text);
	buf_release(&value);
	return same;
}

static bool audience_holds(struct slice claims, const char *audience)
{
	struct slice value, want = {audience, strlen(audience)};
	struct jsontext_walk w;

	if (jsontext_member(claims, "aud", 3, &value) != 1)
		return false;
	if (jsontext_kind(value) != JSONTEXT_ARRAY)
		return same_string(value, want);
	jsontext_walk_start(&w, value);
	while (jsontext_walk_next(&w))
		if (same_string(w.value, want))
			return true;
	return false;
}

static bool same_json(struct slice a, struct slice b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;

	if (jsontext_kind(a) != jsontext_kind(b))
		return false;
	jsontext_text(a, &x); /* a string decoded, anything else without white space */
	jsontext_text(b, &y);
	bool same = crypto_equal(buf_slice(&x), buf_slice(&y));
	buf_release(&x);
	buf_release(&y);
	return same;
}

static int refuse_claim(struct slice claims, const char *name, struct err *err)
{
	struct slice value;

	if (jsontext_member(claims, name, strlen(name), &value) != 1)
		return err_set(err, ERR_DENIED, "the token has no claim \"%.60s\"", name);
	return err_set(err, ERR_DENIED, "the token's claim \"%.60s\" is not what it must be", name);
}

int crypto_jwt_check(struct slice payload, const struct crypto_jwt_rules *rules, struct err *err)
{
	struct slice claims, value;

	if (crypto_json_object(payload, "the token's payload", &claims, err) < 0 ||
	    check_times(claims, rules, err) < 0)
		return -1;
	if (rules->issuer && !crypto_json_is(claims, "iss", rules->issuer))
		return refuse_claim(claims, "iss", err);
	if (rules->audience && !audience_holds(claims, rules->audience))
		return refuse_claim(claims, "aud", err);
	for (size_t i = 0; i < rules->n_claims; i++) {
		const char *name = rules->claims[i].name;
		if (jsontext_member(claims, name, strlen(name), &value) != 1 ||
		    !same_json(value, jsontext_trim(rules->claims[i].json)))
			return refuse_claim(claims, name, err);
	}
	return 0;
}
