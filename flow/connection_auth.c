/* SPDX-License-Identifier: MIT */
/* How a call proves who it is from: THE table of kinds, at the end of this file. */
#include "flow/connection_inner.h"

#include "common/crypto.h"
#include "common/mem.h"
#include "common/header.h"
#include "common/pairs.h"
#include "flow/secrets.h"
#include "flow/walk.h"

#include <string.h>

#define SECRET(what) \
	{.name = "secret", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, \
	 .refuse = secrets_name_refused, .text = "The name of the secret that is " what "."}

/* ---- none ---- */

static const struct param none_params[] = {{0}};

static int none_apply(const struct args *args, struct connection_call *call, struct err *err)
{
	(void)args;
	(void)call;
	(void)err;
	return 0;
}

/* ---- basic: RFC 7617 ---- */

static const char *user_refused(const char *user)
{
	return strchr(user, ':') ? "has a colon, which basic authentication cannot carry" : NULL;
}

static const struct param basic_params[] = {
	{.name = "user", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 200,
	 .refuse = user_refused, .text = "The user name."},
	SECRET("the password"),
	{0},
};

static int basic_apply(const struct args *args, struct connection_call *call, struct err *err)
{
	const char *password = walk_secret(call->walk, arg_text(args, "secret"), err);
	struct buf plain = BUF_INIT, header = BUF_INIT;

	if (!password)
		return -1;
	buf_grow(&plain, strlen(password) + 256); /* not moved, so no copy is left unwiped */
	buf_add_text(&plain, arg_text(args, "user"));
	buf_add_char(&plain, ':');
	buf_add_text(&plain, password);
	buf_add_text(&header, "Basic ");
	crypto_base64(plain.ptr, plain.len, &header);
	int rc = connection_header(call, "Authorization", buf_slice(&header), err);
	secrets_wipe(&plain);
	secrets_wipe(&header);
	return rc;
}

/* ---- bearer: RFC 6750 ---- */

static const struct param bearer_params[] = {
	SECRET("the token"),
	{0},
};

static int bearer_apply(const struct args *args, struct connection_call *call, struct err *err)
{
	const char *token = walk_secret(call->walk, arg_text(args, "secret"), err);
	struct buf header = BUF_INIT;

	if (!token)
		return -1;
	buf_add_text(&header, "Bearer ");
	buf_add_text(&header, token);
	int rc = connection_header(call, "Authorization", buf_slice(&header), err);
	secrets_wipe(&header);
	return rc;
}

/* ---- api_key ---- */

static const char *const places[] = {"header", "query", NULL};

static const struct param api_key_params[] = {
	{.name = "in", .type = PARAM_CHOICE, .choices = places, .fallback = "header",
	 .text = "Where the key is put."},
	{.name = "name", .type = PARAM_TEXT, .max = 128, .fallback = "X-API-Key",
	 .text = "The header or query parameter that carries it."},
	SECRET("the key"),
	{0},
};

static int api_key_apply(const struct args *args, struct connection_call *call, struct err *err)
{
	const char *key = walk_secret(call->walk, arg_text(args, "secret"), err);
	const char *name = arg_text(args, "name");

	if (!key)
		return -1;
	if (strcmp(arg_text(args, "in"), "header") == 0)
		return connection_header(call, name, (struct slice){key, strlen(key)}, err);
	buf_add_char(call->url, strchr(call->url->ptr, '?') ? '&' : '?');
	pairs_encode((struct slice){name, strlen(name)}, false, call->url);
	buf_add_char(call->url, '=');
	pairs_encode((struct slice){key, strlen(key)}, false, call->url);
	return 0;
}

/* ---- hmac: a signature of the body, as many systems want it ---- */

static const char *const encodings[] = {"hex", "base64", NULL};
static const char *const digests[] = {"sha256", "sha1", "sha384", "sha512", "md5", NULL};

static const struct param hmac_params[] = {
	{.name = "header", .type = PARAM_TEXT, .flags = PARAM_REQUIRED,
	 .refuse = header_refused_in_request, .text = "The header that carries the signature."},
	{.name = "algorithm", .type = PARAM_CHOICE, .choices = digests, .fallback = "sha256",
	 .text = "The digest."},
	{.name = "prefix", .type = PARAM_TEXT, .max = 64, .fallback = "",
	 .text = "What stands before the signature in that header: \"sha256=\"."},
	{.name = "encoding", .type = PARAM_CHOICE, .choices = encodings, .fallback = "hex",
	 .text = "How the signature is written."},
	SECRET("the key of the signature"),
	{0},
};

