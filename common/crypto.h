/* SPDX-License-Identifier: MIT */
/*
 * crypto: digests, HMAC, authenticated encryption, random bytes, comparison in constant
 * time, base64 and hex. crypto*.c are the only owners of OpenSSL; nothing here knows what it is
 * used for. Sources: FIPS 180-4, RFC 2104, RFC 4648, ISO 3309, NIST SP 800-38D.
 */
#ifndef COMMON_CRYPTO_H
#define COMMON_CRYPTO_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

#define CRYPTO_DIGEST_MAX 64
#define CRYPTO_KEY_BYTES 32

/* crypto_digest_known: md5, sha1, sha256, sha384, sha512, by these lower-case names. */
bool crypto_digest_known(const char *algorithm);

/* crypto_hmac writes at most CRYPTO_DIGEST_MAX bytes and returns how many; -1 for an unknown
 * algorithm or an empty key. */
int crypto_hmac(const char *algorithm, struct slice key, struct slice bytes,
		unsigned char out[CRYPTO_DIGEST_MAX]) MUSTCHECK;

/* crypto_digest likewise, without a key; -1 for an unknown algorithm. */
int crypto_digest(const char *algorithm, struct slice bytes,
		  unsigned char out[CRYPTO_DIGEST_MAX]) MUSTCHECK;

/* crypto_crc32 is that of zlib and PNG: no secret, no proof, only part of what others sign. */
uint32_t crypto_crc32(struct slice bytes);

/* crypto_sha256_hex writes 64 lower-case hex digits and a NUL. */
void crypto_sha256_hex(struct slice bytes, char out[65]);

/* crypto_equal compares in constant time; texts of different lengths differ. */
bool crypto_equal(struct slice a, struct slice b);

/* crypto_random fills; a system without randomness ends the process. */
void crypto_random(void *out, size_t len);

/* AES-256-GCM. A sealed text is nonce (12), cipher text, tag (16), in this order. aad binds it
 * to its place: it opens only with the same aad. crypto_open: 0, or -1 when key, aad or bytes
 * are not those of the sealing. Appends to out. */
int crypto_seal(const unsigned char key[CRYPTO_KEY_BYTES], struct slice plain, struct slice aad,
		struct buf *out, struct err *err) MUSTCHECK;
int crypto_open(const unsigned char key[CRYPTO_KEY_BYTES], struct slice sealed, struct slice aad,
		struct buf *out, struct err *err) MUSTCHECK;

/* Encodings; the decoders are strict and return 1, or 0 when the text is not of that form.
 * Base64 is that of RFC 4648 section 4, padded; base64url that of section 5, without padding. hex
 * writes lower case, reads both. */
void crypto_hex(const void *bytes, size_t len, struct buf *out);
int crypto_hex_decode(struct slice text, struct buf *out) MUSTCHECK;
void crypto_base64(const void *bytes, size_t len, struct buf *out);
int crypto_base64_decode(struct slice text, struct buf *out) MUSTCHECK;
void crypto_base64url(const void *bytes, size_t len, struct buf *out);
int crypto_base64url_decode(struct slice text, struct buf *out) MUSTCHECK;

/* crypto_library_version, for doctor: "OpenSSL 3.0.22 ...". */
const char *crypto_library_version(void);

#endif
