/* SPDX-License-Identifier: MIT */
/* Keys, and what is done with them. OpenSSL keeps a queue of errors a thread; it is emptied
 * wherever a failure is ours to tell, or the next user of the thread would find it. */
#include "common/crypto_key_inside.h"

#include "common/crypto.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

/* ---- a key ---- */

static const struct {
	const char *name, *group;
	enum crypto_key_kind kind;
} kinds[] = {
	{"ED25519", NULL, CRYPTO_KEY_ED25519},
	{"EC", "prime256v1", CRYPTO_KEY_P256},
	{"EC", "secp384r1", CRYPTO_KEY_P384},
	{"RSA", NULL, CRYPTO_KEY_RSA},
};

const char *crypto_key_kind_name(enum crypto_key_kind kind)
{
	switch (kind) {
	case CRYPTO_KEY_SECRET:  return "a shared secret";
	case CRYPTO_KEY_ED25519: return "an Ed25519 key";
	case CRYPTO_KEY_P256:    return "an ECDSA key on P-256";
	case CRYPTO_KEY_P384:    return "an ECDSA key on P-384";
	case CRYPTO_KEY_RSA:     return "an RSA key";
	}
	return "no key";
}

static struct crypto_key *add(struct crypto_keys *keys)
{
	keys->list = mem_resize(keys->list, keys->count + 1, sizeof(*keys->list));
	struct crypto_key *key = keys->list[keys->count++] = mem_new(sizeof(*key));
	key->id = mem_dup("");
	key->algorithm = mem_dup("");
	return key;
}

static int pkey_kind(const EVP_PKEY *pkey, enum crypto_key_kind *kind, struct err *err)
{
	char group[64] = "";

	EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!EVP_PKEY_is_a(pkey, kinds[i].name) ||
		    (kinds[i].group && strcmp(kinds[i].group, group) != 0))
			continue;
		*kind = kinds[i].kind;
		return 0;
	}
	const char *name = EVP_PKEY_get0_type_name(pkey);
	return err_set(err, ERR_INVALID, "keys of type %.40s%s%.40s are not taken; known are Ed25519, "
		       "ECDSA on P-256 and P-384, and RSA", name ? name : "unknown",
		       *group ? " on " : "", group);
}

static int pkey_refused(EVP_PKEY *pkey, enum crypto_key_kind kind, bool private, struct err *err)
{
	if (kind == CRYPTO_KEY_RSA && EVP_PKEY_get_bits(pkey) < CRYPTO_RSA_BITS_MIN)
		return err_set(err, ERR_INVALID, "an RSA key of %d bits is too short; at least %d are "
			       "asked for, so have a longer one made", EVP_PKEY_get_bits(pkey),
			       CRYPTO_RSA_BITS_MIN);
	if (kind == CRYPTO_KEY_RSA && EVP_PKEY_get_bits(pkey) > CRYPTO_RSA_BITS_MAX)
		return err_set(err, ERR_INVALID, "an RSA key of %d bits is too long; at most %d are "
			       "taken", EVP_PKEY_get_bits(pkey), CRYPTO_RSA_BITS_MAX);
	/* Ed25519 has no wrong point that could be told from a right one cheaply. */
	if (kind == CRYPTO_KEY_ED25519)
		return 0;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool ok = ctx && EVP_PKEY_public_check(ctx) == 1 &&
		  (!private || EVP_PKEY_pairwise_check(ctx) == 1);
	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : err_set(err, ERR_INVALID, "%s is damaged: its numbers do not belong "
				     "together", crypto_key_kind_name(kind));
}

int crypto_keys_add_pkey(struct crypto_keys *keys, EVP_PKEY *pkey_take, bool private,
			 struct err *err)
{
	enum crypto_key_kind kind = CRYPTO_KEY_SECRET;
	int rc = pkey_take ? pkey_kind(pkey_take, &kind, err)
			   : err_set(err, ERR_INVALID, "the key is damaged: it is not what its form "
				     "says");

