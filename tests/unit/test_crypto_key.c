/* SPDX-License-Identifier: MIT */
/* Keys in every form they are pasted in, and signatures made and judged with them. */
#include "common/crypto_key.h"

#include "tests/unit/key_fixture.h"

#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>


static EVP_PKEY *rsa, *p256, *p384, *ed;

static int make_keys(void **state)
{
	(void)state;
	rsa = EVP_RSA_gen(2048);
	p256 = EVP_EC_gen("P-256");
	p384 = EVP_EC_gen("P-384");
	ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return rsa && p256 && p384 && ed ? 0 : -1;
}

static int free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(ed);
	return 0;
}

static struct crypto_keys read_as(struct slice form, enum crypto_key_use use)
{
	struct crypto_keys keys = CRYPTO_KEYS_INIT;
	struct err err = {0};

	if (crypto_keys_read(form, use, &keys, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(keys.count > 0);
	return keys;
}

static void refused_len(struct slice form, enum crypto_key_use use, const char *why)
{
	struct crypto_keys keys = CRYPTO_KEYS_INIT;
	struct err err = {0};

	assert_int_equal(crypto_keys_read(form, use, &keys, &err), -1);
	assert_int_equal(keys.count, 0);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not hold \"%s\"", err.text, why);
}

static void refused(const char *form, enum crypto_key_use use, const char *why)
{
	refused_len(fixture_text(form), use, why);
}

static int holds(const struct crypto_keys *keys, enum crypto_scheme scheme, const char *digest,
		 const char *bytes, struct slice signature)
{
	struct err err;

	return crypto_key_verify(keys->list[0], scheme, digest, fixture_text(bytes), signature, &err);
}

/* Signed with one form of a key, it must hold with every public form, and with nothing changed. */
static void form_fits(char *private_take, char *public_take, enum crypto_scheme scheme, const char *digest)
{
	struct crypto_keys mine = read_as(fixture_text(private_take), CRYPTO_USE_PRIVATE);
	struct crypto_keys theirs = read_as(fixture_text(public_take), CRYPTO_USE_PUBLIC);
	struct buf made = BUF_INIT;
	struct err err;

	assert_int_equal(crypto_key_sign(mine.list[0], scheme, digest, fixture_text("paid"), &made, &err), 0);
	assert_int_equal(holds(&theirs, scheme, digest, "paid", buf_slice(&made)), 1);
	assert_int_equal(holds(&theirs, scheme, digest, "Paid", buf_slice(&made)), 0);
	assert_int_equal(holds(&theirs, scheme, digest, "paid", (struct slice){made.ptr, made.len - 1}), 0);
	assert_int_equal(holds(&theirs, scheme, digest, "paid", (struct slice){"", 0}), 0);
	made.ptr[made.len / 2] ^= 1;
	assert_int_equal(holds(&theirs, scheme, digest, "paid", buf_slice(&made)), 0);
	assert_true(crypto_key_private(mine.list[0]) && !crypto_key_private(theirs.list[0]));
	assert_int_equal(crypto_key_sign(theirs.list[0], scheme, digest, fixture_text("paid"), &made, &err), -1);
	buf_release(&made);
	crypto_keys_release(&mine);
	crypto_keys_release(&theirs);
	crypto_keys_release(&theirs);
	free(private_take);
	free(public_take);
}

static void test_key_of_each_kind_signs_and_verifies_in_each_form(void **state)
{
	static const char *const digests[] = {"sha1", "sha256", "sha384", "sha512"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
		form_fits(fixture_private_pem(rsa, i % 2, NULL), fixture_public_pem(rsa), CRYPTO_RSA, digests[i]);
		form_fits(fixture_private_pem(p256, i % 2, NULL), fixture_public_der(p256, i % 2),
			  CRYPTO_ECDSA_DER, digests[i]);
		form_fits(fixture_private_pem(p384, i % 2, NULL), fixture_public_der(p384, false),
			  CRYPTO_ECDSA_RAW, digests[i]);
	}
	form_fits(fixture_private_pem(rsa, false, NULL), fixture_public_der(rsa, true), CRYPTO_RSA_PSS, "sha256");
	form_fits(fixture_private_pem(p256, true, NULL), fixture_public_pem(p256), CRYPTO_ECDSA_RAW, "sha256");
	form_fits(fixture_private_pem(ed, false, NULL), fixture_public_pem(ed), CRYPTO_ED25519, NULL);
	form_fits(fixture_private_pem(rsa, false, NULL), fixture_old_public_pem(rsa), CRYPTO_RSA, "sha256");
}

/* RFC 8032, section 7.1, tests 1 to 3. */
static void test_key_ed25519_of_rfc_8032(void **state)
{
	static const char *const vectors[][4] = {
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
		 "701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
		 "13d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
		 "60984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct crypto_keys mine = read_as(fixture_text(vectors[i][0]), CRYPTO_USE_PRIVATE);
		struct crypto_keys theirs = read_as(fixture_text(vectors[i][1]), CRYPTO_USE_PUBLIC);
		struct buf bytes = BUF_INIT, want = BUF_INIT, made = BUF_INIT;
		struct err err;
		assert_int_equal(crypto_hex_decode(fixture_text(vectors[i][2]), &bytes), 1);
		assert_int_equal(crypto_hex_decode(fixture_text(vectors[i][3]), &want), 1);
		assert_int_equal(crypto_key_sign(mine.list[0], CRYPTO_ED25519, NULL, buf_slice(&bytes),
						 &made, &err), 0);
		assert_int_equal(made.len, 64);
		assert_memory_equal(made.ptr, want.ptr, 64);
		assert_int_equal(crypto_key_verify(theirs.list[0], CRYPTO_ED25519, NULL, buf_slice(&bytes),
						   buf_slice(&want), &err), 1);
		buf_release(&bytes);
		buf_release(&want);
		buf_release(&made);
		crypto_keys_release(&mine);
		crypto_keys_release(&theirs);
	}
}

/* The same 32 bytes in hex, base64 and base64url, with white space around. */
static void test_key_raw_ed25519_in_each_spelling(void **state)
{
	static const char *const forms[] = {
		" D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A\n",
		"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
	};
	struct buf signature = BUF_INIT;

	(void)state;
	assert_int_equal(crypto_hex_decode(
		fixture_text("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
		     "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"), &signature), 1);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct crypto_keys keys = read_as(fixture_text(forms[i]), CRYPTO_USE_PUBLIC);
		assert_int_equal(crypto_key_kind(keys.list[0]), CRYPTO_KEY_ED25519);
		assert_int_equal(holds(&keys, CRYPTO_ED25519, NULL, "", buf_slice(&signature)), 1);
		crypto_keys_release(&keys);
	}
	buf_release(&signature);
}