static int hmac_apply(const struct args *args, struct connection_call *call, struct err *err)
{
	const char *key = walk_secret(call->walk, arg_text(args, "secret"), err);
	unsigned char mac[CRYPTO_DIGEST_MAX];
	struct buf header = BUF_INIT;

	if (!key)
		return -1;
	int len = crypto_hmac(arg_text(args, "algorithm"), (struct slice){key, strlen(key)},
			      call->body, mac);
	if (len < 0)
		return err_set(err, ERR_INVALID, "the secret \"%s\" is empty: set it again",
			       arg_text(args, "secret"));
	buf_add_text(&header, arg_text(args, "prefix"));
	if (strcmp(arg_text(args, "encoding"), "base64") == 0)
		crypto_base64(mac, (size_t)len, &header);
	else
		crypto_hex(mac, (size_t)len, &header);
	int rc = connection_header(call, arg_text(args, "header"), buf_slice(&header), err);
	buf_release(&header);
	return rc;
}

/* ---- standard_webhooks: https://www.standardwebhooks.com, symmetric signatures ("v1") ---- */

static const struct param standard_webhooks_params[] = {
	SECRET("the signing key, \\\"whsec_\\\" and base64"),
	{0},
};

static int standard_signature(const char *secret, const char *id, int64_t seconds,
			      struct slice body, struct buf *out, const char *name,
			      struct err *err)
{
	const char *text = strncmp(secret, "whsec_", 6) == 0 ? secret + 6 : secret;
	struct buf key = BUF_INIT, content = BUF_INIT;
	unsigned char mac[CRYPTO_DIGEST_MAX];
	int len = -1;

	buf_addf(&content, "%s.%lld.", id, (long long)seconds);
	buf_add_slice(&content, body);
	if (crypto_base64_decode((struct slice){text, strlen(text)}, &key) > 0)
		len = crypto_hmac("sha256", buf_slice(&key), buf_slice(&content), mac);
	secrets_wipe(&key);
	secrets_wipe(&content);
	if (len < 0)
		return err_set(err, ERR_INVALID, "the secret \"%s\" is no key of Standard Webhooks: it "
			       "is \"whsec_\" and base64", name);
	buf_add_text(out, "v1,");
	crypto_base64(mac, (size_t)len, out);
	return 0;
}

static int standard_webhooks_apply(const struct args *args, struct connection_call *call,
				   struct err *err)
{
	const char *name = arg_text(args, "secret"), *secret = walk_secret(call->walk, name, err);
	struct buf signature = BUF_INIT, timestamp = BUF_INIT;
	int64_t seconds = call->now_ms / 1000;
	int rc = -1;

	if (!secret)
		return -1;
	buf_addf(&timestamp, "%lld", (long long)seconds);
	if (standard_signature(secret, call->id, seconds, call->body, &signature, name, err) == 0 &&
	    connection_header(call, "webhook-id", (struct slice){call->id, strlen(call->id)},
			      err) == 0 &&
	    connection_header(call, "webhook-timestamp", buf_slice(&timestamp), err) == 0)
		rc = connection_header(call, "webhook-signature", buf_slice(&signature), err);
	buf_release(&signature);
	buf_release(&timestamp);
	return rc;
}

/* ---- the table ---- */

#define KINDS(X) \
	X(none, "Nothing is added.") \
	X(basic, "A user name and a password.") \
	X(bearer, "\"Authorization: Bearer\" and a token.") \
	X(api_key, "A key in a header or in the query.") \
	X(oauth2_client_credentials, "A token that is fetched with a client's id and secret.") \
	X(hmac, "A signature of the body in a header.") \
	X(standard_webhooks, "webhook-id, webhook-timestamp and webhook-signature.")

#define DECLARED(name, text) {#name, text, name##_params, NULL},
const struct param_kind connection_auth_kinds[] = {KINDS(DECLARED) {0}};

int connection_auth_apply(const struct param_kind *kind, const struct args *args,
			  struct connection_call *call, struct err *err)
{
#define DONE(name, text) name##_apply,
	static int (*const apply[])(const struct args *, struct connection_call *,
				    struct err *) = {KINDS(DONE)};

	return apply[kind - connection_auth_kinds](args, call, err);
}
