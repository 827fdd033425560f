/* SPDX-License-Identifier: MIT */
/*
 * routes: THE table of what this server answers: listener, method, pattern, right, handler and
 * the sentence that documents it. What is not in it does not exist: 404, or 405 when only the
 * method is wrong. A new endpoint is one line there and one handler; docs/api.md and
 * docs/openapi.json are drawn from it.
 */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "server/api.h"
#include "server/front.h"
#include "server/rights.h"

enum route_listener { ROUTE_INTAKE, ROUTE_CONSOLE };

struct route {
	enum route_listener listener;
	const char *method;     /* "*": any, the handler decides */
	const char *pattern;    /* a path; {x} is one part; a "*" at the end a tail of at least a byte */
	enum route_right right;
	front_handler handler;  /* one of these two */
	int (*api)(struct api *a, struct err *err);
	const char *query;      /* of the API: the parameters it takes, with spaces between */
	const char *body;       /* of the API: the members it takes; NULL: no body */
	const char *text;
};

extern const struct route routes_table[];
extern const size_t routes_count;

/* routes_find: the route and the tail of the path (from the first {x} or the "*" on), or NULL with
 * what to answer: 404, or 405 and the methods for Allow. HEAD goes where GET goes. */
const struct route *routes_find(enum route_listener listener, const char *method,
				const char *path, const char **tail, int *status,
				const char **allow);

/* The two callbacks of http_setup; arg is a struct front. */
void routes_intake(void *arg, struct http_request *request, struct http_response *response);
void routes_console(void *arg, struct http_request *request, struct http_response *response); /* console.c */

#endif
