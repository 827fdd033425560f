/* SPDX-License-Identifier: MIT */
/* Percent-decoding, and single parameters of a raw query. */
#include "server/query.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void url_decode(struct slice text, bool plus, struct buf *out)
{
	const char *p = text.ptr, *end = p + text.len;

	buf_grow(out, text.len);
	for (; p < end; p++) {
		char c = *p;
		if (c == '%' && end - p > 2 && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0) {
			c = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
			p += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		buf_add_char(out, c);
	}
}

/* One parameter of a query, both sides still encoded. */
struct param {
	struct slice name, value;
};

/* Cuts the parameter at *at and moves *at behind it; false at the end. */
static bool next_param(const char **at, struct param *p)
{
	if (!*at)
		return false;
	const char *amp = strchr(*at, '&');
	size_t len = amp ? (size_t)(amp - *at) : strlen(*at);
	const char *equals = memchr(*at, '=', len);
	p->name = (struct slice){*at, equals ? (size_t)(equals - *at) : len};
	p->value = equals ? (struct slice){equals + 1, len - p->name.len - 1} : (struct slice){*at, 0};
	*at = amp ? amp + 1 : NULL;
	return true;
}

static bool is_named(const struct param *p, const char *name, struct buf *scratch)
{
	buf_clear(scratch);
	url_decode(p->name, true, scratch);
	return scratch->len == strlen(name) && memcmp(scratch->ptr, name, scratch->len) == 0;
}

size_t query_find(const char *query, const char *name, struct buf *out)
{
	struct buf scratch = BUF_INIT;
	struct param p;
	size_t n = 0;

	while (next_param(&query, &p))
		if (is_named(&p, name, &scratch) && n++ == 0 && out)
			url_decode(p.value, true, out);
	buf_release(&scratch);
	return n;
}
