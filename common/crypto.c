/* SPDX-License-Identifier: MIT */
/* Digests and ciphers are fetched from OpenSSL once a process: a fetch costs more than the
 * HMAC of a whole webhook body. HMAC is built on the digest, which avoids EVP_MAC's own. */
#include "common/crypto.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define NONCE_BYTES 12
#define TAG_BYTES 16
#define BLOCK_MAX 128 /* of SHA-512 */

static struct {
	const char *name;  /* ours */
	const char *fetch; /* OpenSSL's */
	size_t block;
	EVP_MD *md; /* NULL: this machine's OpenSSL does not offer it */
} digests[] = {
	{"md5", "MD5", 64, NULL},          {"sha1", "SHA1", 64, NULL},
	{"sha256", "SHA2-256", 64, NULL},  {"sha384", "SHA2-384", 128, NULL},
	{"sha512", "SHA2-512", 128, NULL},
};
static EVP_CIPHER *aes_gcm;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch_all(void)
{
	for (size_t i = 0; i < ARRAY_LEN(digests); i++)
		digests[i].md = EVP_MD_fetch(NULL, digests[i].fetch, NULL);
	aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
}

static int digest_find(const char *algorithm)
{
	pthread_once(&fetched, fetch_all);
	for (size_t i = 0; i < ARRAY_LEN(digests); i++)
		if (strcmp(digests[i].name, algorithm) == 0)
			return digests[i].md ? (int)i : -1;
	return -1;
}

bool crypto_digest_known(const char *algorithm)
{
	return digest_find(algorithm) >= 0;
}

/* ---- digests and HMAC --------------------------------------------------------- */

/* H(first || second), into out: its length, or -1. */
static int digest_two(EVP_MD_CTX *ctx, const EVP_MD *md, struct slice first, struct slice second,
		      unsigned char *out)
{
	unsigned len = 0;

	if (EVP_DigestInit_ex2(ctx, md, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, first.ptr, first.len) != 1 ||
	    EVP_DigestUpdate(ctx, second.ptr, second.len) != 1 ||
	    EVP_DigestFinal_ex(ctx, out, &len) != 1)
		return -1;
	return (int)len;
}

/* RFC 2104: H(K ^ opad || H(K ^ ipad || text)), K hashed first when longer than a block. */
static int hmac(EVP_MD_CTX *ctx, const EVP_MD *md, size_t block, struct slice key, struct slice text,
		unsigned char out[CRYPTO_DIGEST_MAX])
{
	unsigned char inner_pad[BLOCK_MAX] = {0}, outer_pad[BLOCK_MAX];
	unsigned char inner[CRYPTO_DIGEST_MAX];
	int len = -1;

	if (key.len > block) {
		if (digest_two(ctx, md, key, (struct slice){NULL, 0}, inner_pad) < 0)
			goto out;
	} else {
		memcpy(inner_pad, key.ptr, key.len);
	}
	for (size_t i = 0; i < block; i++) {
		outer_pad[i] = inner_pad[i] ^ 0x5C;
		inner_pad[i] ^= 0x36;
	}
	len = digest_two(ctx, md, (struct slice){(char *)inner_pad, block}, text, inner);
	if (len > 0)
		len = digest_two(ctx, md, (struct slice){(char *)outer_pad, block},
				 (struct slice){(char *)inner, (size_t)len}, out);
out:
	OPENSSL_cleanse(inner_pad, sizeof(inner_pad));
	OPENSSL_cleanse(outer_pad, sizeof(outer_pad));
	return len;
}

int crypto_hmac(const char *algorithm, struct slice key, struct slice bytes,
		unsigned char out[CRYPTO_DIGEST_MAX])
{
	int i = digest_find(algorithm);
	EVP_MD_CTX *ctx;

	if (i < 0 || key.len == 0 || (ctx = EVP_MD_CTX_new()) == NULL)
		return -1;
	int len = hmac(ctx, digests[i].md, digests[i].block, key, bytes, out);
	EVP_MD_CTX_free(ctx);
	return len;
}

static void hex_write(const unsigned char *bytes, size_t len, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digit[bytes[i] >> 4];
		out[2 * i + 1] = digit[bytes[i] & 15];
	}
}

