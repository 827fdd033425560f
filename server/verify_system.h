/* SPDX-License-Identifier: MIT */
/*
 * verify_system: did the flow's system send this? Applies the schemes of a system's file
 * (flow/system.h) to a request, with the live secrets of the flow or with keys that were fetched.
 * One scheme that holds is enough; where the flow names one, only that one is asked.
 *
 * Keys are prepared once for a table of hooks. A secret that is not of the form a scheme needs (no
 * base64, no public key) is never used for it; in a system that knows shared secrets and public
 * keys, a text that is a public key is never taken for a shared secret.
 *
 * Causes name the scheme, what is missing, how many bytes were signed and how their SHA-256 begins,
 * how both digests begin, by how many seconds the clocks differ, and the secret that was tried.
 */
#ifndef SERVER_VERIFY_SYSTEM_H
#define SERVER_VERIFY_SYSTEM_H

#include "flow/system.h"
#include "server/verify.h"

struct keys;
struct verify_system;

struct verify_system_setup {                /* borrowed for as long as the result lives */
	const struct system *system;
	const struct flow_auth *auth;
	const struct verify_key *keys;      /* as auth.secrets, in their order */
	size_t n_keys;
	const char *base_url;               /* without a slash at its end */
	struct keys *fetched;               /* NULL: nothing is fetched */
};

/* settings_take: the values in the order of the system's settings (ptr NULL: not set), each from
 * mem_dup; wiped at the end. */
struct verify_system *verify_system_new(const struct verify_system_setup *setup, struct slice *settings_take);
void verify_system_free(struct verify_system *v);

/* The two moments: verify_system_head refuses what cannot hold whatever the body is; 1 go on. */
int verify_system_head(const struct verify_system *v, const struct http_request *request, int64_t now_ms,
		       struct verify_result *out) MUSTCHECK;
int verify_system_body(const struct verify_system *v, const struct http_request *request, struct slice body,
		       int64_t now_ms, struct verify_result *out) MUSTCHECK;

/* A request as flow/system_source.h looks at it. Release it with verify_look_release. */
struct verify_look {
	struct system_header headers[HTTP_HEADERS_MAX + 1];
	struct system_request request;
	struct system_view view;
	struct buf url;
};
void verify_look_init(struct verify_look *l, const struct verify_system *v, const struct http_request *request,
		      struct slice body);
void verify_look_release(struct verify_look *l);

/* verify_system_hmac computes a value of a handshake with the first secret that is set: its length, or
 * -1 when none is. */
int verify_system_hmac(const struct verify_system *v, const struct system_value_rule *rule, struct slice bytes,
		       unsigned char out[64]);

#endif
