/* SPDX-License-Identifier: MIT */
/*
 * crypto_key_inside: what the halves of crypto_key share, and nobody else: a key from within,
 * and how each form adds the keys it holds.
 */
#ifndef COMMON_CRYPTO_KEY_INSIDE_H
#define COMMON_CRYPTO_KEY_INSIDE_H

#include "common/crypto_key.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */
struct x509_st;     /* OpenSSL's X509 */

struct crypto_key {
	enum crypto_key_kind kind;
	bool private;
	char *id, *algorithm;     /* "" when the form has none */
	char *secret;             /* of CRYPTO_KEY_SECRET */
	size_t secret_len;
	struct evp_pkey_st *pkey; /* of all others */
	bool dated;               /* from a certificate */
	int64_t from_ms, until_ms;
};

/* Each adds one key, or gives -1 with a sentence. A pkey is taken over in either case; NULL is
 * refused as damaged. Kinds, curves and sizes we do not take are refused here. */
int crypto_keys_add_pkey(struct crypto_keys *keys, struct evp_pkey_st *pkey_take, bool private,
			 struct err *err) MUSTCHECK;
int crypto_keys_add_secret(struct crypto_keys *keys, struct slice secret, struct err *err) MUSTCHECK;
int crypto_keys_add_certificate(struct crypto_keys *keys, struct x509_st *certificate,
				struct err *err) MUSTCHECK;
/* The 32 bytes of RFC 8032: a public key or a seed. */
int crypto_keys_add_raw(struct crypto_keys *keys, struct slice raw, bool private,
			struct err *err) MUSTCHECK;
/* A JWK or a JWKS. */
int crypto_keys_add_json(struct crypto_keys *keys, struct slice text, enum crypto_key_use use,
			 struct err *err) MUSTCHECK;

/* crypto_key_looks_json: a JSON object that has a member "kty" or "keys". */
bool crypto_key_looks_json(struct slice text);

#endif