int crypto_digest(const char *algorithm, struct slice bytes, unsigned char out[CRYPTO_DIGEST_MAX])
{
	int i = digest_find(algorithm);
	EVP_MD_CTX *ctx;

	if (i < 0 || (ctx = EVP_MD_CTX_new()) == NULL)
		return -1;
	int len = digest_two(ctx, digests[i].md, bytes, (struct slice){NULL, 0}, out);
	EVP_MD_CTX_free(ctx);
	return len;
}

void crypto_sha256_hex(struct slice bytes, char out[65])
{
	unsigned char digest[CRYPTO_DIGEST_MAX];
	int i = digest_find("sha256");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	/* SHA-256 is not optional: without it no event would be known again. */
	if (i < 0 || !ctx ||
	    digest_two(ctx, digests[i].md, bytes, (struct slice){NULL, 0}, digest) != 32)
		abort();
	EVP_MD_CTX_free(ctx);
	hex_write(digest, 32, out);
	out[64] = '\0';
}

bool crypto_equal(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	return a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}

void crypto_random(void *out, size_t len)
{
	static const char words[] = "the kernel gives no random bytes: the process ends\n";
	char *at = out;

	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
				_exit(1);
			abort();
		}
		at += n;
		len -= (size_t)n;
	}
}

/* ---- AES-256-GCM -------------------------------------------------------------- */

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

	pthread_once(&fetched, fetch_all);
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
	pthread_once(&fetched, fetch_all);
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

/* ---- encodings ---------------------------------------------------------------- */

void crypto_hex(const void *bytes, size_t len, struct buf *out)
{
	buf_grow(out, 2 * len);
	hex_write(bytes, len, out->ptr + out->len);
	out->len += 2 * len;
	out->ptr[out->len] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int crypto_hex_decode(struct slice text, struct buf *out)
{
	size_t before = out->len;

	if (text.len % 2)
		return 0;
	buf_grow(out, text.len / 2);
	for (size_t i = 0; i < text.len; i += 2) {
		int high = hex_value(text.ptr[i]), low = hex_value(text.ptr[i + 1]);
		if (high < 0 || low < 0) {
			out->len = before;
			out->ptr[before] = '\0';
			return 0;
		}
		buf_add_char(out, (char)(high << 4 | low));
	}
	return 1;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void crypto_base64(const void *bytes, size_t len, struct buf *out)
{
	const unsigned char *p = bytes;

	buf_grow(out, (len + 2) / 3 * 4);
	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
				 (have > 2 ? p[i + 2] : 0);
		buf_add_char(out, base64_digits[group >> 18]);
		buf_add_char(out, base64_digits[group >> 12 & 63]);
		buf_add_char(out, have > 1 ? base64_digits[group >> 6 & 63] : '=');
		buf_add_char(out, have > 2 ? base64_digits[group & 63] : '=');
	}
}

static int base64_value(char c)
{
	const char *at = c ? strchr(base64_digits, c) : NULL;

	return at ? (int)(at - base64_digits) : -1;
}

int crypto_base64_decode(struct slice text, struct buf *out)
{
	size_t before = out->len, pad = 0;

	if (text.len % 4)
		return 0;
	while (pad < 2 && pad < text.len && text.ptr[text.len - 1 - pad] == '=')
		pad++;
	buf_grow(out, text.len / 4 * 3);
	for (size_t i = 0; i < text.len; i += 4) {
		size_t digits = i + 4 == text.len ? 4 - pad : 4;
		uint32_t group = 0;
		for (size_t j = 0; j < 4; j++) {
			int value = j < digits ? base64_value(text.ptr[i + j]) : 0;
			if (value < 0)
				goto refused;
			group = group << 6 | (uint32_t)value;
		}
		/* Bits beyond the last byte must be zero, or two texts would mean one value. */
		if ((digits == 2 && group & 0xFFFF) || (digits == 3 && group & 0xFF))
			goto refused;
		buf_add_char(out, (char)(group >> 16));
		if (digits > 2)
			buf_add_char(out, (char)(group >> 8));
		if (digits > 3)
			buf_add_char(out, (char)group);
	}
	return 1;
refused:
	out->len = before;
	out->ptr[before] = '\0';
	return 0;
}

const char *crypto_library_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