	if (rc == 0)
		rc = pkey_refused(pkey_take, kind, private, err);
	if (rc == 0 && keys->count >= CRYPTO_KEYS_MAX)
		rc = err_set(err, ERR_TOO_BIG, "more than %d keys in one text", CRYPTO_KEYS_MAX);
	if (rc == 0) {
		struct crypto_key *key = add(keys);
		key->kind = kind;
		key->private = private;
		key->pkey = pkey_take;
	} else {
		EVP_PKEY_free(pkey_take);
	}
	ERR_clear_error();
	return rc;
}

int crypto_keys_add_secret(struct crypto_keys *keys, struct slice secret, struct err *err)
{
	if (secret.len == 0)
		return err_set(err, ERR_INVALID, "the secret is empty");
	if (keys->count >= CRYPTO_KEYS_MAX)
		return err_set(err, ERR_TOO_BIG, "more than %d keys in one text", CRYPTO_KEYS_MAX);
	struct crypto_key *key = add(keys);
	key->kind = CRYPTO_KEY_SECRET;
	key->private = true;
	key->secret = mem_dup_len(secret.ptr, secret.len);
	key->secret_len = secret.len;
	return 0;
}

int crypto_keys_add_raw(struct crypto_keys *keys, struct slice raw, bool private, struct err *err)
{
	const unsigned char *p = (const unsigned char *)raw.ptr;

	return crypto_keys_add_pkey(keys,
				    private ? EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, p,
									      raw.len)
					    : EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, p,
									     raw.len),
				    private, err);
}

void crypto_keys_release(struct crypto_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		struct crypto_key *key = keys->list[i];
		free(key->id);
		free(key->algorithm);
		mem_wipe_free(key->secret, key->secret_len);
		EVP_PKEY_free(key->pkey);
		free(key);
	}
	free(keys->list);
	*keys = (struct crypto_keys)CRYPTO_KEYS_INIT;
}

enum crypto_key_kind crypto_key_kind(const struct crypto_key *key)
{
	return key->kind;
}

bool crypto_key_private(const struct crypto_key *key)
{
	return key->private;
}

const char *crypto_key_id(const struct crypto_key *key)
{
	return key->id;
}

const char *crypto_key_algorithm(const struct crypto_key *key)
{
	return key->algorithm;
}

struct slice crypto_key_secret(const struct crypto_key *key)
{
	return (struct slice){key->secret, key->secret_len};
}

int crypto_key_valid_at(const struct crypto_key *key, int64_t at_ms, struct err *err)
{
	if (!key->dated || (at_ms >= key->from_ms && at_ms <= key->until_ms))
		return 1;
	if (at_ms < key->from_ms)
		err_set(err, ERR_DENIED, "the certificate is not valid for another %lld seconds",
			(long long)((key->from_ms - at_ms + 999) / 1000));
	else
		err_set(err, ERR_DENIED, "the certificate ran out %lld seconds ago; give the sender's "
			"new one", (long long)((at_ms - key->until_ms + 999) / 1000));
	return 0;
}

/* ---- signatures ---- */

static const char *scheme_name(enum crypto_scheme scheme)
{
	static const char *const names[] = {"Ed25519", "ECDSA", "ECDSA", "RSA", "RSA-PSS"};

	return names[scheme];
}

static int fits(const struct crypto_key *key, enum crypto_scheme scheme, const char *digest,
		struct err *err)
{
	bool ec = key->kind == CRYPTO_KEY_P256 || key->kind == CRYPTO_KEY_P384;
	bool right = scheme == CRYPTO_ED25519 ? key->kind == CRYPTO_KEY_ED25519
		     : scheme == CRYPTO_RSA || scheme == CRYPTO_RSA_PSS
			     ? key->kind == CRYPTO_KEY_RSA
			     : ec;

