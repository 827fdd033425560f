/* SPDX-License-Identifier: MIT */
/* The forms a key is pasted in. */
#include "common/crypto_key_inside.h"

#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/mem.h"

#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static void wipe(struct buf *b)
{
	size_t len = b->len;

	mem_wipe_free(buf_take(b), len);
}

/* ---- DER ---- */

static EVP_PKEY *public_der(const unsigned char *der, long len)
{
	const unsigned char *p = der;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, len);

	if (pkey && p == der + len)
		return pkey;
	EVP_PKEY_free(pkey);
	p = der;
	pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, len); /* PKCS#1 */
	if (pkey && p == der + len)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

static EVP_PKEY *private_der(const unsigned char *der, long len)
{
	const unsigned char *p = der;
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, len);

	if (pkey && p == der + len)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

static int64_t ms_of(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : -1;
}

int crypto_keys_add_certificate(struct crypto_keys *keys, X509 *certificate, struct err *err)
{
	int64_t from_ms = ms_of(X509_get0_notBefore(certificate));
	int64_t until_ms = ms_of(X509_get0_notAfter(certificate));

	if (from_ms < 0 || until_ms < 0)
		return err_set(err, ERR_INVALID, "the certificate does not say when it is valid");
	if (crypto_keys_add_pkey(keys, X509_get_pubkey(certificate), false, err) < 0)
		return -1;
	struct crypto_key *key = keys->list[keys->count - 1];
	key->dated = true;
	key->from_ms = from_ms;
	key->until_ms = until_ms + 999; /* to the end of that second */
	return 0;
}

/* 1 added, 0 no certificate, -1. */
static int add_certificate_der(struct crypto_keys *keys, const unsigned char *der, long len,
			       struct err *err)
{
	const unsigned char *p = der;
	X509 *certificate = d2i_X509(NULL, &p, len);
	int rc = certificate && p == der + len
			 ? crypto_keys_add_certificate(keys, certificate, err) < 0 ? -1 : 1
			 : 0;

	X509_free(certificate);
	return rc;
}

/* ---- PEM ---- */

static int wrong_sort(enum crypto_key_use use, struct err *err)
{
	if (use == CRYPTO_USE_PUBLIC)
		return err_set(err, ERR_INVALID, "this is a private key; only its owner may have that, "
			       "give the public one");
	if (use == CRYPTO_USE_PRIVATE)
		return err_set(err, ERR_INVALID, "this is a public key; to sign, give the private one");
	return err_set(err, ERR_INVALID, "this is half of a key pair, and anybody may know its public "
		       "half; a shared secret is asked for here");
}

static bool ends(const char *name, const char *with)
{
	size_t len = strlen(name), n = strlen(with);

	return len >= n && strcmp(name + len - n, with) == 0;
}

static int add_block(struct crypto_keys *keys, const char *name, const char *header,
		     const unsigned char *der, long len, enum crypto_key_use use, struct err *err)
{
	bool private = ends(name, "PRIVATE KEY");

	if (strcmp(name, "EC PARAMETERS") == 0)
		return 0; /* stands before SEC1 keys, which say it again */
	if (strcmp(name, "ENCRYPTED PRIVATE KEY") == 0 || *header)
		return err_set(err, ERR_INVALID, "this private key is encrypted; give it decrypted");
	if (private ? use != CRYPTO_USE_PRIVATE : use != CRYPTO_USE_PUBLIC)
		return wrong_sort(use, err);
	if (private)
		return crypto_keys_add_pkey(keys, private_der(der, len), true, err);
	if (ends(name, "PUBLIC KEY"))
		return crypto_keys_add_pkey(keys, public_der(der, len), false, err);
	if (strcmp(name, "CERTIFICATE") != 0)
		return err_set(err, ERR_INVALID, "a PEM block \"%.40s\" is no key; give a PUBLIC KEY or "
			       "a CERTIFICATE", name);
	if (keys->count) /* the chain of the first */
		return 0;
	int rc = add_certificate_der(keys, der, len, err);
	return rc ? rc < 0 ? -1 : 0 : err_set(err, ERR_INVALID, "the certificate is damaged");
}

static int add_pem(struct crypto_keys *keys, struct slice text, enum crypto_key_use use,
		   struct err *err)
{
	BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;
	int rc = 0;

