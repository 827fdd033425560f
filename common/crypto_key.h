/* SPDX-License-Identifier: MIT */
/*
 * crypto_key: public and private keys in whatever form somebody pastes them, and what is
 * verified and signed with them: Ed25519, ECDSA on P-256 and P-384, RSA. Hides OpenSSL's EVP.
 * Keys are immutable once read; several threads may use one at the same time.
 *
 * Sources: RFC 8032 (Ed25519), FIPS 186-5 (ECDSA), RFC 8017 (RSA), RFC 7517, 7518 and 8037
 * (JWK), RFC 7468 (PEM), RFC 5280 (certificates).
 */
#ifndef COMMON_CRYPTO_KEY_H
#define COMMON_CRYPTO_KEY_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

#define CRYPTO_KEY_TEXT_MAX (256 * 1024) /* a longer text is no key */
#define CRYPTO_KEYS_MAX 64               /* more in one JWKS are refused */
#define CRYPTO_RSA_BITS_MIN 2048
#define CRYPTO_RSA_BITS_MAX 16384

enum crypto_key_kind {
	CRYPTO_KEY_SECRET, /* bytes both sides know: a shared secret, a JWK of kty oct */
	CRYPTO_KEY_ED25519,
	CRYPTO_KEY_P256,
	CRYPTO_KEY_P384,
	CRYPTO_KEY_RSA,
};

struct crypto_key;

/* What one text held. */
struct crypto_keys {
	struct crypto_key **list;
	size_t count;
};
#define CRYPTO_KEYS_INIT {NULL, 0}

/* What a text is read as. A text of the other sort is refused with a sentence, so a public key,
 * which anybody may know, is never taken for a shared secret (but for the bare 32 bytes of an
 * Ed25519 key, which look like any others: see crypto_jws_use). */
enum crypto_key_use {
	CRYPTO_USE_PUBLIC,  /* PEM (public key or certificate), base64 of its DER, hex or base64 of
			     * the 32 bytes of an Ed25519 key, JWK, JWKS */
	CRYPTO_USE_PRIVATE, /* PEM (PKCS#8, PKCS#1, SEC1; not encrypted), base64 of its DER, hex or
			     * base64 of the 32 bytes of an Ed25519 seed, JWK */
	CRYPTO_USE_SECRET,  /* JWK or JWKS of kty oct; any other text is the secret itself */
};

/* crypto_keys_read takes one text apart. Several PEM public keys, or a JWKS, give several keys;
 * of several PEM certificates the first is the key, the others its chain, which is not looked at
 * here. Of a JWKS the keys of kinds or curves not known here, and those with "use":"enc", are
 * passed over; one that is malformed or too short refuses the whole. 0 and at least one key, or
 * -1 with a sentence that never holds the text. *out is CRYPTO_KEYS_INIT or released before. */
int crypto_keys_read(struct slice text, enum crypto_key_use use, struct crypto_keys *out,
		     struct err *err) MUSTCHECK;

/* crypto_keys_chain reads the key of a certificate whose chain leads to a trusted root. chain
 * is PEM, the signer's certificate first, or an x5c list (a JSON array of base64 DER). trusted:
 * the roots as PEM; empty: those of this machine. The whole chain must be valid at at_ms, and the
 * certificate be for this host name (NULL: any). 0 and one key, or -1. */
int crypto_keys_chain(struct slice chain, struct slice trusted, const char *host, int64_t at_ms,
		      struct crypto_keys *out, struct err *err) MUSTCHECK;

/* Releasing twice is fine. Private keys and secrets are wiped. */
void crypto_keys_release(struct crypto_keys *keys);

enum crypto_key_kind crypto_key_kind(const struct crypto_key *key);
const char *crypto_key_kind_name(enum crypto_key_kind kind); /* "an RSA key" */
bool crypto_key_private(const struct crypto_key *key);
/* crypto_key_id is the kid of the JWK, "" when it has none. crypto_key_algorithm its alg. */
const char *crypto_key_id(const struct crypto_key *key);
const char *crypto_key_algorithm(const struct crypto_key *key);
/* crypto_key_secret: the bytes of CRYPTO_KEY_SECRET, borrowed; empty for any other. */
struct slice crypto_key_secret(const struct crypto_key *key);

/* crypto_key_valid_at: 1; 0 with a sentence when the key came in a certificate that is not valid
 * at that moment. A key without a certificate is valid at any. */
int crypto_key_valid_at(const struct crypto_key *key, int64_t at_ms, struct err *err) MUSTCHECK;

/* How a signature is made and written. */
enum crypto_scheme {
	CRYPTO_ED25519,   /* of the bytes themselves; digest is not looked at */
	CRYPTO_ECDSA_DER, /* SEQUENCE of r and s, as most libraries write it */
	CRYPTO_ECDSA_RAW, /* r and s, each as long as the curve's order: JWS */
	CRYPTO_RSA,       /* PKCS#1 v1.5 */
	CRYPTO_RSA_PSS,   /* MGF1 with the same digest, salt as long as the digest: PS256 */
};

/* crypto_key_verify: was this signature made over bytes with the private half of key? digest is
 * a name of crypto.h. 1 yes; 0 no, whatever is wrong with the signature; -1 with a sentence when
 * key, scheme and digest do not go together. */
int crypto_key_verify(const struct crypto_key *key, enum crypto_scheme scheme, const char *digest,
		      struct slice bytes, struct slice signature, struct err *err) MUSTCHECK;

/* crypto_key_sign adds the signature to out. 0, or -1 (a public key, or as above). */
int crypto_key_sign(const struct crypto_key *key, enum crypto_scheme scheme, const char *digest,
		    struct slice bytes, struct buf *out, struct err *err) MUSTCHECK;

#endif
