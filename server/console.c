/* SPDX-License-Identifier: MIT */
/*
 * The console's door: which Host, which headers, who asks and may he. Everything below /api/ needs
 * a key with the route's right; probes and scrapers stay as free as they were.
 */
#include "server/routes.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define API_BELOW "/api/"

static void secure(struct http_response *response, bool api)
{
	static const char *const headers[][2] = {
		{"Content-Security-Policy",
		 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
		 "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
		 "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
	};
	/* A handler that serves a sender's bytes has said something stricter already. */
	bool said = strncasecmp(response->headers.ptr, "Content-Security-Policy:", 24) == 0;

	for (size_t i = said ? 1 : 0; i < ARRAY_LEN(headers); i++)
		http_response_header(response, headers[i][0], headers[i][1]);
	if (api)
		http_response_header(response, "Cache-Control", "no-store");
}

/* The name in "name:port" or "[::1]:port", without brackets. */
static bool host_name(const char *header, char *out, size_t size)
{
	const char *end = *header == '[' ? strchr(header, ']') : strchr(header, ':');
	const char *start = *header == '[' ? header + 1 : header;
	size_t len = end ? (size_t)(end - start) : strlen(start);

	if (len == 0 || len >= size)
		return false;
	memcpy(out, start, len);
	out[len] = '\0';
	return true;
}

/* A page of a stranger whose name leads to this address (DNS rebinding) sends its own name. An address
 * is nobody's name. */
static bool host_is_ours(struct front *f, const struct http_request *request)
{
	char name[256], own[64];
	struct net_address address;
	struct err err;
	int port;
	const char *header = http_request_header(request, "Host");

	if (!header)
		return strcmp(request->version, "1.0") == 0;
	if (!host_name(header, name, sizeof(name)))
		return false;
	if (strcasecmp(name, "localhost") == 0 || net_address_parse(name, &address))
		return true;
	return conf_address(f->conf->console, own, &port, &err) == 0 && strcasecmp(name, own) == 0;
}

/* Browsers say where a request comes from; who is no browser says nothing. */
static bool from_elsewhere(const struct http_request *request)
{
	const char *site = http_request_header(request, "Sec-Fetch-Site");
	const char *origin = http_request_header(request, "Origin");
	const char *host = http_request_header(request, "Host");

	if (site)
		return strcasecmp(site, "same-origin") != 0 && strcasecmp(site, "none") != 0;
	if (!origin)
		return false;
	const char *name = strstr(origin, "://");
	return !name || !host || strcasecmp(name + 3, host) != 0;
}

static bool changes(const struct http_request *request)
{
	return strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
}

/* ---- who asks ---- */

static void take_key(void *arg, const struct access_key *row)
{
	struct caller *caller = arg;
	struct err err;

	snprintf(caller->name, sizeof(caller->name), "key %s", row->name);
	if (rights_parse(row->rights, &caller->rights, &err) < 0)
		caller->rights = 0; /* a right that no longer is: none of them */
}

/* 1 and *out, 0 nobody we know, -1. */
static int find_caller(struct front *f, const struct http_request *request, struct caller *out,
		       struct err *err)
{
	const char *header = http_request_header(request, "Authorization");

	*out = (struct caller){.rights = 0};
	if (!header || http_request_header_count(request, "Authorization") != 1 ||
	    strncasecmp(header, "Bearer ", 7) != 0)
		return 0;
	return store_key_check(f->store, header + 7, clock_wall_ms(), take_key, out, err);
}

static void answer_api(struct front *f, const struct route *route, struct http_request *request,
		       const char *tail, struct http_response *response)
{
	struct caller caller;
	struct err err;
	char sentence[160];
	int got = find_caller(f, request, &caller, &err);

	if (got < 0) {
		log_line(LOG_WARN, "a key was not looked up", "error", err.text, NULL);
		api_problem(response, 503, "the keys cannot be read just now; try again");
		http_response_header(response, "Retry-After", "1");
	} else if (got == 0) {
		api_problem(response, 401, "this needs a key: Authorization: Bearer rbk_... "
					   "(`ringbolt key add` makes one)");
		http_response_header(response, "WWW-Authenticate", "Bearer");
	} else if (!(caller.rights & route->right)) {
		snprintf(sentence, sizeof(sentence), "this key has not the right %s", rights_name(route->right));
		api_problem(response, 403, sentence);
	} else if (changes(request) && from_elsewhere(request)) {
		api_problem(response, 403, "a page of another site may not change anything here");
	} else {
		api_run(f, route, request, tail, &caller, response);
	}
}

static void refuse(struct http_response *response, bool api, int status, const char *sentence)
{
	if (api)
		api_problem(response, status, sentence);
	else
		http_response_error(response, status, sentence);
}

void routes_console(void *arg, struct http_request *request, struct http_response *response)
{
	struct front *f = arg;
	bool api = strncmp(request->path, API_BELOW, strlen(API_BELOW)) == 0;
	const char *tail, *allow;
	int status;
	const struct route *route =
		routes_find(ROUTE_CONSOLE, request->method, request->path, &tail, &status, &allow);

	if (route && route->handler) {
		route->handler(f, request, tail, response);
	} else if (api && !host_is_ours(f, request)) {
		refuse(response, true, 403, "this name is not the console's: call it by its address, or by "
		       "localhost");
	} else if (route) {
		answer_api(f, route, request, tail, response);
	} else {
		refuse(response, api, status, status == 405 ? "this path does not take this method"
							    : "there is nothing at this path of the console");
		if (allow)
			http_response_header(response, "Allow", allow);
	}
	secure(response, api);
}
