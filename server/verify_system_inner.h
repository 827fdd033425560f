/* SPDX-License-Identifier: MIT */
/* verify_system_inner: one request judged by one scheme; for server/verify_system*.c only. */
#ifndef SERVER_VERIFY_SYSTEM_INNER_H
#define SERVER_VERIFY_SYSTEM_INNER_H

#include "common/crypto.h"
#include "common/crypto_key.h"
#include "server/keys.h"
#include "server/verify_system.h"

/* A secret as one scheme uses it. */
struct prepared {
	struct buf key;              /* hmac, digest, jwt with HS: bytes; empty: not usable */
	struct crypto_keys public;   /* the others */
	char why[200];               /* it is not usable */
};

struct verify_system {
	struct verify_system_setup setup;
	struct slice *settings;
	struct prepared *prepared;   /* of scheme i and key k: [i * n_keys + k] */
};

/* How near a scheme came; what came nearest is what the operator is told. */
enum near { NEAR_NOT_ASKED, NEAR_MISSING, NEAR_FAULTY, NEAR_MATCH };

struct attempt {
	const struct verify_system *v;
	const struct system_scheme *scheme;
	size_t index;                /* of the scheme */
	struct verify_look *look;
	int64_t now_ms;
	struct system_candidates timestamp, id, signature;
	struct keys_set *fetched;    /* held, or NULL */
	enum near near;
	char cause[600];
};

/* attempt_refuse notes the cause when nothing came nearer before; returns 0. */
int attempt_refuse(struct attempt *a, enum near near, const char *fmt, ...) PRINTF(3, 4);

static inline const struct prepared *prepared_of(const struct attempt *a, size_t key)
{
	return &a->v->prepared[a->index * a->v->setup.n_keys + key];
}

/* attempt_digest judges hmac and digest, attempt_credential shared_secret and basic, attempt_public
 * ed25519, ecdsa and rsa, attempt_token jwt: the key that matched (of a fetched one n_keys), or -1. */
int attempt_digest(struct attempt *a);
int attempt_credential(struct attempt *a);
int attempt_public(struct attempt *a);
int attempt_token(struct attempt *a);

/* attempt_bytes calls back for each text that may have been signed, until one gives 0 or more. */
int attempt_bytes(struct attempt *a, int (*each)(struct attempt *a, struct slice bytes));

void prepare_key(struct prepared *p, const struct system *s, const struct system_scheme *scheme, bool alone,
		 struct slice secret);
void prepared_release(struct prepared *p);

#endif
