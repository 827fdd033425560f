/* SPDX-License-Identifier: MIT */
/*
 * crypto_jws: signed JSON tokens in their compact form, header.payload.signature. Two steps:
 * crypto_jws_open tells whether one of our keys signed it, crypto_jwt_check what a JSON Web
 * Token claims of itself. Nothing in a token decides how it is judged: the caller names the
 * algorithms, the keys decide which of them fit, and a token that points at keys elsewhere
 * (jku, x5u, jwk) is judged by ours all the same.
 *
 * Strict on purpose: three parts, base64url without padding, JSON objects in which no key stands
 * twice, no "crit", no payload outside the token (b64=false), no encryption, no algorithm "none".
 * Sentences of errors name algorithms, claims and seconds; they never hold the token or a claim's
 * value.
 *
 * Sources: RFC 7515 (JWS), 7517 (JWK), 7518 (algorithms), 7519 (JWT), 8037 (EdDSA), 8725.
 */
#ifndef COMMON_CRYPTO_JWS_H
#define COMMON_CRYPTO_JWS_H

#include "common/base.h"
#include "common/buf.h"
#include "common/crypto_key.h"
#include "common/err.h"

#define CRYPTO_JWS_HEADER_MAX (32 * 1024)    /* decoded; an x5c chain fits */
#define CRYPTO_JWS_TOKEN_MAX (1024 * 1024)   /* the whole token */

enum crypto_jws_algorithm {
	CRYPTO_HS256 = 1,
	CRYPTO_HS384 = 2,
	CRYPTO_HS512 = 4,
	CRYPTO_RS256 = 8,
	CRYPTO_RS384 = 16,
	CRYPTO_RS512 = 32,
	CRYPTO_PS256 = 64,
	CRYPTO_ES256 = 128,
	CRYPTO_ES384 = 256,
	CRYPTO_EDDSA = 512,
};
#define CRYPTO_HS_ANY (CRYPTO_HS256 | CRYPTO_HS384 | CRYPTO_HS512)

/* crypto_jws_names: all names, ended by NULL. crypto_jws_find: the bit of "RS256", or 0.
 * crypto_jws_name: the name of one bit. */
extern const char *const crypto_jws_names[];
unsigned crypto_jws_find(const char *name);
const char *crypto_jws_name(unsigned algorithm);

/* crypto_jws_use: how the text of a key must be read for these algorithms to be verified:
 * CRYPTO_USE_SECRET or CRYPTO_USE_PUBLIC; -1 when they are of both sorts, which no set of rules
 * may mix: a public key would do as a secret. */
int crypto_jws_use(unsigned algorithms);

struct crypto_jws_rules {
	unsigned algorithms;              /* accepted: bits of enum crypto_jws_algorithm */
	const struct crypto_keys *keys;   /* any of these sets, each from one secret */
	size_t n_keys;
	bool chain;                       /* the key comes in the token's x5c instead, whose
					   * chain must lead to trusted; keys are not looked at */
	struct slice trusted;             /* as for crypto_keys_chain */
	int64_t now_ms;                   /* for certificates */
};

struct crypto_jws {
	struct buf header, payload;       /* decoded */
	unsigned algorithm;
	int matched;                      /* which of rules.keys; -1 with chain */
};
#define CRYPTO_JWS_INIT {BUF_INIT, BUF_INIT, 0, -1}

/* crypto_jws_open parses a token and verifies its signature; the payload may be any bytes. When
 * the header has a kid and one of our keys has a kid too, only keys of that kid or of none are
 * tried. 0, or -1: ERR_INVALID when it is no such token, ERR_TOO_BIG, ERR_DENIED when the signature
 * does not hold. out is CRYPTO_JWS_INIT before; release it in either case. */
int crypto_jws_open(struct slice token, const struct crypto_jws_rules *rules, struct crypto_jws *out,
		    struct err *err) MUSTCHECK;
void crypto_jws_release(struct crypto_jws *jws);

struct crypto_jwt_claim {
	const char *name;
	struct slice json;                /* what it must be, as JSON (that passed jsontext_check) */
};

struct crypto_jwt_rules {
	int64_t now_ms;
	int64_t tolerance_s;              /* for clocks that differ: exp, nbf, iat */
	int64_t max_age_s;                /* since iat, which must be there then; 0: any age */
	bool expires;                     /* exp must be there (one that is there always counts) */
	const char *issuer;               /* iss must be this; NULL: any */
	const char *audience;             /* aud must be or hold this; NULL: any */
	const struct crypto_jwt_claim *claims;
	size_t n_claims;
};

/* crypto_jwt_check: the payload must be a JSON object without double keys whose claims keep these
 * rules. An iat in the future is refused too. Strings are compared in constant time. 0, or -1 with
 * ERR_DENIED (ERR_INVALID: no JSON object, or a time that is no number). */
int crypto_jwt_check(struct slice payload, const struct crypto_jwt_rules *rules,
		     struct err *err) MUSTCHECK;

/* crypto_jws_sign adds a compact token. key must fit the algorithm (a secret for HS*, else a private
 * key); kid and type (the header's "typ") may be NULL. */
int crypto_jws_sign(const struct crypto_key *key, unsigned algorithm, const char *kid,
		    const char *type, struct slice payload, struct buf *out,
		    struct err *err) MUSTCHECK;

#endif
