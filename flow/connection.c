/* SPDX-License-Identifier: MIT */
#include "flow/connection_inner.h"

#include "common/mem.h"
#include "flow/document.h"
#include "common/header.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct connection {
	cJSON *json;
	struct args args;
};

const char *connection_name_refused(const char *name)
{
	size_t len = strlen(name);

	if (len >= 1 && len <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len)
		return NULL;
	return "is no name of a connection: lower-case letters, digits, - and _, at most 64";
}

static const char *base_url_refused(const char *url)
{
	const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
			   : strncmp(url, "http://", 7) == 0 ? url + 7
							     : NULL;

	if (!host || !*host || *host == '/')
		return "must be https:// or http:// and a host";
	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p >= 127 || strchr("?#@\\{}", *p))
			return "may not hold a query, a fragment, a user, blanks or expressions";
	return NULL;
}

static const struct param params[] = {
	{.name = "base_url", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 1000,
	 .refuse = base_url_refused,
	 .text = "What stands before the \"url\" of each step that uses the connection."},
	{.name = "authentication", .type = PARAM_KIND, .flags = PARAM_REQUIRED,
	 .kinds = connection_auth_kinds, .text = "How a call proves who it is from."},
	{0},
};

int connection_parse(const char *text, size_t len, struct connection **out, struct faults *faults)
{
	struct connection *c = mem_new(sizeof(*c));
	struct reader r = {.faults = faults};
	struct err err;

	*out = NULL;
	*faults = (struct faults){0};
	c->json = json_parse(text, len, &err);
	if (!c->json) {
		fault_at(faults, NULL, "%s", err.text);
	} else if (!cJSON_IsObject(c->json)) {
		fault_at(faults, NULL, "a connection must be an object with \"base_url\" and "
			 "\"authentication\"");
	} else {
		param_unknown(&r, NULL, c->json, params, NULL);
		param_read(&r, NULL, c->json, params, &c->args);
	}
	if (faults->errors) {
		connection_free(c);
		return -1;
	}
	*out = c;
	return 0;
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	args_release(&c->args);
	cJSON_Delete(c->json);
	free(c);
}

const char *connection_base_url(const struct connection *c)
{
	return arg_text(&c->args, "base_url");
}

const char *connection_auth(const struct connection *c)
{
	return arg_find(&c->args, "authentication")->kind->name;
}

/* "..", however it is written. */
static bool climbs(const char *path)
{
	const char *end = path + strcspn(path, "?#");

	while (path < end) {
		int dots = 0, others = 0;
		for (path += *path == '/'; path < end && *path != '/'; path++) {
			if (strncasecmp(path, "%2e", 3) == 0)
				path += 2, dots++;
			else
				*path == '.' ? dots++ : others++;
		}
		if (dots == 2 && !others)
			return true;
	}
	return false;
}

int connection_url(const struct connection *c, const char *path, struct buf *out, struct err *err)
{
	const char *base = connection_base_url(c);
	size_t len = strlen(base);

	/* Anything else could lengthen the host: ".elsewhere.example", "@elsewhere.example". */
	if (*path && *path != '/' && *path != '?')
		return err_set(err, ERR_INVALID, "url: beside a connection it must begin with a slash: "
			       "it goes on where the connection's base_url ends");
	if (climbs(path))
		return err_set(err, ERR_DENIED, "url: \"..\" would leave the connection's base_url");
	while (len && base[len - 1] == '/')
		len--;
	buf_add(out, base, len);
	buf_add_text(out, path);
	return 0;
}

int connection_header(struct connection_call *call, const char *name, struct slice value,
		      struct err *err)
{
	struct buf list = BUF_INIT;

	buf_add_slice(&list, buf_slice(call->headers));
	buf_add_char(&list, ']');
	bool there = header_list_has(buf_slice(&list), name);
	mem_wipe_free(list.ptr, list.size);
	if (there)
		return err_set(err, ERR_CONFLICT, "headers: %s is set by the connection; leave it out "
			       "of the step", name);
	header_list_add(call->headers, name, value.ptr, value.len);
	return 0;
}

int connection_apply(const struct connection *c, struct connection_call *call, struct err *err)
{
	const struct arg *auth = arg_find(&c->args, "authentication");

	call->old_token = false;
	if (connection_auth_apply(auth->kind, &auth->items[0], call, err) == 0)
		return 0;
	return err_within(err, "connection \"%.64s\": ", call->name);
}

bool connection_renew(const struct connection *c, const struct connection_call *call)
{
	(void)c;
	if (call->old_token)
		connection_token_forget(call->name);
	return call->old_token;
}
