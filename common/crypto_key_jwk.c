/* SPDX-License-Identifier: MIT */
/* JSON Web Keys. Whether one is private is told by its "d". */
#include "common/crypto_key_inside.h"

#include "common/crypto.h"
#include "common/crypto_json.h"
#include "common/jsontext.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#define NUMBER_MAX (CRYPTO_RSA_BITS_MAX / 8 + 8)

static void wipe(struct buf *b)
{
	size_t len = b->len;

	mem_wipe_free(buf_take(b), len);
}

/* The bytes of a base64url member: 1, 0 absent, -1 with a sentence. */
static int bytes_member(struct slice jwk, const char *name, struct buf *out, struct err *err)
{
	struct buf text = BUF_INIT;
	int rc = crypto_json_text(jwk, name, &text);

	buf_clear(out);
	if (rc > 0 && crypto_base64url_decode(buf_slice(&text), out) != 1)
		rc = -1;
	wipe(&text);
	return rc < 0 ? err_set(err, ERR_INVALID, "the JWK's \"%s\" is not base64url", name) : rc;
}

static int bytes_exact(struct slice jwk, const char *name, size_t len, struct buf *out,
		       struct err *err)
{
	int rc = bytes_member(jwk, name, out, err);

	if (rc < 0)
		return -1;
	return rc > 0 && out->len == len
		       ? 0
		       : err_set(err, ERR_INVALID, "the JWK's \"%s\" must be %zu bytes, it has %zu",
				 name, len, out->len);
}

