/* SPDX-License-Identifier: MIT */
/*
 * verify_jwt: the kind jwt of verify.h. A secret is read as keys once, when the table of hooks is
 * made; one that is no key of the sort the flow's algorithms need lets nobody in, and its sentence
 * is the cause of every refusal.
 */
#ifndef SERVER_VERIFY_JWT_H
#define SERVER_VERIFY_JWT_H

#include "server/verify.h"

/* NULL for every other kind of authentication. */
struct verify_jwt_key *verify_jwt_key_new(const struct flow_auth *auth, struct slice secret);
void verify_jwt_key_free(struct verify_jwt_key *key); /* NULL is fine */

/* The two moments; each lets pass what is the other's to decide. 1 or 0. */
int verify_jwt_head(const struct flow_auth *auth, const struct verify_key *keys, size_t n,
		    const struct http_request *request, struct verify_result *out) MUSTCHECK;
int verify_jwt_body(const struct flow_auth *auth, const struct verify_key *keys, size_t n,
		    struct slice body, struct verify_result *out) MUSTCHECK;

#endif
