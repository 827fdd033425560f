/* SPDX-License-Identifier: MIT */
/* Certificates: those whose chain leads to a trusted root, and all others. */
#include "common/crypto_key.h"

#include "tests/unit/key_fixture.h"

#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>

static struct fixture_certificate root, middle, leaf, stranger;

static int make_chain(void **state)
{
	(void)state;
	root = fixture_certificate("Root", EVP_RSA_gen(2048), NULL, true, "keyCertSign");
	middle = fixture_certificate("Middle", EVP_EC_gen("P-256"), &root, true, "keyCertSign");
	leaf = fixture_certificate("sign.example.com", EVP_EC_gen("P-256"), &middle, false, "digitalSignature");
	stranger = fixture_certificate("Root", EVP_RSA_gen(2048), NULL, true, "keyCertSign");
	return 0;
}

static int free_chain(void **state)
{
	(void)state;
	fixture_certificate_free(&root);
	fixture_certificate_free(&middle);
	fixture_certificate_free(&leaf);
	fixture_certificate_free(&stranger);
	return 0;
}

static int chain_of(X509 *first, X509 *second, X509 *trusted, const char *host, int64_t at_ms, bool as_x5c,
		    struct err *err)
{
	struct crypto_keys keys = CRYPTO_KEYS_INIT;
	struct buf chain = BUF_INIT, roots = BUF_INIT;

	if (as_x5c) {
		char *a = fixture_certificate_der(first), *b = second ? fixture_certificate_der(second) : NULL;
		buf_addf(&chain, b ? "[\"%s\",\"%s\"]" : "[\"%s\"]", a, b);
		free(a);
		free(b);
	} else {
		fixture_add_pem(&chain, first);
		if (second)
			fixture_add_pem(&chain, second);
	}
	fixture_add_pem(&roots, trusted);
	int rc = crypto_keys_chain(buf_slice(&chain), buf_slice(&roots), host, at_ms, &keys, err);
	assert_int_equal(keys.count, rc == 0 ? 1 : 0);
	crypto_keys_release(&keys);
	buf_release(&chain);
	buf_release(&roots);
	return rc;
}

static void test_chain_leads_to_the_trusted_root_or_is_refused(void **state)
{
	struct err err = {0};

	(void)state;
	for (int x5c = 0; x5c < 2; x5c++) {
		assert_int_equal(chain_of(leaf.x509, middle.x509, root.x509, NULL, FIXTURE_AT_MS, x5c, &err), 0);
		assert_int_equal(chain_of(leaf.x509, middle.x509, root.x509, "sign.example.com", FIXTURE_AT_MS, x5c, &err), 0);
		assert_int_equal(chain_of(leaf.x509, NULL, middle.x509, NULL, FIXTURE_AT_MS, x5c, &err), 0);
		assert_int_equal(chain_of(leaf.x509, middle.x509, root.x509, "sign.example.org", FIXTURE_AT_MS, x5c, &err), -1);
		assert_non_null(strstr(err.text, "hostname mismatch"));
		assert_int_equal(chain_of(leaf.x509, NULL, root.x509, NULL, FIXTURE_AT_MS, x5c, &err), -1);
		assert_int_equal(chain_of(leaf.x509, middle.x509, stranger.x509, NULL, FIXTURE_AT_MS, x5c, &err), -1);
		assert_int_equal(chain_of(leaf.x509, middle.x509, root.x509, NULL,
					  FIXTURE_AT_MS + 2 * FIXTURE_DAY_MS, x5c, &err), -1);
		assert_non_null(strstr(err.text, "expired"));
		assert_int_equal(chain_of(leaf.x509, middle.x509, root.x509, NULL,
					  FIXTURE_AT_MS - 2 * FIXTURE_DAY_MS, x5c, &err), -1);
		assert_non_null(strstr(err.text, "not yet valid"));
	}
}

