/* SPDX-License-Identifier: MIT */
/* From where a webhook may be called: addresses, and the pages of browsers. The front asks
 * (server/admit.c, server/cors.c); here is what a document can say of it. */
#include "flow/document.h"

#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the declarations ---- */

/* What a browser sends as Origin: scheme, host, and a port that is not the usual one. */
static const char *origin_refused(const char *origin)
{
	const char *host = strstr(origin, "://");

	if (strcmp(origin, "*") == 0)
		return NULL;
	if (!host || host == origin)
		return "is no origin: write scheme and host as the browser sends them, e.g. "
		       "https://shop.example.com, or \"*\" for every page";
	host += 3;
	for (const char *p = origin; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			return "has capital letters, which a browser sends as small ones";
		if ((unsigned char)*p <= ' ' || (unsigned char)*p > '~' || strchr("\"'<>\\,;*", *p))
			return "has a character that no origin has; there are no patterns, each origin is "
			       "written out";
	}
	if (!*host || strpbrk(host, "/?#@"))
		return "has more than scheme, host and port, or no host: leave out path and slash at the end";
	const char *colon = strrchr(host, ':');
	if (colon && !strchr(colon, ']') &&
	    ((strncmp(origin, "https:", 6) == 0 && strcmp(colon, ":443") == 0) ||
	     (strncmp(origin, "http:", 5) == 0 && strcmp(colon, ":80") == 0)))
		return "names the usual port of its scheme, which a browser leaves out";
	return NULL;
}

static const char *name_refused(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
		      strchr("!#$%&'*+-.^_`|~", *p)))
			return "is no name of a header";
	return *name ? NULL : "is empty; name a header";
}

const struct param cors_params[] = {
	{.name = "origins", .type = PARAM_TEXTS, .flags = PARAM_REQUIRED, .refuse = origin_refused,
	 .text = "The pages that may read the answers: \"https://shop.example.com\", a list of them, or "
		 "\"*\" for every page."},
	{.name = "headers", .type = PARAM_TEXTS, .refuse = name_refused,
	 .text = "The request headers a page may set. Default: Content-Type and the header of the "
		 "authentication."},
	{.name = "expose", .type = PARAM_TEXTS, .refuse = name_refused,
	 .text = "The answer's headers a page may read beside the usual ones, e.g. Ringbolt-Event."},
	{.name = "credentials", .type = PARAM_BOOL, .fallback = "false",
	 .text = "Whether a page may send cookies and read the answer; not together with \"*\"."},
	{.name = "max_age_s", .type = PARAM_INT, .min = 0, .max = 86400, .fallback = "600",
	 .text = "For how many seconds a browser may remember the answer to its preflight."},
	{0},
};

/* ---- from arguments to the struct ---- */

/* The texts of one that is a text or a list of them; how many. */
static size_t texts(struct flow *f, const struct arg *a, const char *const **out)
{
	size_t n = 0, most = cJSON_IsArray(a->node) ? (size_t)cJSON_GetArraySize(a->node) : 1;
	const char **list = flow_own(f, mem_array(most + 1, sizeof(*list)));
	const cJSON *item;

	if (cJSON_IsString(a->node))
		list[n++] = a->node->valuestring;
	else if (cJSON_IsArray(a->node))
		cJSON_ArrayForEach(item, a->node)
			if (cJSON_IsString(item))
				list[n++] = item->valuestring;
	*out = list;
	return n;
}

static void read_addresses(struct flow *f, const struct arg *a, struct faults *faults)
{
	const char *const *list;
	struct err err;
	char place[24];

	if (!a->node)
		return;
	size_t n = texts(f, a, &list);
	if (!n && cJSON_IsArray(a->node))
		fault_add(faults, a->pointer, NULL, "is empty, so nobody could call; leave it out to let every "
			  "address in");
	struct net *nets = flow_own(f, mem_array(n + 1, sizeof(*nets)));
	for (size_t i = 0; i < n; i++) {
		snprintf(place, sizeof(place), "%zu", i);
		if (net_parse(list[i], &nets[i], &err) < 0)
			fault_add(faults, a->pointer, cJSON_IsArray(a->node) ? place : NULL, "%s", err.text);
	}
	f->webhook.allow_ips = nets;
	f->webhook.n_allow_ips = n;
}

/* "A, B", as it stands in an answer. */
static const char *joined(struct flow *f, const struct arg *a, struct faults *faults, bool credentials)
{
	const char *const *list;
	struct buf out = BUF_INIT;
	size_t n = texts(f, a, &list);

	for (size_t i = 0; i < n; i++) {
		if (credentials && strcmp(list[i], "*") == 0)
			fault_add(faults, a->pointer, NULL, "\"*\" means nothing to a browser that sends "
				  "credentials; name the headers");
		buf_addf(&out, "%s%s", i ? ", " : "", list[i]);
	}
	return flow_own(f, buf_take(&out));
}

/* Without a word of headers: what the webhook itself needs from a page. */
static const char *needed_headers(struct flow *f)
{
	const struct flow_auth *auth = &f->webhook.auth;
	const char *name = auth->type == AUTH_BASIC || auth->type == AUTH_BEARER ? "Authorization"
			   : auth->in_query || (auth->jwt && auth->jwt->in_body) ? NULL : auth->name;

	return flow_own(f, name && *name ? mem_format("Content-Type, %s", name) : mem_dup("Content-Type"));
}

static void read_cors(struct flow *f, const struct arg *a, struct faults *faults)
{
	const struct args *cors = a->n_items ? &a->items[0] : NULL;
	struct flow_cors *c = &f->webhook.cors;

	if (!cors)
		return;
	c->credentials = arg_bool(cors, "credentials");
	c->n_origins = texts(f, arg_find(cors, "origins"), &c->origins);
	for (size_t i = 0; i < c->n_origins; i++)
		c->any = c->any || strcmp(c->origins[i], "*") == 0;
	if (c->any && c->n_origins > 1)
		fault_add(faults, a->pointer, "origins", "\"*\" is every page already; leave out the others, "
			  "or \"*\"");
	if (c->any && c->credentials)
		fault_add(faults, a->pointer, "credentials", "\"*\" together with credentials would let any "
			  "page in the world act as its visitor; name the origins, or leave out credentials");
	c->headers = arg_given(cors, "headers") ? joined(f, arg_find(cors, "headers"), faults, c->credentials)
						: needed_headers(f);
	c->expose = joined(f, arg_find(cors, "expose"), faults, c->credentials);
	c->max_age_s = arg_int(cors, "max_age_s");
}

void access_read(struct flow *f, const struct args *a, struct faults *faults)
{
	read_addresses(f, arg_find(a, "allow_ips"), faults);
	read_cors(f, arg_find(a, "cors"), faults);
}
