/* SPDX-License-Identifier: MIT */
/* What of a request never reaches the disk. */
#include "flow/auth_system.h"
#include "flow/document.h"

#include "common/mem.h"

#include <string.h>

const struct param redact_params[] = {
	{.name = "headers", .type = PARAM_TEXTS,
	 .text = "Headers whose values never reach the disk, beside authorization, cookie, "
		 "proxy-authorization and the header of an api_key or jwt."},
	{.name = "body", .type = PARAM_LATER,
	 .text = "(paths dropped before disk) comes in a later version; leave it out for now"},
	{0},
};

static void add_redacted(struct flow *f, const char **names, size_t *n, const char *name)
{
	char *lower = flow_own(f, mem_dup(name));

	for (char *p = lower; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	}
	names[(*n)++] = lower;
}

struct redacted {
	struct flow *f;
	const char **names;
	size_t n, max;
};

static void add_system_redacted(void *arg, const char *header)
{
	struct redacted *r = arg;

	if (r->n < r->max)
		add_redacted(r->f, r->names, &r->n, header);
}

#define REDACTED_BY_SYSTEM 16

void redact_read(struct flow *f, const struct args *redact)
{
	const cJSON *list = redact ? arg_find(redact, "headers")->node : NULL, *item;
	size_t n = 0, max = 6 + REDACTED_BY_SYSTEM + (size_t)cJSON_GetArraySize(list);
	const char **names = flow_own(f, mem_array(max, sizeof(*names)));

	add_redacted(f, names, &n, "authorization");
	add_redacted(f, names, &n, "cookie");
	add_redacted(f, names, &n, "proxy-authorization");
	if (f->webhook.auth.type == AUTH_API_KEY && !f->webhook.auth.in_query)
		add_redacted(f, names, &n, f->webhook.auth.name);
	if (f->webhook.auth.jwt && !f->webhook.auth.in_query && !f->webhook.auth.jwt->in_body)
		add_redacted(f, names, &n, f->webhook.auth.name);
	struct redacted by_system = {f, names, n, n + REDACTED_BY_SYSTEM};
	auth_system_redact(f, add_system_redacted, &by_system);
	n = by_system.n;
	if (cJSON_IsString(list))
		add_redacted(f, names, &n, list->valuestring);
	cJSON_ArrayForEach(item, list) {
		if (cJSON_IsString(item))
			add_redacted(f, names, &n, item->valuestring);
	}
	f->webhook.redact_headers = names;
	f->webhook.n_redact_headers = n;
}
