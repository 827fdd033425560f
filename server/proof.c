/* SPDX-License-Identifier: MIT */
#include "server/proof.h"

#include "server/verify_system.h"

int proof_head(const struct hook *hook, const struct http_request *request, int64_t now_ms,
	       struct verify_result *out)
{
	const struct flow_auth *auth = &hook->webhook->auth;

	return auth->type == AUTH_SYSTEM ? verify_system_head(hook->proof, request, now_ms, out)
					 : verify_head(auth, hook->keys, hook->n_keys, request, out);
}

int proof_body(const struct hook *hook, const struct http_request *request, struct slice body, int64_t now_ms,
	       struct verify_result *out)
{
	const struct flow_auth *auth = &hook->webhook->auth;

	return auth->type == AUTH_SYSTEM ? verify_system_body(hook->proof, request, body, now_ms, out)
					 : verify_body(auth, hook->keys, hook->n_keys, request, body, out);
}
