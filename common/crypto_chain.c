/* SPDX-License-Identifier: MIT */
/* Certificates whose chain leads to a trusted root (RFC 5280, RFC 7515 section 4.1.6). */
#include "common/crypto_key_inside.h"

#include "common/crypto.h"
#include "common/jsontext.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define CERTIFICATES_MAX 10
#define ROOTS_MAX 1000
#define SECURITY_LEVEL 2 /* of OpenSSL: 112 bits, so no RSA below 2048 and no SHA-1 */

static int too_many(struct err *err)
{
	return err_set(err, ERR_TOO_BIG, "a chain of more than %d certificates", CERTIFICATES_MAX);
}

static int add_pem(STACK_OF(X509) *to, struct slice pem, int max, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	X509 *certificate;
	int rc = 0;

	while (bio && rc == 0 && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_num(to) >= max || sk_X509_push(to, certificate) <= 0) {
			X509_free(certificate);
			rc = too_many(err);
		}
	}
	bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	BIO_free(bio);
	ERR_clear_error();
	if (rc == 0 && (!end || sk_X509_num(to) == 0))
		rc = err_set(err, ERR_INVALID, "the PEM of certificates is damaged or empty");
	return rc;
}

static int add_listed(STACK_OF(X509) *to, struct slice item, struct err *err)
{
	struct buf text = BUF_INIT, der = BUF_INIT;
	X509 *certificate = NULL;

	if (jsontext_kind(item) == JSONTEXT_STRING) {
		jsontext_string(item, &text);
		if (crypto_base64_decode(buf_slice(&text), &der) == 1) {
			const unsigned char *p = (const unsigned char *)der.ptr;
			certificate = d2i_X509(NULL, &p, (long)der.len);
			if (certificate && p != (const unsigned char *)der.ptr + der.len) {
				X509_free(certificate);
				certificate = NULL;
			}
		}
	}
	buf_release(&text);
	buf_release(&der);
	ERR_clear_error();
	if (!certificate)
		return err_set(err, ERR_INVALID, "certificate %d of x5c is not base64 of DER",
			       sk_X509_num(to) + 1);
	if (sk_X509_num(to) < CERTIFICATES_MAX && sk_X509_push(to, certificate) > 0)
		return 0;
	X509_free(certificate);
	return too_many(err);
}

static int add_list(STACK_OF(X509) *to, struct slice list, struct err *err)
{
	struct jsontext_walk w;

	if (jsontext_check(list, 2, NULL) < 0)
		return err_set(err, ERR_INVALID, "x5c is not a list of texts");
	jsontext_walk_start(&w, list);
	while (jsontext_walk_next(&w))
		if (add_listed(to, w.value, err) < 0)
			return -1;
	return sk_X509_num(to) ? 0 : err_set(err, ERR_INVALID, "x5c is empty");
}

static X509_STORE *store_of(struct slice trusted, struct err *err)
{
	STACK_OF(X509) *roots = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	bool ok = roots && store;

	if (ok && trusted.len == 0)
		ok = X509_STORE_set_default_paths(store) == 1 ||
		     err_set(err, ERR_SYSTEM, "this machine has no trusted roots") == 0;
	else if (ok)
		ok = add_pem(roots, trusted, ROOTS_MAX, err) == 0 ||
		     err_within(err, "the trusted roots: ") == 0;
	for (int i = 0; ok && i < sk_X509_num(roots); i++)
		ok = X509_STORE_add_cert(store, sk_X509_value(roots, i)) == 1;
	sk_X509_pop_free(roots, X509_free);
	if (ok)
		return store;
	X509_STORE_free(store);
	return NULL;
}

static int check(STACK_OF(X509) *chain, X509_STORE *store, const char *host, int64_t at_ms,
		 struct err *err)
{
	X509 *signer = sk_X509_value(chain, 0);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int rc = -1;

	if (!ctx || X509_STORE_CTX_init(ctx, store, signer, chain) != 1) {
		err_set(err, ERR_SYSTEM, "%s could not check a chain", crypto_library_version());
		goto out;
	}
	X509_VERIFY_PARAM *how = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(how, (time_t)(at_ms / 1000));
	X509_VERIFY_PARAM_set_auth_level(how, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_depth(how, CERTIFICATES_MAX);
	/* Who trusts an intermediate by name trusts it without its root. */
	X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN);
	if (host && X509_VERIFY_PARAM_set1_host(how, host, strlen(host)) != 1)
		err_set(err, ERR_INVALID, "\"%.80s\" is no name of a host", host);
	else if (X509_verify_cert(ctx) != 1)
		err_set(err, ERR_DENIED, "the chain of certificates does not hold: %s (at certificate "
			"%d)", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)),
			X509_STORE_CTX_get_error_depth(ctx) + 1);
	else if (!(X509_get_key_usage(signer) & KU_DIGITAL_SIGNATURE))
		err_set(err, ERR_DENIED, "the certificate is not meant for signatures");
	else
		rc = 0;
out:
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return rc;
}

int crypto_keys_chain(struct slice chain, struct slice trusted, const char *host, int64_t at_ms,
		      struct crypto_keys *out, struct err *err)
{
	struct slice text = jsontext_trim(chain);
	STACK_OF(X509) *certificates = sk_X509_new_null();
	X509_STORE *store = NULL;
	int rc = -1;

	if (text.len == 0 || text.len > CRYPTO_KEY_TEXT_MAX || trusted.len > INT_MAX)
		err_set(err, ERR_INVALID, "%zu bytes are no chain of certificates", text.len);
	else if (certificates)
		rc = *text.ptr == '[' ? add_list(certificates, text, err)
				      : add_pem(certificates, text, CERTIFICATES_MAX, err);
	if (rc == 0)
		rc = (store = store_of(trusted, err)) ? 0 : -1;
	if (rc == 0)
		rc = check(certificates, store, host, at_ms, err);
	if (rc == 0)
		rc = crypto_keys_add_certificate(out, sk_X509_value(certificates, 0), err);
	X509_STORE_free(store);
	sk_X509_pop_free(certificates, X509_free);
	if (rc < 0)
		crypto_keys_release(out);
	return rc;
}