static int add_okp(struct crypto_keys *keys, struct slice jwk, bool private, struct err *err)
{
	struct buf x = BUF_INIT, d = BUF_INIT;
	unsigned char public[32];
	size_t len = sizeof(public);
	int rc = bytes_exact(jwk, "x", 32, &x, err);

	if (rc == 0 && private)
		rc = bytes_exact(jwk, "d", 32, &d, err);
	if (rc == 0)
		rc = crypto_keys_add_raw(keys, private ? buf_slice(&d) : buf_slice(&x), private, err);
	if (rc == 0 && private &&
	    (EVP_PKEY_get_raw_public_key(keys->list[keys->count - 1]->pkey, public, &len) != 1 ||
	     !crypto_equal((struct slice){(char *)public, len}, buf_slice(&x))))
		rc = err_set(err, ERR_INVALID, "the JWK's \"x\" does not belong to its \"d\"");
	buf_release(&x);
	wipe(&d);
	return rc;
}

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *with, bool private)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(with);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
			      params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static int add_ec(struct crypto_keys *keys, struct slice jwk, bool private, struct err *err)
{
	bool large = crypto_json_is(jwk, "crv", "P-384");
	size_t len = large ? 48 : 32;
	struct buf point = BUF_INIT, part = BUF_INIT;
	BIGNUM *d = NULL;
	int rc;

	buf_add_char(&point, 4); /* uncompressed */
	if ((rc = bytes_exact(jwk, "x", len, &part, err)) == 0) {
		buf_add_slice(&point, buf_slice(&part));
		if ((rc = bytes_exact(jwk, "y", len, &part, err)) == 0)
			buf_add_slice(&point, buf_slice(&part));
	}
	if (rc == 0 && private && (rc = bytes_exact(jwk, "d", len, &part, err)) == 0)
		d = BN_bin2bn((const unsigned char *)part.ptr, (int)part.len, NULL);
	if (rc == 0) {
		OSSL_PARAM_BLD *with = OSSL_PARAM_BLD_new();
		EVP_PKEY *pkey = NULL;
		if (with &&
		    OSSL_PARAM_BLD_push_utf8_string(with, OSSL_PKEY_PARAM_GROUP_NAME,
						    large ? "secp384r1" : "prime256v1", 0) == 1 &&
		    OSSL_PARAM_BLD_push_octet_string(with, OSSL_PKEY_PARAM_PUB_KEY, point.ptr,
						     point.len) == 1 &&
		    (!d || OSSL_PARAM_BLD_push_BN(with, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1))
			pkey = build("EC", with, private);
		OSSL_PARAM_BLD_free(with);
		rc = crypto_keys_add_pkey(keys, pkey, private, err);
	}
	BN_clear_free(d);
	buf_release(&point);
	wipe(&part);
	return rc;
}

static int add_rsa(struct crypto_keys *keys, struct slice jwk, bool private, struct err *err)
{
	static const struct {
		const char *name, *param;
	} numbers[] = {
		{"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
		{"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
		{"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
		{"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
	};
	OSSL_PARAM_BLD *with = OSSL_PARAM_BLD_new();
	BIGNUM *made[ARRAY_LEN(numbers)] = {NULL};
	struct buf part = BUF_INIT;
	int rc = with ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < (private ? ARRAY_LEN(numbers) : 2); i++) {
		int got = bytes_member(jwk, numbers[i].name, &part, err);
		if (got < 0)
			rc = -1;
		else if (got == 0 || part.len == 0 || part.len > NUMBER_MAX)
			rc = err_set(err, ERR_INVALID, "the JWK of kty RSA has no \"%s\" of a "
				     "reasonable size", numbers[i].name);
		else if ((made[i] = BN_bin2bn((const unsigned char *)part.ptr, (int)part.len,
					      NULL)) == NULL ||
			 OSSL_PARAM_BLD_push_BN(with, numbers[i].param, made[i]) != 1)
			rc = err_set(err, ERR_INVALID, "the JWK's \"%s\" is no number",
				     numbers[i].name);
	}
	if (rc == 0)
		rc = crypto_keys_add_pkey(keys, build("RSA", with, private), private, err);
	OSSL_PARAM_BLD_free(with);
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		BN_clear_free(made[i]);
	wipe(&part);
	return rc;
}

static int add_oct(struct crypto_keys *keys, struct slice jwk, struct err *err)
{
	struct buf k = BUF_INIT;
	int rc = bytes_member(jwk, "k", &k, err);

	if (rc == 0)
		rc = err_set(err, ERR_INVALID, "the JWK of kty oct has no \"k\"");
	else if (rc > 0)
		rc = crypto_keys_add_secret(keys, buf_slice(&k), err);
	wipe(&k);
	return rc;
}

/* ---- which of them ---- */

static int of_the_sort(struct slice jwk, enum crypto_key_use use, bool *private, struct err *err)
{
	struct slice member;
	bool oct = crypto_json_is(jwk, "kty", "oct");

	*private = jsontext_member(jwk, "d", 1, &member) == 1;
	if (oct && use != CRYPTO_USE_SECRET)
		return err_set(err, ERR_INVALID, "a JWK of kty oct is a shared secret, and a key pair is "
			       "asked for here");
	if (!oct && use == CRYPTO_USE_SECRET)
		return err_set(err, ERR_INVALID, "this JWK is of a key pair, whose public half anybody "
			       "may know; a shared secret is asked for here");
	if (*private && use == CRYPTO_USE_PUBLIC)
		return err_set(err, ERR_INVALID, "this JWK is a private key (it has a \"d\"); only its "
			       "owner may have that, give the public one");
	if (!*private && use == CRYPTO_USE_PRIVATE)
		return err_set(err, ERR_INVALID, "this JWK is a public key; to sign, give the private "
			       "one");
	return 0;
}

/* 1 added, 0 of a kind not known here, -1. */
static int add_one(struct crypto_keys *keys, struct slice jwk, enum crypto_key_use use,
		   struct err *err)
{
	bool okp = crypto_json_is(jwk, "kty", "OKP") && crypto_json_is(jwk, "crv", "Ed25519");
	bool ec = crypto_json_is(jwk, "kty", "EC") &&
		  (crypto_json_is(jwk, "crv", "P-256") || crypto_json_is(jwk, "crv", "P-384"));
	bool rsa = crypto_json_is(jwk, "kty", "RSA"), oct = crypto_json_is(jwk, "kty", "oct");
	struct buf text = BUF_INIT;
	bool private = false;
	int rc;

	if (crypto_json_is(jwk, "use", "enc") || (!okp && !ec && !rsa && !oct))
		return 0;
	if (of_the_sort(jwk, use, &private, err) < 0)
		return -1;
	rc = okp   ? add_okp(keys, jwk, private, err)
	     : ec  ? add_ec(keys, jwk, private, err)
	     : rsa ? add_rsa(keys, jwk, private, err)
		   : add_oct(keys, jwk, err);
	if (rc < 0)
		return -1;
	struct crypto_key *key = keys->list[keys->count - 1];
	if (crypto_json_text(jwk, "kid", &text) < 0)
		return err_set(err, ERR_INVALID, "the JWK's \"kid\" is not a text");
	free(key->id);
	key->id = buf_take(&text);
	if (crypto_json_text(jwk, "alg", &text) < 0)
		return err_set(err, ERR_INVALID, "the JWK's \"alg\" is not a text");
	free(key->algorithm);
	key->algorithm = buf_take(&text);
	return 1;
}

bool crypto_key_looks_json(struct slice text)
{
	struct slice object = jsontext_trim(text), member;
	size_t at;

	if (object.len == 0 || *object.ptr != '{' || jsontext_fault(object, CRYPTO_JSON_DEPTH_MAX, &at))
		return false;
	return jsontext_member(object, "kty", 3, &member) == 1 ||
	       jsontext_member(object, "keys", 4, &member) == 1;
}

int crypto_keys_add_json(struct crypto_keys *keys, struct slice text, enum crypto_key_use use,
			 struct err *err)
{
	struct slice object, list;
	struct jsontext_walk w;
	size_t n = 0;

	if (crypto_json_object(text, "the JWK", &object, err) < 0)
		return -1;
	if (jsontext_member(object, "keys", 4, &list) != 1) {
		int rc = add_one(keys, object, use, err);
		return rc ? rc > 0 ? 0 : -1
			  : err_set(err, ERR_INVALID, "this JWK is for encryption, or of a kty or crv "
				    "not taken; known are OKP Ed25519, EC P-256 and P-384, RSA, oct");
	}
	if (jsontext_kind(list) != JSONTEXT_ARRAY)
		return err_set(err, ERR_INVALID, "the JWKS's \"keys\" is not a list");
	jsontext_walk_start(&w, list);
	for (; jsontext_walk_next(&w); n++) {
		if (jsontext_kind(w.value) != JSONTEXT_OBJECT)
			return err_set(err, ERR_INVALID, "key %zu of the JWKS is not an object", n + 1);
		if (add_one(keys, w.value, use, err) < 0)
			return err_within(err, "key %zu of the JWKS: ", n + 1);
	}
	return keys->count ? 0 : err_set(err, ERR_INVALID, "the JWKS has %zu keys, none of a kind taken "
					 "here", n);
}
