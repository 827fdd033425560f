/* SPDX-License-Identifier: MIT */
#include "server/caller.h"

#include <string.h>
#include <strings.h>

/* The hops of one header line, in order; of many, the last ones. */
struct hops {
	struct slice list[CALLER_HOPS_MAX]; /* a ring */
	size_t n;                           /* all that were there */
};

static void add_hop(struct hops *hops, struct slice text)
{
	hops->list[hops->n++ % CALLER_HOPS_MAX] = text;
}

static struct slice trimmed(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	return (struct slice){from, (size_t)(to - from)};
}

/* "192.0.2.7", "192.0.2.7:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80". */
static bool read_hop(struct slice text, struct net_address *out)
{
	const char *from = text.ptr, *end = from + text.len, *to = end;
	char address[NET_TEXT_SIZE];

	if (text.len && *from == '[') {
		to = memchr(++from, ']', text.len - 1);
		if (!to || (to + 1 < end && to[1] != ':'))
			return false;
	} else {
		const char *colon = memchr(from, ':', text.len);
		if (colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1)))
			to = colon;
	}
	size_t len = (size_t)(to - from);
	if (len >= sizeof(address))
		return false;
	memcpy(address, from, len);
	address[len] = '\0';
	return net_address_parse(address, out);
}

static bool split_plain(const char *line, struct hops *hops)
{
	for (;;) {
		const char *comma = line + strcspn(line, ",");
		struct slice hop = trimmed(line, comma);
		if (hop.len)
			add_hop(hops, hop);
		if (!*comma)
			return true;
		line = comma + 1;
	}
}

/* ---- Forwarded ---- */

static const char *skip(const char *p)
{
	return p + strspn(p, " \t");
}

/* The value behind "=": where it ends, or NULL. What is escaped in a quoted one stays so: no
 * address needs it. */
static const char *read_value(const char *p, struct slice *out)
{
	if (*p != '"') {
		size_t len = strcspn(p, ",; \t\"");
		*out = (struct slice){p, len};
		return len ? p + len : NULL;
	}
	const char *from = ++p;
	for (; *p != '"'; p++) {
		if (*p == '\\')
			p++;
		if (!*p)
			return NULL;
	}
	*out = (struct slice){from, (size_t)(p - from)};
	return p + 1;
}

/* One element, "for=192.0.2.7;proto=https": where it ends, or NULL when it is malformed, which a
 * caller may have brought about: then nothing of the line counts. */
static const char *read_element(const char *p, struct slice *hop)
{
	int times = 0;

	*hop = (struct slice){"", 0};
	for (;; p++) {
		p = skip(p);
		size_t len = strcspn(p, "=,; \t\"");
		if (len) {
			struct slice value;
			const char *end = p[len] == '=' ? read_value(p + len + 1, &value) : NULL;
			if (!end)
				return NULL;
			if (len == 3 && strncasecmp(p, "for", 3) == 0) {
				*hop = value;
				times++;
			}
			p = skip(end);
		}
		if (*p != ';')
			break;
	}
	return times <= 1 && (!*p || *p == ',') ? p : NULL;
}

static bool split_forwarded(const char *line, struct hops *hops)
{
	for (;;) {
		struct slice hop;
		line = skip(line);
		if (*line && *line != ',') {
			if (!(line = read_element(line, &hop)))
				return false;
			add_hop(hops, hop);
		}
		if (!*line)
			return true;
		line++;
	}
}

/* ---- the walk ---- */

static bool is_trusted(const struct caller_rule *rule, const struct net_address *address)
{
	for (int i = 0; i < rule->n_trusted; i++)
		if (net_has(&rule->trusted[i], address))
			return true;
	return false;
}

/* Whether the walk goes on at the line before. */
static bool walk_line(const struct caller_rule *rule, const char *line, struct net_address *at)
{
	struct hops hops = {.n = 0};

	if (!(rule->forwarded ? split_forwarded(line, &hops) : split_plain(line, &hops)))
		return false;
	for (size_t i = 0; i < hops.n; i++) {
		struct net_address hop;
		if (i == CALLER_HOPS_MAX || !read_hop(hops.list[(hops.n - 1 - i) % CALLER_HOPS_MAX], &hop))
			return false;
		*at = hop;
		if (!is_trusted(rule, at))
			return false;
	}
	return true;
}

const char *caller_find(const struct caller_rule *rule, const struct http_request *request,
			char out[NET_TEXT_SIZE])
{
	const char *name = rule->forwarded ? "Forwarded" : "X-Forwarded-For";
	struct net_address at;

	if (!net_address_parse(request->remote, &at))
		return request->remote;
	bool go_on = is_trusted(rule, &at);
	for (size_t i = request->n_headers; go_on && i-- > 0;)
		if (strcasecmp(request->headers[i].name, name) == 0)
			go_on = walk_line(rule, request->headers[i].value, &at);
	net_address_text(&at, out);
	return out;
}
