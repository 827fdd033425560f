/* SPDX-License-Identifier: MIT */
/* Which HTTP headers a flow may set. The names refused are those by which one message could
 * be made two, or one hop speak for another. */
#include "common/header.h"

#include "common/jsontext.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FRAMING "is refused: the length of the message is counted here"
#define HOP "is refused: it speaks for one connection only"

static const struct {
	const char *name;
	const char *reply;   /* NULL: allowed there */
	const char *request;
} refusals[] = {
	{"Content-Length", FRAMING, FRAMING},
	{"Transfer-Encoding", FRAMING, FRAMING},
	{"Trailer", FRAMING, FRAMING},
	{"Connection", HOP, HOP},
	{"Keep-Alive", HOP, HOP},
	{"Proxy-Connection", HOP, HOP},
	{"Proxy-Authenticate", HOP, HOP},
	{"Proxy-Authorization", HOP, HOP},
	{"TE", HOP, HOP},
	{"Upgrade", HOP, HOP},
	{"Set-Cookie", "is refused: a webhook's caller keeps no cookies, a browser might", NULL},
	{"Date", "is refused: the server sets it", NULL},
	{"Server", "is refused: the server sets it", NULL},
	{"Ringbolt-Event", "is refused: the server sets it", NULL},
	{"Host", NULL, "is refused: the URL names the host"},
	{"Expect", NULL, HOP},
};

static const char *name_malformed(const char *name)
{
	if (!*name)
		return "is refused: a header needs a name";
	if (strlen(name) > 128)
		return "is refused: a header name has at most 128 characters";
	for (const char *p = name; *p; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || strchr("!#$%&'*+-.^_`|~", *p))
			continue;
		return "is refused: a header name is letters, digits and hyphens, "
		       "without spaces or colons";
	}
	return NULL;
}

static const char *refused(const char *name, bool reply)
{
	const char *why = name_malformed(name);

	for (size_t i = 0; !why && i < ARRAY_LEN(refusals); i++) {
		if (strcasecmp(name, refusals[i].name) == 0)
			why = reply ? refusals[i].reply : refusals[i].request;
	}
	return why;
}

const char *header_refused_in_reply(const char *name)
{
	return refused(name, true);
}

const char *header_refused_in_request(const char *name)
{
	return refused(name, false);
}

/* The value is not quoted in the sentence: it may hold what nobody should read. */
static int value_check(const char *name, const struct buf *value, struct err *err)
{
	if (value->len > HEADER_VALUE_MAX)
		return err_set(err, ERR_INVALID,
			       "header \"%.80s\" has a value of %zu bytes; at most %d are allowed",
			       name, value->len, HEADER_VALUE_MAX);
	for (size_t i = 0; i < value->len; i++) {
		unsigned char c = (unsigned char)value->ptr[i];
		if (c == '\t' || (c >= 0x20 && c < 0x7F))
			continue;
		return err_set(err, ERR_INVALID,
			       "header \"%.80s\" has byte 0x%02x at position %zu of its value; "
			       "printable ASCII only (encode other text with @uri or @base64)",
			       name, c, i);
	}
	return 0;
}

int header_list_check(struct slice pairs, const char *(*why_refused)(const char *name),
		      struct err *err)
{
	struct buf name = BUF_INIT, value = BUF_INIT;
	struct slice name_json, value_json;
	struct jsontext_walk w;
	size_t count = 0;
	int rc = 0;

	jsontext_walk_start(&w, pairs);
	while (rc == 0 && jsontext_walk_next(&w)) {
		if (++count > HEADERS_MAX) {
			rc = err_set(err, ERR_INVALID, "more than %d headers are set", HEADERS_MAX);
			break;
		}
		buf_clear(&name);
		buf_clear(&value);
		if (jsontext_item(w.value, 0, &name_json) &&
		    jsontext_item(w.value, 1, &value_json)) {
			jsontext_string(name_json, &name);
			jsontext_text(value_json, &value);
		}
		/* A NUL inside would hide the rest of the name from the check. */
		const char *why = strlen(name.ptr) != name.len ? "is refused: it holds a NUL byte"
							       : why_refused(name.ptr);
		if (why)
			rc = err_set(err, ERR_INVALID, "header \"%.80s\" %s", name.ptr, why);
		else
			rc = value_check(name.ptr, &value, err);
	}
	buf_release(&name);
	buf_release(&value);
	return rc;
}

bool header_list_has(struct slice pairs, const char *name)
{
	struct buf text = BUF_INIT;
	struct jsontext_walk w;
	struct slice item;
	bool found = false;

	jsontext_walk_start(&w, pairs);
	while (!found && jsontext_walk_next(&w)) {
		buf_clear(&text);
		if (jsontext_item(w.value, 0, &item))
			jsontext_string(item, &text);
		found = strcasecmp(text.ptr, name) == 0;
	}
	buf_release(&text);
	return found;
}

void header_list_add(struct buf *pairs, const char *name, const char *value, size_t len)
{
	if (pairs->len && pairs->ptr[pairs->len - 1] != '[')
		buf_add_char(pairs, ',');
	buf_add_char(pairs, '[');
	buf_add_json_text(pairs, name, strlen(name));
	buf_add_char(pairs, ',');
	buf_add_json_text(pairs, value, len);
	buf_add_char(pairs, ']');
}