	while (bio && rc == 0 && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		rc = add_block(keys, name, header, der, len, use, err);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	BIO_free(bio);
	ERR_clear_error();
	if (rc == 0 && (!end || keys->count == 0))
		rc = err_set(err, ERR_INVALID, "the PEM is damaged; paste it whole, with its BEGIN and "
			     "END lines");
	return rc;
}

/* ---- what else it may be ---- */

/* Base64 of either alphabet, padded or not, in lines or not. */
static bool loose_base64(struct slice text, struct buf *out)
{
	struct buf plain = BUF_INIT;

	for (size_t i = 0; i < text.len; i++)
		if (!strchr(" \t\r\n", text.ptr[i]) || !text.ptr[i])
			buf_add_char(&plain, text.ptr[i]);
	bool ok = crypto_base64_decode(buf_slice(&plain), out) == 1 ||
		  crypto_base64url_decode(buf_slice(&plain), out) == 1;
	wipe(&plain);
	return ok && out->len > 0;
}

static bool is_der(EVP_PKEY *(*read)(const unsigned char *, long), struct slice der)
{
	EVP_PKEY *pkey = read((const unsigned char *)der.ptr, (long)der.len);

	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return pkey != NULL;
}

static int add_der(struct crypto_keys *keys, struct slice der, enum crypto_key_use use,
		   struct err *err)
{
	const unsigned char *p = (const unsigned char *)der.ptr;
	bool private = is_der(private_der, der), public = is_der(public_der, der);

	if (der.len == 32)
		return crypto_keys_add_raw(keys, der, use == CRYPTO_USE_PRIVATE, err);
	if (private && use == CRYPTO_USE_PRIVATE)
		return crypto_keys_add_pkey(keys, private_der(p, (long)der.len), true, err);
	if (public && use == CRYPTO_USE_PUBLIC)
		return crypto_keys_add_pkey(keys, public_der(p, (long)der.len), false, err);
	if (private || public)
		return wrong_sort(use, err);
	int rc = use == CRYPTO_USE_PUBLIC ? add_certificate_der(keys, p, (long)der.len, err) : 0;
	ERR_clear_error();
	return rc ? rc < 0 ? -1 : 0
		  : err_set(err, ERR_INVALID, "base64 of %zu bytes that are neither a key of the sort "
			    "asked for nor the 32 bytes of an Ed25519 key", der.len);
}

static bool is_certificate(struct slice der)
{
	const unsigned char *p = (const unsigned char *)der.ptr;
	X509 *certificate = d2i_X509(NULL, &p, (long)der.len);

	X509_free(certificate);
	ERR_clear_error();
	return certificate != NULL;
}

/* A shared secret is bytes of any form, but never what others may know. */
static int add_shared(struct crypto_keys *keys, struct slice text, struct slice whole,
		      struct err *err)
{
	struct buf der = BUF_INIT;
	int rc = 0;

	if (loose_base64(text, &der) &&
	    (is_der(private_der, buf_slice(&der)) || is_der(public_der, buf_slice(&der)) ||
	     is_certificate(buf_slice(&der))))
		rc = wrong_sort(CRYPTO_USE_SECRET, err);
	wipe(&der);
	return rc < 0 ? -1 : crypto_keys_add_secret(keys, whole, err);
}

static int add_any(struct crypto_keys *keys, struct slice text, struct slice whole,
		   enum crypto_key_use use, struct err *err)
{
	struct buf bytes = BUF_INIT;
	int rc;

	if (memmem(text.ptr, text.len, "-----BEGIN ", 11))
		return add_pem(keys, text, use, err);
	if (crypto_key_looks_json(text))
		return crypto_keys_add_json(keys, text, use, err);
	if (use == CRYPTO_USE_SECRET)
		return add_shared(keys, text, whole, err);
	if ((text.len == 64 && crypto_hex_decode(text, &bytes) == 1) || loose_base64(text, &bytes))
		rc = add_der(keys, buf_slice(&bytes), use, err);
	else
		rc = err_set(err, ERR_INVALID, "%zu characters that are no key; give PEM, base64 of DER, "
			     "a JWK or JWKS, or hex of an Ed25519 key", text.len);
	wipe(&bytes);
	return rc;
}

int crypto_keys_read(struct slice text, enum crypto_key_use use, struct crypto_keys *out,
		     struct err *err)
{
	struct slice trimmed = jsontext_trim(text);

	if (trimmed.len == 0)
		return err_set(err, ERR_INVALID, "the key is empty");
	if (text.len > CRYPTO_KEY_TEXT_MAX)
		return err_set(err, ERR_TOO_BIG, "%zu bytes are too many for a key", text.len);
	if (add_any(out, trimmed, text, use, err) == 0)
		return 0;
	crypto_keys_release(out);
	return -1;
}
