/* SPDX-License-Identifier: MIT */
/*
 * keys: public keys of systems, fetched over https and kept. Strangers decide when a key is asked
 * for, so they can neither make the front hang nor hammer anybody: only pinned hosts are called, each URL
 * by one thread at a time (the others are told to come again), a failure is remembered for a minute, time and size
 * are short, and the table is small. Calls pass common/outbound.h: no private address.
 *
 * Safe for threads.
 */
#ifndef SERVER_KEYS_H
#define SERVER_KEYS_H

#include "common/crypto_key.h"
#include "common/outbound.h"
#include "flow/system.h"

struct keys;
struct keys_set;  /* held by who got it */

/* call makes the calls; NULL: outbound_call. */
typedef int (*keys_call)(const struct outbound_request *request, struct outbound_response *response,
			 struct err *err);
struct keys *keys_new(keys_call call);
void keys_free(struct keys *k);

/* keys_get gives the keys that stand behind a URL as `from` says: 1 and *out (give it back with
 * keys_drop), or -1. Afresh: those that are kept did not hold, so fetch again if that is long ago. */
int keys_get(struct keys *k, const struct system_public_key *from, const char *url, bool afresh, int64_t now_ms,
	     struct keys_set **out, struct err *err) MUSTCHECK;
const struct crypto_keys *keys_of(const struct keys_set *set);
void keys_drop(struct keys_set *set);

/* keys_visit fetches a URL of a pinned host once and looks only whether that went well (2xx): 0 or -1. */
int keys_visit(struct keys *k, const char *url, const char *const *hosts, struct err *err) MUSTCHECK;

/* keys_url_refused: why this may not be fetched, or NULL: https, a pinned host, no port, no user. */
const char *keys_url_refused(const char *url, const char *const *hosts);

#endif