static void test_key_of_the_other_sort_is_refused(void **state)
{
	char *public = fixture_public_pem(rsa), *private = fixture_private_pem(rsa, false, NULL);
	char *old = fixture_private_pem(rsa, true, NULL), *der = fixture_public_der(p256, false);
	char *locked = fixture_private_pem(rsa, false, "password");

	(void)state;
	refused(private, CRYPTO_USE_PUBLIC, "a private key");
	refused(old, CRYPTO_USE_PUBLIC, "a private key");
	refused(public, CRYPTO_USE_PRIVATE, "a public key");
	refused(der, CRYPTO_USE_PRIVATE, "a public key");
	refused(public, CRYPTO_USE_SECRET, "a shared secret is asked for");
	refused(private, CRYPTO_USE_SECRET, "a shared secret is asked for");
	refused(der, CRYPTO_USE_SECRET, "a shared secret is asked for");
	refused(locked, CRYPTO_USE_PRIVATE, "encrypted");
	refused("{\"kty\":\"oct\",\"k\":\"AAAA\"}", CRYPTO_USE_PUBLIC, "a shared secret");
	refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
		CRYPTO_USE_SECRET, "key pair");
	refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
		"\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}", CRYPTO_USE_PUBLIC, "private key");
	refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAqYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
		"\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}", CRYPTO_USE_PRIVATE, "does not belong");
	free(public);
	free(private);
	free(old);
	free(der);
	free(locked);
}

static void test_key_too_short_or_of_an_unknown_kind_is_refused(void **state)
{
	EVP_PKEY *small = EVP_RSA_gen(1024), *koblitz = EVP_EC_gen("secp256k1"), *x = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	char *short_pem = fixture_public_pem(small), *short_der = fixture_public_der(small, false);
	char *other_curve = fixture_public_pem(koblitz), *other_kind = fixture_public_pem(x);

	(void)state;
	refused(short_pem, CRYPTO_USE_PUBLIC, "1024 bits is too short");
	refused(short_der, CRYPTO_USE_PUBLIC, "1024 bits is too short");
	refused(other_curve, CRYPTO_USE_PUBLIC, "secp256k1 are not taken");
	refused(other_kind, CRYPTO_USE_PUBLIC, "X25519 are not taken");
	free(short_pem);
	free(short_der);
	free(other_curve);
	free(other_kind);
	EVP_PKEY_free(small);
	EVP_PKEY_free(koblitz);
	EVP_PKEY_free(x);
}

