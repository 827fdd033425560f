/* SPDX-License-Identifier: MIT */
/* Signed tokens: the examples of the standards, what is made here, and what is refused. */
#include "common/crypto_jws.h"

#include "common/mem.h"
#include "tests/unit/key_fixture.h"

#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>

#define JOE "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define HMAC_KEY "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}"
#define EC_KEY "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define RSA_KEY "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp" \
	"-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kp" \
	"aSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFv" \
	"UK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}"
#define ED_KEY "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

static struct crypto_keys keys_of(const char *form, enum crypto_key_use use)
{
	struct crypto_keys keys = CRYPTO_KEYS_INIT;
	struct err err = {0};

	if (crypto_keys_read(fixture_text(form), use, &keys, &err) < 0)
		fail_msg("%s", err.text);
	return keys;
}

/* Opens a token with one key; the sentence of a refusal must hold why. */
static void opens(struct slice token, unsigned algorithms, const char *form, const char *why)
{
	enum crypto_key_use use = (enum crypto_key_use)crypto_jws_use(algorithms);
	struct crypto_keys keys = keys_of(form, use);
	struct crypto_jws_rules rules = {.algorithms = algorithms, .keys = &keys, .n_keys = 1,
					 .now_ms = FIXTURE_AT_MS};
	struct crypto_jws got = CRYPTO_JWS_INIT;
	struct err err = {0};
	int rc = crypto_jws_open(token, &rules, &got, &err);

	if (rc < 0 && !why)
		fail_msg("%s", err.text);
	if (why) {
		assert_int_equal(rc, -1);
		assert_int_equal(got.payload.len, 0);
		if (!strstr(err.text, why))
			fail_msg("\"%s\" does not hold \"%s\"", err.text, why);
	} else {
		assert_int_equal(got.matched, 0);
		assert_true(got.payload.len > 0);
	}
	crypto_jws_release(&got);
	crypto_keys_release(&keys);
}

