/* SPDX-License-Identifier: MIT */
/* Digests, HMAC, encodings and AES-256-GCM against the vectors of their standards. */
#include "common/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slice text(const char *s)
{
	return (struct slice){s, strlen(s)};
}

/* count times the byte b, in one of two buffers. */
static struct slice repeated(int which, unsigned char b, size_t count)
{
	static char space[2][256];

	memset(space[which], b, count);
	return (struct slice){space[which], count};
}

static void hmac_is(const char *algorithm, struct slice key, struct slice bytes, const char *want)
{
	unsigned char out[CRYPTO_DIGEST_MAX];
	struct buf hex = BUF_INIT;

	int len = crypto_hmac(algorithm, key, bytes, out);
	assert_int_equal(len * 2, strlen(want));
	crypto_hex(out, (size_t)len, &hex);
	assert_string_equal(hex.ptr, want);
	buf_release(&hex);
}

/* RFC 4231, test cases 1, 2, 3, 6 and 7: short key, text key, full blocks, key longer than
 * a block, key and data longer than a block. */
static void test_hmac_sha256_of_rfc_4231(void **state)
{
	(void)state;
	hmac_is("sha256", repeated(0, 0x0b, 20), text("Hi There"),
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	hmac_is("sha256", text("Jefe"), text("what do ya want for nothing?"),
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	hmac_is("sha256", repeated(0, 0xaa, 20), repeated(1, 0xdd, 50),
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	hmac_is("sha256", repeated(0, 0xaa, 131),
		text("Test Using Larger Than Block-Size Key - Hash Key First"),
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	hmac_is("sha256", repeated(0, 0xaa, 131),
		text("This is a test using a larger than block-size key and a larger than "
		     "block-size data. The key needs to be hashed before being used by the HMAC "
		     "algorithm."),
		"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

static void test_hmac_sha384_and_sha512_of_rfc_4231(void **state)
{
	(void)state;
	hmac_is("sha384", text("Jefe"), text("what do ya want for nothing?"),
		"af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
		"8e2240ca5e69e2c78b3239ecfab21649");
	hmac_is("sha512", text("Jefe"), text("what do ya want for nothing?"),
		"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
	hmac_is("sha512", repeated(0, 0xaa, 131),
		text("Test Using Larger Than Block-Size Key - Hash Key First"),
		"80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
		"6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

/* RFC 2202, case 2 of each. */
static void test_hmac_of_the_old_digests(void **state)
{
	(void)state;
	hmac_is("md5", text("Jefe"), text("what do ya want for nothing?"),
		"750c783e6ab0b503eaa86e310a5db738");
	hmac_is("sha1", text("Jefe"), text("what do ya want for nothing?"),
		"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

static void test_hmac_of_an_empty_body(void **state)
{
	(void)state;
	hmac_is("sha256", text("key"), (struct slice){NULL, 0},
		"5d5d139563c95b5967b9bd9a8c9b233a9dedb45072794cd232dc1b74832607d0");
}

static void test_hmac_refuses_unknown_digests_and_empty_keys(void **state)
{
	unsigned char out[CRYPTO_DIGEST_MAX];

	(void)state;
	assert_int_equal(crypto_hmac("sha3", text("k"), text("x"), out), -1);
	assert_int_equal(crypto_hmac("SHA256", text("k"), text("x"), out), -1);
	assert_int_equal(crypto_hmac("sha256", text(""), text("x"), out), -1);
	assert_true(crypto_digest_known("sha256") && crypto_digest_known("md5"));
	assert_false(crypto_digest_known("") || crypto_digest_known("sha224"));
}

/* FIPS 180-4: the empty text, one block, two blocks. */
static void test_sha256_of_fips_180(void **state)
{
	char hex[65];

	(void)state;
	crypto_sha256_hex((struct slice){NULL, 0}, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	crypto_sha256_hex(text("abc"), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	crypto_sha256_hex(text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), hex);
	assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_equal_compares_bytes_and_lengths(void **state)
{
	(void)state;
	assert_true(crypto_equal(text("abc"), text("abc")));
	assert_true(crypto_equal((struct slice){NULL, 0}, text("")));
	assert_false(crypto_equal(text("abc"), text("abd")));
	assert_false(crypto_equal(text("abc"), text("abcd")));
	assert_false(crypto_equal((struct slice){"a\0b", 3}, (struct slice){"a\0c", 3}));
}

static void test_random_differs(void **state)
{
	unsigned char a[32] = {0}, b[32] = {0};

	(void)state;
	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

/* RFC 4648, section 10. */
static void test_base64_of_rfc_4648(void **state)
{
	static const char *const pairs[][2] = {
		{"", ""},		{"f", "Zg=="},	      {"fo", "Zm8="},
		{"foo", "Zm9v"},	{"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct buf out = BUF_INIT;
		crypto_base64(pairs[i][0], strlen(pairs[i][0]), &out);
		assert_string_equal(out.ptr, pairs[i][1]);
		buf_clear(&out);
		assert_int_equal(crypto_base64_decode(text(pairs[i][1]), &out), 1);
		assert_string_equal(out.ptr, pairs[i][0]);
		buf_release(&out);
	}
}

/* RFC 4648, sections 5 and 10, and what base64 proper has in its place. */
static void test_base64url_has_no_padding_and_its_own_digits(void **state)
{
	static const char *const refused[] = {"Zg==", "+_8", "-/8", "Zh", "Zm9vY", "Zm 9v", "Z"};
	struct buf out = BUF_INIT;

	(void)state;
	crypto_base64url("\xfb\xff\xbf", 3, &out);
	assert_string_equal(out.ptr, "-_-_");
	buf_clear(&out);
	crypto_base64url("foob", 4, &out);
	assert_string_equal(out.ptr, "Zm9vYg");
	buf_clear(&out);
	assert_int_equal(crypto_base64url_decode(text("-_-_"), &out), 1);
	assert_int_equal(out.len, 3);
	assert_memory_equal(out.ptr, "\xfb\xff\xbf", 3);
	assert_int_equal(crypto_base64url_decode(text(""), &out), 1);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		assert_int_equal(crypto_base64url_decode(text(refused[i]), &out), 0);
		assert_int_equal(out.len, 3);
	}
	buf_release(&out);
}

/* The check value of the polynomial, and what zlib gives. */
static void test_crc32_is_that_of_zlib(void **state)
{
	(void)state;
	assert_int_equal(crypto_crc32(text("123456789")), 0xCBF43926);
	assert_int_equal(crypto_crc32(text("")), 0);
	assert_int_equal(crypto_crc32(text("a")), 0xE8B7BE43);
}

static void test_encodings_of_every_byte(void **state)
{
	struct buf out = BUF_INIT, back = BUF_INIT;
	unsigned char all[256];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	crypto_base64(all, sizeof(all), &out);
	assert_int_equal(crypto_base64_decode(buf_slice(&out), &back), 1);
	assert_int_equal(back.len, sizeof(all));
	assert_memory_equal(back.ptr, all, sizeof(all));
	buf_clear(&out);
	buf_clear(&back);
	crypto_hex(all, sizeof(all), &out);
	assert_int_equal(crypto_hex_decode(buf_slice(&out), &back), 1);
	assert_int_equal(back.len, sizeof(all));
	assert_memory_equal(back.ptr, all, sizeof(all));
	buf_release(&out);
	buf_release(&back);
}

static void test_decoders_are_strict_and_leave_the_buffer_as_it_was(void **state)
{
	static const char *const base64[] = {"Zg", "Zg=", "Zg==\n", "Z===", "====", "Zh==", "Zm9=",
					     "Zm 9v", "Zm9v====", "Zg==Zg==", "Zm-_", "Z=g="};
	static const char *const hex[] = {"0", "0g", "abcx", " 0", "0x00"};
	struct buf out = BUF_INIT;

	(void)state;
	buf_add_text(&out, "kept");
	for (size_t i = 0; i < ARRAY_LEN(base64); i++) {
		if (crypto_base64_decode(text(base64[i]), &out) != 0)
			fail_msg("%s was taken", base64[i]);
		assert_string_equal(out.ptr, "kept");
	}
	for (size_t i = 0; i < ARRAY_LEN(hex); i++) {
		if (crypto_hex_decode(text(hex[i]), &out) != 0)
			fail_msg("%s was taken", hex[i]);
		assert_string_equal(out.ptr, "kept");
	}
	assert_int_equal(crypto_hex_decode(text("41aBFf"), &out), 1);
	assert_memory_equal(out.ptr, "kept\x41\xab\xff", 7);
	buf_release(&out);
}

/* McGrew and Viega's GCM specification, test case 14: key, nonce and text of zeros. */
static void test_open_knows_the_gcm_vector(void **state)
{
	unsigned char key[CRYPTO_KEY_BYTES] = {0};
	struct buf sealed = BUF_INIT, plain = BUF_INIT;
	struct err err;

	(void)state;
	assert_int_equal(crypto_hex_decode(text("000000000000000000000000"
						"cea7403d4d606b6e074ec5d3baf39d18"
						"d0d1c8a799996bf0265b98b5d48ab919"), &sealed), 1);
	assert_int_equal(crypto_open(key, buf_slice(&sealed), text(""), &plain, &err), 0);
	assert_int_equal(plain.len, 16);
	for (size_t i = 0; i < plain.len; i++)
		assert_int_equal(plain.ptr[i], 0);
	buf_release(&sealed);
	buf_release(&plain);
}

static void test_seal_opens_only_whole_in_its_place_with_its_key(void **state)
{
	unsigned char key[CRYPTO_KEY_BYTES] = {7}, other[CRYPTO_KEY_BYTES] = {8};
	struct buf sealed = BUF_INIT, plain = BUF_INIT;
	struct err err = {0};

	(void)state;
	assert_int_equal(crypto_seal(key, text("s3cret"), text("github"), &sealed, &err), 0);
	assert_int_equal(sealed.len, 12 + 6 + 16);
	assert_int_equal(crypto_open(key, buf_slice(&sealed), text("github"), &plain, &err), 0);
	assert_string_equal(plain.ptr, "s3cret");
	assert_int_equal(crypto_open(other, buf_slice(&sealed), text("github"), &plain, &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_int_equal(crypto_open(key, buf_slice(&sealed), text("gitlab"), &plain, &err), -1);
	assert_int_equal(crypto_open(key, buf_slice(&sealed), text(""), &plain, &err), -1);
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.ptr[i] ^= 1;
		if (crypto_open(key, buf_slice(&sealed), text("github"), &plain, &err) != -1)
			fail_msg("a changed byte %zu went unseen", i);
		sealed.ptr[i] ^= 1;
	}
	for (size_t len = 0; len < sealed.len; len++) {
		struct slice cut = {sealed.ptr, len};
		assert_int_equal(crypto_open(key, cut, text("github"), &plain, &err), -1);
	}
	assert_string_equal(plain.ptr, "s3cret");
	buf_release(&sealed);
	buf_release(&plain);
}

static void test_seal_never_twice_the_same_and_takes_nothing(void **state)
{
	unsigned char key[CRYPTO_KEY_BYTES] = {1};
	struct buf a = BUF_INIT, b = BUF_INIT, plain = BUF_INIT;
	struct err err = {0};

	(void)state;
	assert_int_equal(crypto_seal(key, text(""), text("n"), &a, &err), 0);
	assert_int_equal(crypto_seal(key, text(""), text("n"), &b, &err), 0);
	assert_int_equal(a.len, 28);
	assert_memory_not_equal(a.ptr, b.ptr, 28);
	assert_int_equal(crypto_open(key, buf_slice(&a), text("n"), &plain, &err), 0);
	assert_int_equal(plain.len, 0);
	buf_release(&a);
	buf_release(&b);
	buf_release(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hmac_sha256_of_rfc_4231),
		cmocka_unit_test(test_hmac_sha384_and_sha512_of_rfc_4231),
		cmocka_unit_test(test_hmac_of_the_old_digests),
		cmocka_unit_test(test_hmac_of_an_empty_body),
		cmocka_unit_test(test_hmac_refuses_unknown_digests_and_empty_keys),
		cmocka_unit_test(test_sha256_of_fips_180),
		cmocka_unit_test(test_equal_compares_bytes_and_lengths),
		cmocka_unit_test(test_random_differs),
		cmocka_unit_test(test_base64_of_rfc_4648),
		cmocka_unit_test(test_base64url_has_no_padding_and_its_own_digits),
		cmocka_unit_test(test_crc32_is_that_of_zlib),
		cmocka_unit_test(test_encodings_of_every_byte),
		cmocka_unit_test(test_decoders_are_strict_and_leave_the_buffer_as_it_was),
		cmocka_unit_test(test_open_knows_the_gcm_vector),
		cmocka_unit_test(test_seal_opens_only_whole_in_its_place_with_its_key),
		cmocka_unit_test(test_seal_never_twice_the_same_and_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