static void test_key_damaged_is_refused(void **state)
{
	char *pem = fixture_public_pem(p256), *der = fixture_public_der(rsa, false);
	struct buf cut = BUF_INIT, long_text = BUF_INIT;

	(void)state;
	refused("", CRYPTO_USE_PUBLIC, "empty");
	refused(" \n", CRYPTO_USE_SECRET, "empty");
	refused("my password", CRYPTO_USE_PUBLIC, "no key");
	refused("-----BEGIN PUBLIC KEY-----\nMFkw\n", CRYPTO_USE_PUBLIC, "damaged");
	refused("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", CRYPTO_USE_PUBLIC, "damaged");
	buf_add(&cut, pem, strlen(pem) - 40);
	refused(cut.ptr, CRYPTO_USE_PUBLIC, "damaged");
	buf_clear(&cut);
	buf_add(&cut, der, 200);
	refused(cut.ptr, CRYPTO_USE_PUBLIC, "neither a key");
	buf_clear(&cut);
	/* A key and something after it. */
	buf_addf(&cut, "%sAAAA", der);
	refused(cut.ptr, CRYPTO_USE_PUBLIC, "");
	/* A point that is not on the curve. */
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1\"}", CRYPTO_USE_PUBLIC, "");
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}", CRYPTO_USE_PUBLIC, "32 bytes");
	refused("{\"kty\":\"RSA\",\"n\":\"AQAB\"}", CRYPTO_USE_PUBLIC, "\"e\"");
	refused("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", CRYPTO_USE_PUBLIC, "too short");
	refused("{\"kty\":\"EC\",\"kty\":\"RSA\"}", CRYPTO_USE_PUBLIC, "twice");
	refused("{\"kty\":\"XYZ\"}", CRYPTO_USE_PUBLIC, "not taken");
	refused("{\"keys\":[]}", CRYPTO_USE_PUBLIC, "0 keys");
	refused("{\"keys\":{}}", CRYPTO_USE_PUBLIC, "not a list");
	refused("{\"keys\":[7]}", CRYPTO_USE_PUBLIC, "not an object");
	for (size_t i = 0; i <= CRYPTO_KEY_TEXT_MAX; i++)
		buf_add_char(&long_text, 'A');
	refused_len(buf_slice(&long_text), CRYPTO_USE_PUBLIC, "too many");
	buf_release(&cut);
	buf_release(&long_text);
	free(pem);
	free(der);
}

static void test_key_set_keeps_ids_and_passes_over_what_it_does_not_know(void **state)
{
	struct crypto_keys keys = read_as(fixture_text(
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-521\",\"kid\":\"large\"},{\"kty\":\"NEW\"},"
		"{\"kty\":\"RSA\",\"use\":\"enc\"},"
		"{\"kid\":\"a\",\"alg\":\"ES256\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
		"\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"),
		CRYPTO_USE_PUBLIC);

	(void)state;
	assert_int_equal(keys.count, 2);
	assert_string_equal(crypto_key_id(keys.list[0]), "a");
	assert_string_equal(crypto_key_algorithm(keys.list[0]), "ES256");
	assert_int_equal(crypto_key_kind(keys.list[0]), CRYPTO_KEY_P256);
	assert_string_equal(crypto_key_id(keys.list[1]), "");
	crypto_keys_release(&keys);
}

static void test_key_shared_secret_is_taken_as_it_stands(void **state)
{
	static const char *const forms[] = {" with blanks ", "{not json", "{\"a\":1}", "whsec_abc", "MFkw",
					    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct crypto_keys keys = read_as(fixture_text(forms[i]), CRYPTO_USE_SECRET);
		assert_true(crypto_equal(crypto_key_secret(keys.list[0]), fixture_text(forms[i])));
		crypto_keys_release(&keys);
	}
	struct crypto_keys keys = read_as(fixture_text("{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"), CRYPTO_USE_SECRET);
	assert_true(crypto_equal(crypto_key_secret(keys.list[0]), fixture_text("secret")));
	crypto_keys_release(&keys);
}

static void test_key_scheme_and_digest_must_fit(void **state)
{
	char *pem = fixture_public_pem(rsa);
	struct crypto_keys keys = read_as(fixture_text(pem), CRYPTO_USE_PUBLIC);
	struct crypto_keys shared = read_as(fixture_text("secret"), CRYPTO_USE_SECRET);

	(void)state;
	assert_int_equal(holds(&keys, CRYPTO_ED25519, NULL, "", fixture_text("x")), -1);
	assert_int_equal(holds(&keys, CRYPTO_ECDSA_DER, "sha256", "", fixture_text("x")), -1);
	assert_int_equal(holds(&keys, CRYPTO_RSA, "md5", "", fixture_text("x")), -1);
	assert_int_equal(holds(&keys, CRYPTO_RSA, "sha3", "", fixture_text("x")), -1);
	assert_int_equal(holds(&keys, CRYPTO_RSA, NULL, "", fixture_text("x")), -1);
	assert_int_equal(holds(&shared, CRYPTO_RSA, "sha256", "", fixture_text("x")), -1);
	crypto_keys_release(&keys);
	crypto_keys_release(&shared);
	free(pem);
}

int main(void)
{
	const struct CMUnitTest keys[] = {
		cmocka_unit_test(test_key_of_each_kind_signs_and_verifies_in_each_form),
		cmocka_unit_test(test_key_ed25519_of_rfc_8032),
		cmocka_unit_test(test_key_raw_ed25519_in_each_spelling),
		cmocka_unit_test(test_key_of_the_other_sort_is_refused),
		cmocka_unit_test(test_key_too_short_or_of_an_unknown_kind_is_refused),
		cmocka_unit_test(test_key_damaged_is_refused),
		cmocka_unit_test(test_key_set_keeps_ids_and_passes_over_what_it_does_not_know),
		cmocka_unit_test(test_key_shared_secret_is_taken_as_it_stands),
		cmocka_unit_test(test_key_scheme_and_digest_must_fit),
	};

	return cmocka_run_group_tests(keys, make_keys, free_keys);
}