static void test_chain_of_a_false_authority_is_refused(void **state)
{
	struct err err = {0};
	/* A certificate meant for signatures signs another. */
	struct fixture_certificate forged =
		fixture_certificate("bank.example.com", EVP_EC_gen("P-256"), &leaf, false, "digitalSignature");
	struct fixture_certificate unfit =
		fixture_certificate("mail.example.com", EVP_EC_gen("P-256"), &root, false, "keyAgreement");
	struct fixture_certificate weak =
		fixture_certificate("weak.example.com", EVP_RSA_gen(1024), &root, false, "digitalSignature");

	(void)state;
	assert_int_equal(chain_of(forged.x509, leaf.x509, middle.x509, NULL, FIXTURE_AT_MS, true, &err), -1);
	assert_int_equal(chain_of(unfit.x509, NULL, root.x509, NULL, FIXTURE_AT_MS, true, &err), -1);
	assert_non_null(strstr(err.text, "not meant for signatures"));
	assert_int_equal(chain_of(weak.x509, NULL, root.x509, NULL, FIXTURE_AT_MS, true, &err), -1);
	fixture_certificate_free(&forged);
	fixture_certificate_free(&unfit);
	fixture_certificate_free(&weak);
}

static void test_chain_of_a_faulty_form_is_refused(void **state)
{
	static const char *const forms[] = {"", "[]", "[7]", "[\"AAAA\"]", "[\"!\"]", "[[\"AAAA\"]]", "[\"AAAA\"",
					    "AAAA", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
	struct crypto_keys keys = CRYPTO_KEYS_INIT;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		assert_int_equal(crypto_keys_chain(fixture_text(forms[i]), (struct slice){NULL, 0}, NULL,
						   FIXTURE_AT_MS, &keys, &err), -1);
		assert_int_equal(keys.count, 0);
	}
}

static void test_key_of_a_certificate_is_valid_in_its_time(void **state)
{
	struct buf pem = BUF_INIT;
	char *der = fixture_certificate_der(leaf.x509);
	struct err err;

	(void)state;
	fixture_add_pem(&pem, leaf.x509);
	fixture_add_pem(&pem, middle.x509); /* the rest of a chain is no further key */
	struct crypto_keys keys[2] = {CRYPTO_KEYS_INIT, CRYPTO_KEYS_INIT};
	assert_int_equal(crypto_keys_read(buf_slice(&pem), CRYPTO_USE_PUBLIC, &keys[0], &err), 0);
	assert_int_equal(crypto_keys_read(fixture_text(der), CRYPTO_USE_PUBLIC, &keys[1], &err), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(keys[i].count, 1);
		assert_int_equal(crypto_key_valid_at(keys[i].list[0], FIXTURE_AT_MS, &err), 1);
		assert_int_equal(crypto_key_valid_at(keys[i].list[0], FIXTURE_AT_MS + 2 * FIXTURE_DAY_MS, &err), 0);
		assert_non_null(strstr(err.text, "ran out 86400 seconds ago"));
		assert_int_equal(crypto_key_valid_at(keys[i].list[0], FIXTURE_AT_MS - 2 * FIXTURE_DAY_MS, &err), 0);
		crypto_keys_release(&keys[i]);
	}
	/* And no secret: anybody may know it. */
	assert_int_equal(crypto_keys_read(buf_slice(&pem), CRYPTO_USE_SECRET, &keys[0], &err), -1);
	assert_int_equal(crypto_keys_read(fixture_text(der), CRYPTO_USE_SECRET, &keys[0], &err), -1);
	buf_release(&pem);
	free(der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain_leads_to_the_trusted_root_or_is_refused),
		cmocka_unit_test(test_chain_of_a_false_authority_is_refused),
		cmocka_unit_test(test_chain_of_a_faulty_form_is_refused),
		cmocka_unit_test(test_key_of_a_certificate_is_valid_in_its_time),
	};

	return cmocka_run_group_tests(tests, make_chain, free_chain);
}
