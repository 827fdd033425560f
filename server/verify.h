/* SPDX-License-Identifier: MIT */
/*
 * verify: did a caller that knows the flow's secret send this? Interprets the authentication
 * of a webhook over the raw bytes of a request. Knows neither store nor flow documents; the
 * secrets are handed in.
 *
 * Fails closed: no secret, no entry. Comparisons take the same time wherever the difference
 * lies, and are made on digests where the lengths would tell something.
 *
 * A refusal has a cause in words an operator can act on: which header is missing, how long
 * the signature is, its first eight digits and those of the one computed here. Never the whole
 * digest, never the secret, never what was sent as a password. The caller is told nothing of it.
 *
 * Sources: RFC 7617 (basic), RFC 6750 (bearer), RFC 2104 (HMAC), RFC 7519 (jwt).
 */
#ifndef SERVER_VERIFY_H
#define SERVER_VERIFY_H

#include "common/base.h"
#include "flow/flow.h"
#include "server/http.h"

struct verify_key {             /* one live secret of a flow */
	const char *name;       /* borrowed */
	char *value;            /* NULL: no such secret is set */
	size_t len;
	char digest[65];        /* what a presented credential must hash to */
	struct verify_jwt_key *jwt; /* jwt: what the secret is as keys (verify_jwt.h) */
};

/* verify_key_init takes the value over (it may be NULL) and prepares the comparison that this
 * kind of authentication needs. verify_key_release wipes it. */
void verify_key_init(struct verify_key *key, const struct flow_auth *auth, const char *name,
		     char *value_take, size_t len);
void verify_key_release(struct verify_key *key);

struct verify_result {
	int matched;            /* which of the keys; -1 none, or none was needed */
	char cause[640];        /* when refused */
};

/* verify_head decides what can be decided before the body is read: everything but hmac and a
 * jwt in the body, and of hmac whether there is a signature at all. 1 go on, 0 refused. */
int verify_head(const struct flow_auth *auth, const struct verify_key *keys, size_t n_keys,
		const struct http_request *request, struct verify_result *out) MUSTCHECK;

/* verify_body decides hmac and a jwt in the body; it lets every other kind pass. 1 or 0. */
int verify_body(const struct flow_auth *auth, const struct verify_key *keys, size_t n_keys,
		const struct http_request *request, struct slice body,
		struct verify_result *out) MUSTCHECK;

/* verify_challenge is the value of WWW-Authenticate for a 401, or NULL. */
const char *verify_challenge(const struct flow_auth *auth);

/* verify_credential_header names the header whose value is a secret, or NULL. */
const char *verify_credential_header(const struct flow_auth *auth);

#endif
