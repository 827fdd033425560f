/* SPDX-License-Identifier: MIT */
/* The table of routes and its one reader. Default deny: what no line names is 404. */
#include "server/routes.h"

#include "server/intake.h"

#include <stdio.h>
#include <string.h>

/* The right is part of a name, so a line without one does not compile. */
#define OPEN(listener, method, pattern, right, handler, text) \
	{ROUTE_##listener, method, pattern, RIGHT_##right, handler, NULL, "", NULL, text}
#define API(method, pattern, right, handler, query, body, text) \
	{ROUTE_CONSOLE, method, "/api/v1" pattern, RIGHT_##right, NULL, api_##handler, query, body, text}

const struct route routes_table[] = {
	OPEN(INTAKE, "*", "/in/*", PUBLIC, intake_handle,
	     "A webhook: the flow that owns the suffix decides methods, authentication and reply."),
	OPEN(INTAKE, "GET", "/status/*", PUBLIC, status_handle,
	     "State and reply of one event, for whoever holds the URL that its reply named."),
	OPEN(CONSOLE, "GET", "/healthz", HEALTH, health_live,
	     "200 while the store answers and keeps what it is told; 503 otherwise."),
	OPEN(CONSOLE, "GET", "/readyz", HEALTH, health_ready,
	     "200 while new requests are taken; 503 while draining or when not healthy."),
	OPEN(CONSOLE, "GET", "/metrics", HEALTH, metrics_handle,
	     "Counts and gauges as Prometheus text, at a cost independent of history."),

	API("GET", "/overview", EVENTS_READ, overview, "minutes", NULL,
	    "How things are: arrivals and ends by minute, what waits, the size of the database."),
	API("GET", "/counts", EVENTS_READ, counts, "since until flow", NULL,
	    "How many arrivals and runs ended how, by time, as finely as it is kept."),
	API("GET", "/events", EVENTS_READ, events, "flow state since until error limit after", NULL,
	    "Events, newest first."),
	API("POST", "/events/cancel", EVENTS_REPLAY, events_cancel, "", "ids filter",
	    "Cancels events that wait: {\"cancelled\": how many}."),
	API("GET", "/events/{id}", EVENTS_READ, event, "", NULL,
	    "One event, whole: its request, its runs with their steps, its replies."),
	API("GET", "/events/{id}/body", EVENTS_READ, event_body, "", NULL,
	    "The bytes of the request's body as they came, as a download."),
	API("GET", "/events/{id}/curl", EVENTS_READ, event_curl, "", NULL,
	    "A command for a shell that sends the request again."),
	API("POST", "/events/{id}/pin", EVENTS_REPLAY, event_pin, "", "reason",
	    "Keeps the event whatever the retention settings say."),
	API("DELETE", "/events/{id}/pin", EVENTS_REPLAY, event_unpin, "", NULL,
	    "Lets the event age like the others again."),
	API("GET", "/rejections", EVENTS_READ, rejections, "flow status since until cause limit after", NULL,
	    "Refused requests and why, newest first."),
	API("GET", "/replays", EVENTS_READ, replays, "", NULL, "The newest 200 replays and how far they are."),
	API("POST", "/replays", EVENTS_REPLAY, replay_add, "", "ids filter version from per_second reason dry_run",
	    "Runs finished events again, or with dry_run says how many it would."),
	API("GET", "/replays/{id}", EVENTS_READ, replay, "", NULL, "One replay and how far it is."),
	API("POST", "/replays/{id}/cancel", EVENTS_REPLAY, replay_cancel, "", "",
	    "Takes back what of a replay still waits: {\"cancelled\": how many}."),
	API("GET", "/flows", FLOWS_READ, flows, "", NULL, "All flows with their webhooks, by name."),
	API("GET", "/flows/{name}", FLOWS_READ, flow, "version", NULL,
	    "One flow with the document of its published version, or of the version named."),
	API("POST", "/flows/{name}/publish", FLOWS_WRITE, flow_publish, "", "version",
	    "Makes a version of the flow the live one."),
	API("POST", "/flows/{name}/pause", FLOWS_WRITE, flow_pause, "", "",
	    "Holds the events of the flow: {\"changed\": how many}."),
	API("POST", "/flows/{name}/resume", FLOWS_WRITE, flow_resume, "", "per_second",
	    "Queues the held events of the flow: {\"changed\": how many}."),
	API("GET", "/systems", FLOWS_READ, systems, "", NULL, "The senders that are known, by name."),
	API("GET", "/systems/{name}", FLOWS_READ, system, "", NULL, "What is known of one sender: its system file."),
	API("GET", "/secrets", FLOWS_READ, secrets, "", NULL, "The names of the secrets, never a value."),
	API("GET", "/keys", ADMIN, keys, "", NULL, "The keys of this API by name, never a key."),
	API("GET", "/audit", ADMIN, audit, "limit after", NULL, "Who changed what, newest first."),
};
const size_t routes_count = ARRAY_LEN(routes_table);

/* The tail of path behind the pattern ("" for one without parts), or NULL. */
static const char *match(const char *pattern, const char *path)
{
	const char *tail = NULL;

	for (; *pattern; pattern++) {
		if (*pattern == '*')
			return *path ? path : NULL;
		if (*pattern == '{') {
			size_t len = strcspn(path, "/");
			if (len == 0)
				return NULL;
			tail = tail ? tail : path;
			path += len;
			pattern = strchr(pattern, '}');
		} else if (*pattern != *path++) {
			return NULL;
		}
	}
	return *path ? NULL : tail ? tail : "";
}

static bool takes(const struct route *route, const char *method)
{
	return strcmp(route->method, "*") == 0 || strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static const char *also_allow(char *list, size_t size, const char *method)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s", len ? ", " : "",
		 strcmp(method, "GET") == 0 ? "GET, HEAD" : method);
	return list;
}

const struct route *routes_find(enum route_listener listener, const char *method,
				const char *path, const char **tail, int *status, const char **allow)
{
	static _Thread_local char list[64]; /* for Allow */

	*status = 404;
	*allow = NULL;
	list[0] = '\0';
	for (size_t i = 0; i < routes_count; i++) {
		const struct route *route = &routes_table[i];
		if (route->listener != listener || !(*tail = match(route->pattern, path)))
			continue;
		if (takes(route, method))
			return route;
		*status = 405;
		*allow = also_allow(list, sizeof(list), route->method);
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
