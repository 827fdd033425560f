/* SPDX-License-Identifier: MIT */
/*
 * Tokens of OAuth2 client credentials (RFC 6749 section 4.4): fetched when first needed, kept
 * in this process until shortly before they expire, fetched again after a 401. What a token
 * was asked for with is its key: a connection that has changed gets a new one.
 */
#include "flow/connection_inner.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "common/header.h"
#include "common/outbound.h"
#include "common/pairs.h"
#include "flow/secrets.h"
#include "flow/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKENS_MAX 64
#define TOKEN_BYTES_MAX 65536
/* A token is not used when it may expire on the way. */
#define MARGIN_MS 30000
/* For how long one is kept that does not say when it expires. */
#define UNSAID_MS 300000

static const char *const ways[] = {"header", "body", NULL};

const struct param oauth2_client_credentials_params[] = {
	{.name = "token_url", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 1000,
	 .text = "Where the token is fetched."},
	{.name = "client_id", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 1000,
	 .text = "The client's id."},
	{.name = "secret", .type = PARAM_TEXT, .flags = PARAM_REQUIRED,
	 .refuse = secrets_name_refused, .text = "The name of the secret that is the client's."},
	{.name = "scope", .type = PARAM_TEXT, .max = 1000,
	 .text = "What the token is to be good for; several with blanks between."},
	{.name = "audience", .type = PARAM_TEXT, .max = 1000,
	 .text = "For whom, where the token's server asks for it."},
	{.name = "send", .type = PARAM_CHOICE, .choices = ways, .fallback = "header",
	 .text = "Where id and secret are put: an Authorization header, or the body."},
	{0},
};

static struct token {
	char connection[65];
	char key[65];
	char *value; /* NULL: a free place */
	int64_t until_mono_ms;
} tokens[TOKENS_MAX];

static void token_clear(struct token *t)
{
	if (t->value)
		mem_wipe_free(t->value, strlen(t->value));
	t->value = NULL;
}

void connection_token_forget(const char *connection)
{
	for (size_t i = 0; i < TOKENS_MAX; i++)
		if (tokens[i].value && strcmp(tokens[i].connection, connection) == 0)
			token_clear(&tokens[i]);
}

static const struct token *token_find(const char *key)
{
	for (size_t i = 0; i < TOKENS_MAX; i++)
		if (tokens[i].value && strcmp(tokens[i].key, key) == 0 &&
		    tokens[i].until_mono_ms > clock_mono_ms())
			return &tokens[i];
	return NULL;
}

/* The place of the one that expires first is taken when all are. */
static void token_keep(const char *connection, const char *key, const char *value, int64_t ms)
{
	struct token *t = &tokens[0];

	connection_token_forget(connection);
	for (size_t i = 0; i < TOKENS_MAX && t->value; i++)
		if (!tokens[i].value || tokens[i].until_mono_ms < t->until_mono_ms)
			t = &tokens[i];
	token_clear(t);
	memcpy(t->connection, connection, strnlen(connection, 64));
	t->connection[strnlen(connection, 64)] = '\0';
	memcpy(t->key, key, sizeof(t->key));
	t->value = mem_dup(value);
	t->until_mono_ms = clock_mono_ms() + ms;
}

static void token_key(const struct args *a, const char *connection, const char *secret,
		      char out[65])
{
	static const char *const parts[] = {"token_url", "client_id", "scope", "audience"};
	struct buf all = BUF_INIT;

	buf_grow(&all, 8192 + strlen(secret));
	buf_add(&all, connection, strlen(connection) + 1);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *part = arg_text(a, parts[i]);
		buf_add(&all, part ? part : "", strlen(part ? part : "") + 1);
	}
	buf_add_text(&all, secret);
	crypto_sha256_hex(buf_slice(&all), out);
	secrets_wipe(&all);
}

static void add_field(struct buf *form, const char *name, const char *value)
{
	if (!value)
		return;
	buf_addf(form, "%s%s=", form->len ? "&" : "", name);
	pairs_encode((struct slice){value, strlen(value)}, true, form);
}

/* Id and secret are form-encoded before they are joined: RFC 6749 section 2.3.1. */
static void add_basic(struct buf *headers, const char *id, const char *secret)
{
	struct buf plain = BUF_INIT, header = BUF_INIT;

	buf_grow(&plain, 3 * (strlen(id) + strlen(secret)) + 2);
	pairs_encode((struct slice){id, strlen(id)}, true, &plain);
	buf_add_char(&plain, ':');
	pairs_encode((struct slice){secret, strlen(secret)}, true, &plain);
	buf_add_text(&header, "Basic ");
	crypto_base64(plain.ptr, plain.len, &header);
	header_list_add(headers, "Authorization", header.ptr, header.len);
	secrets_wipe(&plain);
	secrets_wipe(&header);
}

/* RFC 6749 section 5.2: the answer may say why not. */
static int refused(struct walk *w, const char *url, const struct outbound_response *r,
		   struct err *err)
{
	struct buf why = BUF_INIT;
	struct slice member;

