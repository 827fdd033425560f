/* SPDX-License-Identifier: MIT */
/* The table of routes and its one reader. Default deny: what no line names is 404. */
#include "server/routes.h"

#include "server/intake.h"

#include <string.h>

const struct route routes_table[] = {
	{ROUTE_INTAKE, "*", "/in/*", RIGHT_PUBLIC, intake_handle,
	 "A webhook: the flow that owns the suffix decides methods, authentication and reply."},
	{ROUTE_INTAKE, "GET", "/status/*", RIGHT_PUBLIC, status_handle,
	 "State and reply of one event, for whoever holds the URL that its reply named."},
	{ROUTE_CONSOLE, "GET", "/healthz", RIGHT_HEALTH, health_live,
	 "200 while the store answers and keeps what it is told; 503 otherwise."},
	{ROUTE_CONSOLE, "GET", "/readyz", RIGHT_HEALTH, health_ready,
	 "200 while new requests are taken; 503 while draining or when not healthy."},
	{ROUTE_CONSOLE, "GET", "/metrics", RIGHT_HEALTH, metrics_handle,
	 "Counts and gauges as Prometheus text, at a cost independent of history."},
};
const size_t routes_count = ARRAY_LEN(routes_table);

/* The tail of path behind the pattern ("" for one without a "*"), or NULL. */
static const char *match(const char *pattern, const char *path)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] != '*')
		return strcmp(pattern, path) == 0 ? "" : NULL;
	return strncmp(pattern, path, len - 1) == 0 && path[len - 1] ? path + len - 1 : NULL;
}

static bool takes(const struct route *route, const char *method)
{
	return strcmp(route->method, "*") == 0 || strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

const struct route *routes_find(enum route_listener listener, const char *method,
				const char *path, const char **tail, int *status, const char **allow)
{
	*status = 404;
	*allow = NULL;
	for (size_t i = 0; i < routes_count; i++) {
		const struct route *route = &routes_table[i];
		if (route->listener != listener || !(*tail = match(route->pattern, path)))
			continue;
		if (takes(route, method))
			return route;
		*status = 405;
		*allow = strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method;
	}
	return NULL;
}

static void dispatch_intake(struct front *f, struct http_request *request, struct http_response *response)
{
	struct http_refusal why;
	const char *tail, *allow;
	const struct route *route =
		routes_find(ROUTE_INTAKE, request->method, request->path, &tail, &why.status, &allow);

	if (route) {
		route->handler(f, request, tail, response);
		return;
	}
	if (why.status == 405)
		http_refuse(&why, 405, "the method %.20s is not for this path; use %s",
			    request->method, allow);
	else
		http_refuse(&why, 404, "there is nothing at this path; webhooks are below /in/");
	intake_refused(f, request, request->remote, &why);
	http_response_error(response, why.status, why.text);
	if (allow)
		http_response_header(response, "Allow", allow);
}

/* From here on the address of a request is the caller's, not that of a proxy. */
void routes_intake(void *arg, struct http_request *request, struct http_response *response)
{
	struct front *f = arg;
	const char *peer = request->remote;
	char address[NET_TEXT_SIZE];

	request->remote = caller_find(&f->caller, request, address);
	dispatch_intake(f, request, response);
	request->remote = peer;
}

void routes_console(void *arg, struct http_request *request, struct http_response *response)
{
	const char *tail, *allow;
	int status;
	const struct route *route =
		routes_find(ROUTE_CONSOLE, request->method, request->path, &tail, &status, &allow);

	if (route) {
		route->handler(arg, request, tail, response);
		return;
	}
	http_response_error(response, status,
			    status == 405 ? "this path does not take this method"
					  : "there is nothing at this path of the console");
	if (allow)
		http_response_header(response, "Allow", allow);
}
