/* SPDX-License-Identifier: MIT */
#include "flow/auth_jwt.h"

#include "common/crypto_jws.h"
#include "common/mem.h"
#include "common/header.h"
#include "flow/secrets.h"

#include <string.h>
#include <strings.h>

static const char *const places[] = {"header", "query", "body", NULL};

const struct param auth_jwt_params[] = {
	{.name = "algorithms", .type = PARAM_WORDS, .flags = PARAM_REQUIRED, .choices = crypto_jws_names,
	 .text = "How the token may be signed: HS... with a shared secret, the others with a key pair."},
	{.name = "in", .type = PARAM_CHOICE, .choices = places, .fallback = "header",
	 .text = "Where the caller puts the token."},
	{.name = "name", .type = PARAM_TEXT, .max = 128,
	 .text = "The header (Authorization unless said otherwise), the query parameter, or the member "
		 "of a JSON body; without it the whole body is the token."},
	{.name = "prefix", .type = PARAM_TEXT, .max = 64,
	 .text = "What stands before the token, in any case of letters: \"Bearer \" in Authorization "
		 "and nothing elsewhere unless said otherwise."},
	{.name = "issuer", .type = PARAM_TEXT, .max = 1000, .text = "What the claim iss must be."},
	{.name = "audience", .type = PARAM_TEXT, .max = 1000,
	 .text = "What the claim aud must be, or hold."},
	{.name = "claims", .type = PARAM_MAP,
	 .text = "Further claims and what each must be: {\"scope\": \"orders\"}."},
	{.name = "tolerance_s", .type = PARAM_INT, .max = 3600, .fallback = "60",
	 .text = "By how many seconds the clocks of sender and server may differ."},
	{.name = "max_age_s", .type = PARAM_INT, .min = 1, .max = 31536000,
	 .text = "How many seconds old (iat) a token may be. Without it a token must have an exp."},
	{.name = "secret", .type = PARAM_TEXTS, .flags = PARAM_REQUIRED, .refuse = secrets_name_refused,
	 .text = "The name of the secret, or a list of names of which any is accepted. It holds the "
		 "shared secret, or the public key as PEM, JWK, JWKS or base64 of DER."},
	PARAM_ENFORCE,
	{0},
};

static void read_algorithms(const struct arg *a, const char *at, struct flow_jwt *jwt,
			    struct faults *faults)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, a->node) {
		if (cJSON_IsString(item))
			jwt->algorithms |= crypto_jws_find(item->valuestring);
	}
	if (jwt->algorithms && crypto_jws_use(jwt->algorithms) < 0)
		fault_add(faults, at, "algorithms", "names HS... beside algorithms of key pairs; what "
			  "is a public key for one would do as a secret for the other, so have a flow "
			  "for each");
}

static void read_place(const struct args *args, const char *at, struct flow_auth *auth,
		       struct flow_jwt *jwt, struct faults *faults)
{
	const char *in = arg_text(args, "in"), *name = arg_text(args, "name");
	const char *prefix = arg_text(args, "prefix"), *why;

	auth->in_query = strcmp(in, "query") == 0;
	jwt->in_body = strcmp(in, "body") == 0;
	auth->name = name ? name : auth->in_query || jwt->in_body ? "" : "Authorization";
	auth->prefix = prefix ? prefix
		       : !auth->in_query && !jwt->in_body &&
				       strcasecmp(auth->name, "Authorization") == 0
			       ? "Bearer "
			       : "";
	if (auth->in_query && !*auth->name)
		fault_add(faults, at, "name", "is missing; name the query parameter that carries the "
			  "token");
	else if (!auth->in_query && !jwt->in_body && (why = header_refused_in_request(auth->name)))
		fault_add(faults, at, "name", "\"%.80s\" %s", auth->name, why);
}

static void read_claims(struct flow *f, const cJSON *map, struct flow_jwt *jwt)
{
	size_t n = (size_t)cJSON_GetArraySize(map);
	struct crypto_jwt_claim *claims = flow_own(f, mem_array(n + 1, sizeof(*claims)));
	const cJSON *item;

	cJSON_ArrayForEach(item, map) {
		char *json = flow_own(f, json_print(item));
		claims[jwt->n_claims++] = (struct crypto_jwt_claim){item->string, {json, strlen(json)}};
	}
	jwt->claims = claims;
}

void auth_jwt_read(struct flow *f, const struct args *args, const char *at, struct flow_auth *auth,
		   struct faults *faults)
{
	struct flow_jwt *jwt = flow_own(f, mem_new(sizeof(*jwt)));

	auth->jwt = jwt;
	read_algorithms(arg_find(args, "algorithms"), at, jwt, faults);
	read_place(args, at, auth, jwt, faults);
	jwt->issuer = arg_text(args, "issuer");
	jwt->audience = arg_text(args, "audience");
	read_claims(f, arg_find(args, "claims")->node, jwt);
	jwt->tolerance_s = arg_int(args, "tolerance_s");
	jwt->max_age_s = arg_given(args, "max_age_s") ? arg_int(args, "max_age_s") : 0;
}
