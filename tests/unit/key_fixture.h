/* SPDX-License-Identifier: MIT */
/* Keys and certificates made on the spot, in the forms OpenSSL writes them. */
#ifndef TESTS_UNIT_KEY_FIXTURE_H
#define TESTS_UNIT_KEY_FIXTURE_H

#include "common/buf.h"
#include "common/crypto.h"

#include <stdarg.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define FIXTURE_AT_MS 1700000000000 /* certificates are made for the days around it */
#define FIXTURE_DAY_MS (86400 * INT64_C(1000))

static inline struct slice fixture_text(const char *s)
{
	return (struct slice){s, strlen(s)};
}

static inline char *fixture_bio(BIO *bio)
{
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);
	struct buf out = BUF_INIT;

	buf_add(&out, bytes, (size_t)len);
	BIO_free(bio);
	return buf_take(&out);
}

/* The forms; each the caller's (free). traditional: the old form that names RSA or EC. */
static inline char *fixture_public_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	return fixture_bio(bio);
}

/* PKCS#1, "RSA PUBLIC KEY". */
static inline char *fixture_old_public_pem(EVP_PKEY *rsa)
{
	unsigned char *der = NULL;
	int len = i2d_PublicKey(rsa, &der);
	BIO *bio = BIO_new(BIO_s_mem());

	assert_true(PEM_write_bio(bio, "RSA PUBLIC KEY", "", der, len) > 0);
	OPENSSL_free(der);
	return fixture_bio(bio);
}

static inline char *fixture_private_pem(EVP_PKEY *key, bool traditional, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (traditional)
		assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	else
		assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, password ? EVP_aes_128_cbc() : NULL,
							       password, password ? (int)strlen(password) : 0,
							       NULL, NULL), 1);
	return fixture_bio(bio);
}

/* Base64 of DER, in lines of 64 when wrapped. */
static inline char *fixture_base64(const void *der, size_t len, bool wrapped)
{
	struct buf all = BUF_INIT, out = BUF_INIT;

	crypto_base64(der, len, &all);
	for (size_t i = 0; i < all.len; i++) {
		if (wrapped && i && i % 64 == 0)
			buf_add_char(&out, '\n');
		buf_add_char(&out, all.ptr[i]);
	}
	buf_release(&all);
	return buf_take(&out);
}

static inline char *fixture_public_der(EVP_PKEY *key, bool wrapped)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	char *text = fixture_base64(der, (size_t)len, wrapped);

	OPENSSL_free(der);
	return text;
}

/* ---- certificates ---- */

struct fixture_certificate {
	EVP_PKEY *key;
	X509 *x509;
};

static inline void fixture_extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(extension);
	X509_add_ext(x509, extension, -1);
	X509_EXTENSION_free(extension);
}

/* issuer NULL: signed by itself. Valid from a day before FIXTURE_AT_MS to a day after. */
static inline struct fixture_certificate fixture_certificate(const char *name, EVP_PKEY *key_take,
							     const struct fixture_certificate *issuer,
							     bool authority, const char *usage)
{
	struct fixture_certificate made = {key_take, X509_new()};
	X509 *x509 = made.x509;
	static long serial = 1;

	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
	ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)((FIXTURE_AT_MS - FIXTURE_DAY_MS) / 1000));
	ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)((FIXTURE_AT_MS + FIXTURE_DAY_MS) / 1000));
	X509_set_pubkey(x509, key_take);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x509, X509_get_subject_name(issuer ? issuer->x509 : x509));
	fixture_extend(x509, issuer ? issuer->x509 : x509, NID_basic_constraints,
	       authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	fixture_extend(x509, issuer ? issuer->x509 : x509, NID_key_usage, usage);
	if (!authority) {
		struct buf host = BUF_INIT;
		buf_addf(&host, "DNS:%s", name);
		fixture_extend(x509, issuer ? issuer->x509 : x509, NID_subject_alt_name, host.ptr);
		buf_release(&host);
	}
	assert_true(X509_sign(x509, issuer ? issuer->key : key_take, EVP_sha256()) > 0);
	return made;
}

static inline void fixture_certificate_free(struct fixture_certificate *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->x509);
}

static inline void fixture_add_pem(struct buf *out, X509 *x509)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_X509(bio, x509), 1);
	char *text = fixture_bio(bio);
	buf_add_text(out, text);
	free(text);
}

static inline char *fixture_certificate_der(X509 *x509)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x509, &der);
	char *text = fixture_base64(der, (size_t)len, false);

	OPENSSL_free(der);
	return text;
}

#endif
