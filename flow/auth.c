/* SPDX-License-Identifier: MIT */
/* How a webhook's callers prove who they are: the declarations, and what they cannot say.
 * The proof itself is checked by the front; here are only names of secrets. */
#include "flow/document.h"

#include "common/crypto.h"
#include "common/mem.h"
#include "flow/auth_jwt.h"
#include "flow/auth_system.h"
#include "common/header.h"
#include "flow/secrets.h"

#include <string.h>

static const char *user_refused(const char *user)
{
	return strchr(user, ':') ? "has a colon, which basic authentication cannot carry" : NULL;
}

static const char *const places[] = {"header", "query", NULL};
static const char *const encodings[] = {"hex", "base64", NULL};

#define SECRET \
	{.name = "secret", .type = PARAM_TEXTS, .flags = PARAM_REQUIRED, .refuse = secrets_name_refused, \
	 .text = "The name of the secret, or a list of names of which any is accepted."}, \
	PARAM_ENFORCE

static const struct param no_params[] = {{0}};

static const struct param api_key_params[] = {
	{.name = "in", .type = PARAM_CHOICE, .choices = places, .fallback = "header",
	 .text = "Where the caller puts the key."},
	{.name = "name", .type = PARAM_TEXT, .max = 128, .fallback = "X-API-Key",
	 .text = "The header or query parameter that carries the key."},
	SECRET,
	{0},
};

static const struct param basic_params[] = {
	{.name = "user", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 200,
	 .refuse = user_refused, .text = "The user name."},
	SECRET,
	{0},
};

static const struct param bearer_params[] = {
	SECRET,
	{0},
};

static const struct param hmac_params[] = {
	{.name = "algorithm", .type = PARAM_TEXT, .fallback = "sha256",
	 .text = "The digest: sha1, sha256, sha384, sha512 or md5."},
	{.name = "header", .type = PARAM_TEXT, .flags = PARAM_REQUIRED,
	 .refuse = header_refused_in_request,
	 .text = "The header that carries the signature of the body."},
	{.name = "prefix", .type = PARAM_TEXT, .max = 64, .fallback = "",
	 .text = "What stands before the digest in that header: \"sha256=\"."},
	{.name = "encoding", .type = PARAM_CHOICE, .choices = encodings, .fallback = "hex",
	 .text = "How the digest is written."},
	SECRET,
	{0},
};

const struct param_kind auth_kinds[] = {
	{"none", "Anybody may call.", no_params, NULL},
	{"api_key", "The caller sends a key in a header or in the query.", api_key_params, NULL},
	{"basic", "The caller sends a user name and a password.", basic_params, NULL},
	{"bearer", "The caller sends \"Authorization: Bearer\" and a token.", bearer_params, NULL},
	{"hmac", "The caller signs the body with a shared secret.", hmac_params, NULL},
	{"jwt", "The caller sends a signed JSON Web Token.", auth_jwt_params, NULL},
	{"system", "As the system signs.", auth_system_params, NULL},
	{0},
};

static void read_secrets(struct flow *f, const struct arg *secret, struct flow_auth *auth)
{
	size_t n = cJSON_IsArray(secret->node) ? (size_t)cJSON_GetArraySize(secret->node) : 1;
	const char **names = flow_own(f, mem_array(n + 1, sizeof(*names)));
	const cJSON *item;

	if (cJSON_IsString(secret->node)) {
		names[auth->n_secrets++] = secret->node->valuestring;
	} else {
		cJSON_ArrayForEach(item, secret->node) {
			if (cJSON_IsString(item))
				names[auth->n_secrets++] = item->valuestring;
		}
	}
	auth->secrets = names;
}

void auth_read(struct flow *f, const struct arg *a, struct faults *faults)
{
	/* In the order of auth_kinds. */
	static const enum flow_auth_type types[] = {AUTH_NONE, AUTH_API_KEY, AUTH_BASIC,
						    AUTH_BEARER, AUTH_HMAC, AUTH_JWT,
						    AUTH_SYSTEM};
	struct flow_auth *auth = &f->webhook.auth;

	if (!a->kind)
		return;
	const struct args *args = &a->items[0];
	auth->type = types[a->kind - auth_kinds];
	if (auth->type == AUTH_NONE)
		return;
	read_secrets(f, arg_find(args, "secret"), auth);
	auth->let_in = !arg_bool(args, "enforce");
	if (auth->let_in)
		warn_add(faults, a->pointer, "enforce", "anybody is let in, with or without the secret; what "
			 "would have been refused is in `ringbolt event rejected --unenforced`");
	if (auth->type == AUTH_API_KEY) {
		auth->in_query = strcmp(arg_text(args, "in"), "query") == 0;
		auth->name = arg_text(args, "name");
		const char *why = auth->in_query ? NULL : header_refused_in_request(auth->name);
		if (why || !*auth->name)
			fault_add(faults, a->pointer, "name", "\"%.80s\" %s", auth->name,
				  why ? why : "is empty; name the query parameter");
	} else if (auth->type == AUTH_BASIC) {
		auth->user = arg_text(args, "user");
	} else if (auth->type == AUTH_JWT) {
		auth_jwt_read(f, args, a->pointer, auth, faults);
	} else if (auth->type == AUTH_SYSTEM) {
		auth_system_read(f, args, a->pointer, auth, faults);
	} else if (auth->type == AUTH_HMAC) {
		auth->algorithm = arg_text(args, "algorithm");
		auth->name = arg_text(args, "header");
		auth->prefix = arg_text(args, "prefix");
		auth->encoding = arg_text(args, "encoding");
		if (!crypto_digest_known(auth->algorithm))
			fault_add(faults, a->pointer, "algorithm",
				  "unknown algorithm \"%.80s\"; known are sha1, sha256, sha384, "
				  "sha512 and md5", auth->algorithm);
	}
}
