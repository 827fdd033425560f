/* SPDX-License-Identifier: MIT */
#include "server/cors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ALLOW_ORIGIN "Access-Control-Allow-Origin"
#define ALLOW_CREDENTIALS "Access-Control-Allow-Credentials"
#define EXPOSE "Access-Control-Expose-Headers"

static const char *single(const struct http_request *request, const char *name)
{
	return http_request_header_count(request, name) == 1 ? http_request_header(request, name) : NULL;
}

bool cors_asks(const struct http_request *request, struct cors_question *out)
{
	if (strcmp(request->method, "OPTIONS") != 0)
		return false;
	out->origin = single(request, "Origin");
	out->method = single(request, "Access-Control-Request-Method");
	return out->origin && out->method;
}

bool cors_allows(const struct flow_cors *cors, const char *origin)
{
	if (cors->any)
		return true;
	for (size_t i = 0; i < cors->n_origins; i++)
		if (strcmp(cors->origins[i], origin) == 0)
			return true;
	return false;
}

void cors_answer(const struct flow_cors *cors, unsigned methods, struct http_response *response)
{
	struct buf list = BUF_INIT;
	char seconds[24];

	response->status = 204;
	flow_methods_add(methods, &list);
	http_response_header(response, "Access-Control-Allow-Methods", list.ptr);
	if (*cors->headers)
		http_response_header(response, "Access-Control-Allow-Headers", cors->headers);
	snprintf(seconds, sizeof(seconds), "%" PRId64, cors->max_age_s);
	http_response_header(response, "Access-Control-Max-Age", seconds);
	http_response_header(response, "Vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
	buf_release(&list);
}

/* A page that may read nothing is told nothing, but a cache must know that another one may. */
void cors_mark(const struct flow_cors *cors, const struct http_request *request,
	       struct http_response *response)
{
	const char *origin = single(request, "Origin");

	if (!cors->n_origins)
		return;
	http_response_drop(response, ALLOW_ORIGIN);
	http_response_drop(response, ALLOW_CREDENTIALS);
	http_response_drop(response, EXPOSE);
	if (!cors->any)
		http_response_header(response, "Vary", "Origin");
	if (!cors->any && (!origin || !cors_allows(cors, origin)))
		return;
	http_response_header(response, ALLOW_ORIGIN, cors->any ? "*" : origin);
	if (cors->credentials)
		http_response_header(response, ALLOW_CREDENTIALS, "true");
	if (*cors->expose)
		http_response_header(response, EXPOSE, cors->expose);
}