	if (r->body_is_json && jsontext_kind(jsontext_trim(buf_slice(&r->body))) == JSONTEXT_OBJECT &&
	    jsontext_member(buf_slice(&r->body), "error", 5, &member))
		jsontext_text(member, &why);
	walk_failed_status(w, r->status);
	walk_retry_after(w, r->retry_after_ms);
	err_set(err, ERR_UPSTREAM, "%.200s gave no token but %d%s%.100s; look at client_id, secret and "
		"scope", url, r->status, why.len ? ", " : "", why.ptr);
	buf_release(&why);
	return -1;
}

static int read_token(const struct connection_call *call, const char *url, const char *key,
		      const struct outbound_response *r, struct buf *token, struct err *err)
{
	struct slice body = jsontext_trim(buf_slice(&r->body)), value, type, seconds;
	struct buf word = BUF_INIT;
	int64_t ms = UNSAID_MS;

	if (!r->body_is_json || jsontext_kind(body) != JSONTEXT_OBJECT ||
	    !jsontext_member(body, "access_token", 12, &value) ||
	    jsontext_kind(value) != JSONTEXT_STRING) {
		walk_failed_status(call->walk, r->status);
		return err_set(err, ERR_UPSTREAM, "%.200s answered without an access_token", url);
	}
	if (jsontext_member(body, "token_type", 10, &type))
		jsontext_text(type, &word);
	bool bearer = !word.len || strcasecmp(word.ptr, "bearer") == 0;
	buf_clear(&word);
	if (jsontext_member(body, "expires_in", 10, &seconds)) {
		jsontext_text(seconds, &word);
		double s = strtod(word.ptr, NULL);
		ms = s > 0 && s < 1e9 ? (int64_t)(s * 1000) - MARGIN_MS : 0;
	}
	buf_release(&word);
	if (!bearer) {
		walk_failed_status(call->walk, r->status);
		return err_set(err, ERR_UPSTREAM, "%.200s gave a token that is not of type Bearer", url);
	}
	jsontext_string(value, token);
	if (ms > 0)
		token_keep(call->name, key, token->ptr, ms);
	return 0;
}

static int fetch(const struct args *a, const struct connection_call *call, const char *key,
		 const char *secret, struct buf *token, struct err *err)
{
	struct buf headers = BUF_INIT, form = BUF_INIT;
	struct outbound_response response = {.headers = BUF_INIT, .body = BUF_INIT};
	bool in_header = strcmp(arg_text(a, "send"), "header") == 0;
	const char *url = arg_text(a, "token_url"), *id = arg_text(a, "client_id");
	static const char type[] = "application/x-www-form-urlencoded", json[] = "application/json";

	buf_grow(&form, 16384 + 3 * strlen(secret));
	buf_grow(&headers, 8192 + 8 * strlen(secret));
	add_field(&form, "grant_type", "client_credentials");
	add_field(&form, "scope", arg_text(a, "scope"));
	add_field(&form, "audience", arg_text(a, "audience"));
	if (!in_header) {
		add_field(&form, "client_id", id);
		add_field(&form, "client_secret", secret);
	}
	buf_add_char(&headers, '[');
	header_list_add(&headers, "Content-Type", type, sizeof(type) - 1);
	header_list_add(&headers, "Accept", json, sizeof(json) - 1);
	if (in_header)
		add_basic(&headers, id, secret);
	buf_add_char(&headers, ']');
	struct outbound_request request = {
		.method = "POST", .url = url, .headers = headers.ptr, .body = buf_slice(&form),
		.timeout_ms = call->timeout_ms, .max_response_bytes = TOKEN_BYTES_MAX,
		.for_token = true,
	};
	int rc = walk_call(call->walk, &request, &response, err);
	if (rc == 0)
		rc = response.status == 200 ? read_token(call, url, key, &response, token, err)
					    : refused(call->walk, url, &response, err);
	secrets_wipe(&headers);
	secrets_wipe(&form);
	secrets_wipe(&response.body);
	outbound_response_release(&response);
	return rc;
}

int oauth2_client_credentials_apply(const struct args *a, struct connection_call *call,
				    struct err *err)
{
	const char *secret = walk_secret(call->walk, arg_text(a, "secret"), err);
	struct buf token = BUF_INIT, header = BUF_INIT;
	const struct token *kept;
	char key[65];
	int rc = 0;

	if (!secret)
		return -1;
	token_key(a, call->name, secret, key);
	if ((kept = token_find(key))) {
		buf_add_text(&token, kept->value);
		call->old_token = true;
	} else {
		rc = fetch(a, call, key, secret, &token, err);
	}
	if (rc == 0) {
		char label[80];
		snprintf(label, sizeof(label), "token of %.60s", call->name);
		walk_secret_keep(call->walk, label, token.ptr);
		buf_grow(&header, token.len + 8);
		buf_add_text(&header, "Bearer ");
		buf_add_slice(&header, buf_slice(&token));
		rc = connection_header(call, "Authorization", buf_slice(&header), err);
	}
	secrets_wipe(&token);
	secrets_wipe(&header);
	return rc;
}
