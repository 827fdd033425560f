/* SPDX-License-Identifier: MIT */
/* AES-256-GCM. The cipher is fetched from OpenSSL once a process. */
#include "common/crypto.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define NONCE_BYTES 12
#define TAG_BYTES 16

static EVP_CIPHER *aes_gcm;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch_cipher(void)
{
	aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
}

static int seal_into(EVP_CIPHER_CTX *ctx, const unsigned char *key, struct slice plain,
		     struct slice aad, unsigned char *sealed)
{
	unsigned char *text = sealed + NONCE_BYTES;
	int n = 0;

	crypto_random(sealed, NONCE_BYTES);
	if (EVP_EncryptInit_ex2(ctx, aes_gcm, key, sealed, NULL) != 1)
		return -1;
	if (aad.len && EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)aad.ptr,
					 (int)aad.len) != 1)
		return -1;
	if (plain.len && EVP_EncryptUpdate(ctx, text, &n, (const unsigned char *)plain.ptr,
					   (int)plain.len) != 1)
		return -1;
	if (EVP_EncryptFinal_ex(ctx, text + plain.len, &n) != 1)
		return -1;
	return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, text + plain.len) == 1
		       ? 0
		       : -1;
}

int crypto_seal(const unsigned char key[CRYPTO_KEY_BYTES], struct slice plain, struct slice aad,
		struct buf *out, struct err *err)
{
	size_t len = NONCE_BYTES + plain.len + TAG_BYTES;

	pthread_once(&fetched, fetch_cipher);
	if (plain.len > INT_MAX - 64 || aad.len > INT_MAX - 64)
		return err_set(err, ERR_TOO_BIG, "%zu bytes are too many to encrypt in one piece",
			       plain.len);
	buf_grow(out, len);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int rc = ctx && aes_gcm
			 ? seal_into(ctx, key, plain, aad, (unsigned char *)out->ptr + out->len)
			 : -1;
	EVP_CIPHER_CTX_free(ctx);
	if (rc == 0)
		out->len += len;
	out->ptr[out->len] = '\0';
	return rc == 0 ? 0 : err_set(err, ERR_SYSTEM, "AES-256-GCM is not to be had from %s",
				     crypto_library_version());
}

static int open_into(EVP_CIPHER_CTX *ctx, const unsigned char *key, struct slice sealed,
		     struct slice aad, unsigned char *plain)
{
	const unsigned char *nonce = (const unsigned char *)sealed.ptr, *text = nonce + NONCE_BYTES;
	size_t len = sealed.len - NONCE_BYTES - TAG_BYTES;
	unsigned char tag[TAG_BYTES];
	int n = 0;

	memcpy(tag, text + len, TAG_BYTES);
	if (EVP_DecryptInit_ex2(ctx, aes_gcm, key, nonce, NULL) != 1)
		return -1;
	if (aad.len && EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)aad.ptr,
					 (int)aad.len) != 1)
		return -1;
	if (len && EVP_DecryptUpdate(ctx, plain, &n, text, (int)len) != 1)
		return -1;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1)
		return -1;
	/* Above zero or nothing: the tag is compared here, and below zero means "not compared". */
	return EVP_DecryptFinal_ex(ctx, plain + len, &n) > 0 ? 0 : -1;
}

int crypto_open(const unsigned char key[CRYPTO_KEY_BYTES], struct slice sealed, struct slice aad,
		struct buf *out, struct err *err)
{
	pthread_once(&fetched, fetch_cipher);
	if (sealed.len < NONCE_BYTES + TAG_BYTES || sealed.len > INT_MAX - 64 ||
	    aad.len > INT_MAX - 64)
		return err_set(err, ERR_INVALID, "%zu bytes cannot be a sealed text", sealed.len);
	size_t len = sealed.len - NONCE_BYTES - TAG_BYTES;
	buf_grow(out, len);
	char *plain = out->ptr + out->len;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int rc = ctx && aes_gcm ? open_into(ctx, key, sealed, aad, (unsigned char *)plain) : -1;
	EVP_CIPHER_CTX_free(ctx);
	if (rc < 0) {
		/* What was deciphered before the tag was known to be wrong is nobody's to read. */
		if (len)
			OPENSSL_cleanse(plain, len);
		out->ptr[out->len] = '\0';
		return err_set(err, ERR_DENIED, "it was not sealed with this key for this place, "
						"or has been changed since");
	}
	out->len += len;
	out->ptr[out->len] = '\0';
	return 0;
}