static void test_jws_examples_of_the_standards_hold(void **state)
{
	(void)state;
	/* RFC 7515, appendix A.1 to A.3; RFC 8037, appendix A.4. */
	opens(fixture_text("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
	      CRYPTO_HS256, HMAC_KEY, NULL);
	opens(fixture_text("eyJhbGciOiJSUzI1NiJ9." JOE ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AA"
			   "uHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75v"
			   "RK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7"
			   "noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"),
	      CRYPTO_RS256, RSA_KEY, NULL);
	opens(fixture_text("eyJhbGciOiJFUzI1NiJ9." JOE ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmW"
			   "QxfKTUJqPP3-Kg6NU1Q"), CRYPTO_ES256, EC_KEY, NULL);
	opens(fixture_text("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3A"
			   "IbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"), CRYPTO_EDDSA, ED_KEY, NULL);
}

/* RFC 7515, appendix A.5: an unsecured token; and A.1 under other names. */
static void test_jws_algorithm_is_ours_to_choose(void **state)
{
	(void)state;
	opens(fixture_text("eyJhbGciOiJub25lIn0." JOE "."), CRYPTO_HS256, HMAC_KEY, "not signed");
	opens(fixture_text("eyJhbGciOiJub25lIn0." JOE ".AAAA"), CRYPTO_HS256, HMAC_KEY, "\"none\"");
	opens(fixture_text("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
	      CRYPTO_HS512, HMAC_KEY, "HS256, which is not among");
	opens(fixture_text("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
	      CRYPTO_ES256, EC_KEY, "HS256, which is not among");
	opens(fixture_text("eyJhbGciOiJFUzI1NiJ9." JOE ".AAAA"), CRYPTO_ES256 | CRYPTO_RS256, RSA_KEY, "no key given here");
	assert_int_equal(crypto_jws_use(CRYPTO_HS256 | CRYPTO_RS256), -1);
	assert_int_equal(crypto_jws_use(0), -1);
	for (size_t i = 0; crypto_jws_names[i]; i++)
		assert_string_equal(crypto_jws_name(crypto_jws_find(crypto_jws_names[i])), crypto_jws_names[i]);
	assert_int_equal(crypto_jws_find("none"), 0);
	assert_int_equal(crypto_jws_find("hs256"), 0);
}

static void round_trip(unsigned algorithm, char *private_take, char *public_take)
{
	struct crypto_keys mine = keys_of(private_take, algorithm & CRYPTO_HS_ANY ? CRYPTO_USE_SECRET
									   : CRYPTO_USE_PRIVATE);
	struct buf token = BUF_INIT;
	struct err err;

	assert_int_equal(crypto_jws_sign(mine.list[0], algorithm, "k\"1", "JWT", fixture_text("{\"a\":1}"), &token, &err), 0);
	opens(buf_slice(&token), algorithm, public_take, NULL);
	/* Whatever bit is turned, it is refused. */
	for (size_t i = 0; i < token.len; i += 7) {
		token.ptr[i] ^= 1;
		opens(buf_slice(&token), algorithm, public_take, "");
		token.ptr[i] ^= 1;
	}
	for (size_t len = 0; len < token.len; len += 5)
		opens((struct slice){token.ptr, len}, algorithm, public_take, "");
	crypto_keys_release(&mine);
	buf_release(&token);
	free(private_take);
	free(public_take);
}

static void test_jws_signed_here_opens_here_and_not_when_changed(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *p256 = EVP_EC_gen("P-256"), *p384 = EVP_EC_gen("P-384");
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	static const unsigned of_rsa[] = {CRYPTO_RS256, CRYPTO_RS384, CRYPTO_RS512, CRYPTO_PS256};
	static const unsigned of_secret[] = {CRYPTO_HS256, CRYPTO_HS384, CRYPTO_HS512};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(of_secret); i++)
		round_trip(of_secret[i], mem_dup("secret"), mem_dup("secret"));
	for (size_t i = 0; i < ARRAY_LEN(of_rsa); i++)
		round_trip(of_rsa[i], fixture_private_pem(rsa, false, NULL), fixture_public_pem(rsa));
	round_trip(CRYPTO_ES256, fixture_private_pem(p256, true, NULL), fixture_public_pem(p256));
	round_trip(CRYPTO_ES384, fixture_private_pem(p384, false, NULL), fixture_public_pem(p384));
	round_trip(CRYPTO_EDDSA, fixture_private_pem(ed, false, NULL), fixture_public_pem(ed));
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(ed);
}

static void test_jws_is_not_signed_with_a_key_that_does_not_fit(void **state)
{
	struct crypto_keys secret = keys_of("secret", CRYPTO_USE_SECRET), public = keys_of(ED_KEY, CRYPTO_USE_PUBLIC);
	struct buf out = BUF_INIT;
	struct err err;

	(void)state;
	assert_int_equal(crypto_jws_sign(secret.list[0], CRYPTO_RS256, NULL, NULL, fixture_text("{}"), &out, &err), -1);
	assert_int_equal(crypto_jws_sign(public.list[0], CRYPTO_HS256, NULL, NULL, fixture_text("{}"), &out, &err), -1);
	assert_int_equal(crypto_jws_sign(public.list[0], CRYPTO_EDDSA, NULL, NULL, fixture_text("{}"), &out, &err), -1);
	assert_int_equal(crypto_jws_sign(secret.list[0], 0, NULL, NULL, fixture_text("{}"), &out, &err), -1);
	assert_int_equal(out.len, 0);
	crypto_keys_release(&secret);
	crypto_keys_release(&public);
}

/* A token whose header carries the chain of its signer. */
static void chained(const struct fixture_certificate *leaf, X509 *trusted, int64_t at_ms, const char *why)
{
	char *pem = fixture_private_pem(leaf->key, false, NULL), *der = fixture_certificate_der(leaf->x509);
	struct crypto_keys mine = keys_of(pem, CRYPTO_USE_PRIVATE);
	struct buf header = BUF_INIT, token = BUF_INIT, roots = BUF_INIT, signature = BUF_INIT;
	struct crypto_jws got = CRYPTO_JWS_INIT;
	struct err err = {0};

	buf_addf(&header, "{\"alg\":\"ES256\",\"x5c\":[\"%s\"]}", der);
	crypto_base64url(header.ptr, header.len, &token);
	buf_add_text(&token, ".e30");
	assert_int_equal(crypto_key_sign(mine.list[0], CRYPTO_ECDSA_RAW, "sha256", buf_slice(&token), &signature, &err), 0);
	buf_add_char(&token, '.');
	crypto_base64url(signature.ptr, signature.len, &token);
	fixture_add_pem(&roots, trusted);
	struct crypto_jws_rules rules = {.algorithms = CRYPTO_ES256, .chain = true, .trusted = buf_slice(&roots),
					 .now_ms = at_ms};
	int rc = crypto_jws_open(buf_slice(&token), &rules, &got, &err);
	assert_int_equal(rc, why ? -1 : 0);
	if (why)
		assert_non_null(strstr(err.text, why));
	crypto_jws_release(&got);
	crypto_keys_release(&mine);
	buf_release(&header);
	buf_release(&token);
	buf_release(&roots);
	buf_release(&signature);
	free(pem);
	free(der);
}

static void test_jws_with_a_chain_is_judged_by_the_trusted_root(void **state)
{
	struct fixture_certificate root = fixture_certificate("Root", EVP_RSA_gen(2048), NULL, true, "keyCertSign");
	struct fixture_certificate own = fixture_certificate("Root", EVP_EC_gen("P-256"), NULL, true, "keyCertSign");
	struct fixture_certificate leaf = fixture_certificate("a.example.com", EVP_EC_gen("P-256"), &root, false, "digitalSignature");
	struct fixture_certificate forged = fixture_certificate("a.example.com", EVP_EC_gen("P-256"), &own, false, "digitalSignature");

	(void)state;
	chained(&leaf, root.x509, FIXTURE_AT_MS, NULL);
	chained(&forged, root.x509, FIXTURE_AT_MS, "chain of certificates does not hold");
	chained(&leaf, root.x509, FIXTURE_AT_MS + 2 * FIXTURE_DAY_MS, "expired");
	fixture_certificate_free(&root);
	fixture_certificate_free(&own);
	fixture_certificate_free(&leaf);
	fixture_certificate_free(&forged);
}

static void claims(const char *payload, struct crypto_jwt_rules rules, const char *why)
{
	struct err err = {0};

	rules.now_ms = 1000000;
	int rc = crypto_jwt_check(fixture_text(payload), &rules, &err);
	if (rc != (why ? -1 : 0) || (why && !strstr(err.text, why)))
		fail_msg("%s: %d \"%s\"", payload, rc, err.text);
}

static void test_jwt_times_are_kept_to_the_second(void **state)
{
	struct crypto_jwt_rules any = {0}, slack = {.tolerance_s = 10}, old = {.max_age_s = 60, .tolerance_s = 10};

	(void)state;
	claims("{}", any, NULL);
	claims("{}", (struct crypto_jwt_rules){.expires = true}, "never expires");
	claims("{\"exp\":1001}", any, NULL);
	claims("{\"exp\":1000.5}", any, NULL);
	claims("{\"exp\":1000}", any, "expired 0 seconds");
	claims("{\"exp\":991}", slack, NULL);
	claims("{\"exp\":990}", slack, "expired 10 seconds");
	claims("{\"exp\":-1e300}", any, "exp is not a number");
	claims("{\"exp\":1e400}", any, "exp is not a number");
	claims("{\"exp\":null}", any, "exp is not a number");
	claims("{\"exp\":\"2000\"}", any, "exp is not a number");
	claims("{\"nbf\":1000}", any, NULL);
	claims("{\"nbf\":1001}", any, "another 1 seconds");
	claims("{\"nbf\":1010}", slack, NULL);
	claims("{\"nbf\":1011}", slack, "another 11 seconds");
	claims("{\"iat\":1011}", slack, "in the future");
	claims("{\"iat\":930}", old, NULL);
	claims("{\"iat\":929}", old, "71 seconds old (iat); at most 60");
	claims("{\"exp\":2000}", old, "when it was issued");
}

static void test_jwt_claims_are_compared_whole(void **state)
{
	const struct crypto_jwt_claim list[] = {{"n", {" 3", 2}}, {"o", {"{\"a\": [1, \"x\"]}", 15}}};
	struct crypto_jwt_rules rules = {.claims = list, .n_claims = 2};
	struct crypto_jwt_rules aud = {.audience = "us"}, iss = {.issuer = "me"};

	(void)state;
	claims("{\"n\":3,\"o\":{\"a\":[1,\"x\"]}}", rules, NULL);
	claims("{\"n\":\"3\",\"o\":{\"a\":[1,\"x\"]}}", rules, "claim \"n\"");
	claims("{\"n\":3,\"o\":{\"a\":[1,\"x\",2]}}", rules, "claim \"o\"");
	claims("{\"n\":3}", rules, "no claim \"o\"");
	claims("{\"aud\":\"us\"}", aud, NULL);
	claims("{\"aud\":[\"them\",\"us\"]}", aud, NULL);
	claims("{\"aud\":[]}", aud, "claim \"aud\"");
	claims("{\"aud\":[[\"us\"]]}", aud, "claim \"aud\"");
	claims("{\"aud\":\"us2\"}", aud, "claim \"aud\"");
	claims("{\"aud\":{\"us\":1}}", aud, "claim \"aud\"");
	claims("{\"iss\":\"\\u006de\"}", iss, NULL);
	claims("{\"iss\":\"me\\u0000\"}", iss, "claim \"iss\"");
	claims("{\"iss\":[\"me\"]}", iss, "claim \"iss\"");
	claims("{\"a\":{\"b\":1,\"b\":2}}", rules, "twice");
	claims("[]", rules, "not a JSON object");
	claims("", rules, "not JSON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jws_examples_of_the_standards_hold),
		cmocka_unit_test(test_jws_algorithm_is_ours_to_choose),
		cmocka_unit_test(test_jws_signed_here_opens_here_and_not_when_changed),
		cmocka_unit_test(test_jws_is_not_signed_with_a_key_that_does_not_fit),
		cmocka_unit_test(test_jws_with_a_chain_is_judged_by_the_trusted_root),
		cmocka_unit_test(test_jwt_times_are_kept_to_the_second),
		cmocka_unit_test(test_jwt_claims_are_compared_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
