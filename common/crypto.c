/* SPDX-License-Identifier: MIT */
/* Digests are fetched from OpenSSL once a process: a fetch costs more than the HMAC of a whole
 * webhook body. HMAC is built on the digest, which avoids EVP_MAC's own. */
#include "common/crypto.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

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
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch_all(void)
{
	for (size_t i = 0; i < ARRAY_LEN(digests); i++)
		digests[i].md = EVP_MD_fetch(NULL, digests[i].fetch, NULL);
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
	static const char digit[] = "0123456789abcdef";
	unsigned char digest[CRYPTO_DIGEST_MAX];
	int i = digest_find("sha256");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	/* SHA-256 is not optional: without it no event would be known again. */
	if (i < 0 || !ctx ||
	    digest_two(ctx, digests[i].md, bytes, (struct slice){NULL, 0}, digest) != 32)
		abort();
	EVP_MD_CTX_free(ctx);
	for (size_t at = 0; at < 32; at++) {
		out[2 * at] = digit[digest[at] >> 4];
		out[2 * at + 1] = digit[digest[at] & 15];
	}
	out[64] = '\0';
}

/* Bit by bit: what is summed up here is the head of a message, not a file. */
uint32_t crypto_crc32(struct slice bytes)
{
	uint32_t crc = ~UINT32_C(0);

	for (size_t i = 0; i < bytes.len; i++) {
		crc ^= (unsigned char)bytes.ptr[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
	}
	return ~crc;
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

const char *crypto_library_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