	if (!right)
		return err_set(err, ERR_INVALID, "an %s signature cannot be checked or made with %s",
			       scheme_name(scheme), crypto_key_kind_name(key->kind));
	if (scheme == CRYPTO_ED25519)
		return 0;
	if (!digest || !crypto_digest_known(digest) || strcmp(digest, "md5") == 0)
		return err_set(err, ERR_INVALID, "there are no %s signatures over digest \"%.40s\"; "
			       "known are sha1, sha256, sha384 and sha512", scheme_name(scheme),
			       digest ? digest : "");
	return 0;
}

static bool pad(EVP_PKEY_CTX *ctx, enum crypto_scheme scheme)
{
	if (scheme == CRYPTO_RSA)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	if (scheme == CRYPTO_RSA_PSS)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
	return true;
}

static size_t order_bytes(const struct crypto_key *key)
{
	return key->kind == CRYPTO_KEY_P384 ? 48 : 32;
}

/* The same r and s as the DER that OpenSSL reads: its length, which the caller frees, or 0. */
static int der_of_raw(const unsigned char *raw, size_t half, unsigned char **der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, (int)half, NULL), *s = BN_bin2bn(raw + half, (int)half, NULL);
	int len = 0;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL;
		len = i2d_ECDSA_SIG(sig, der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len > 0 ? len : 0;
}

static bool raw_of_der(const unsigned char *der, size_t len, size_t half, unsigned char *raw)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)half) > 0 &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, (int)half) > 0;

	ECDSA_SIG_free(sig);
	return ok;
}

int crypto_key_verify(const struct crypto_key *key, enum crypto_scheme scheme, const char *digest,
		      struct slice bytes, struct slice signature, struct err *err)
{
	const unsigned char *sent = (const unsigned char *)signature.ptr;
	size_t sent_len = signature.len;
	unsigned char *der = NULL;
	EVP_PKEY_CTX *how = NULL;
	bool ok = false;

	if (fits(key, scheme, digest, err) < 0)
		return -1;
	if (scheme == CRYPTO_ECDSA_RAW) {
		if (signature.len != 2 * order_bytes(key))
			return 0;
		sent_len = (size_t)der_of_raw(sent, order_bytes(key), &der);
		sent = der;
	}
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (ctx && sent_len &&
	    EVP_DigestVerifyInit_ex(ctx, &how, scheme == CRYPTO_ED25519 ? NULL : digest, NULL, NULL,
				    key->pkey, NULL) == 1 &&
	    pad(how, scheme))
		ok = EVP_DigestVerify(ctx, sent, sent_len, (const unsigned char *)bytes.ptr,
				      bytes.len) == 1;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	ERR_clear_error();
	return ok;
}

int crypto_key_sign(const struct crypto_key *key, enum crypto_scheme scheme, const char *digest,
		    struct slice bytes, struct buf *out, struct err *err)
{
	unsigned char made[CRYPTO_RSA_BITS_MAX / 8], raw[96];
	size_t len = sizeof(made), half = order_bytes(key);
	EVP_PKEY_CTX *how = NULL;

	if (fits(key, scheme, digest, err) < 0)
		return -1;
	if (!key->private)
		return err_set(err, ERR_INVALID, "a public key cannot sign; give the private one");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx &&
		  EVP_DigestSignInit_ex(ctx, &how, scheme == CRYPTO_ED25519 ? NULL : digest, NULL, NULL,
					key->pkey, NULL) == 1 &&
		  pad(how, scheme) &&
		  EVP_DigestSign(ctx, made, &len, (const unsigned char *)bytes.ptr, bytes.len) == 1;
	EVP_MD_CTX_free(ctx);
	if (ok && scheme == CRYPTO_ECDSA_RAW)
		ok = raw_of_der(made, len, half, raw);
	ERR_clear_error();
	if (!ok)
		return err_set(err, ERR_SYSTEM, "%s could not sign with %s", crypto_library_version(),
			       crypto_key_kind_name(key->kind));
	if (scheme == CRYPTO_ECDSA_RAW)
		buf_add(out, raw, 2 * half);
	else
		buf_add(out, made, len);
	return 0;
}
