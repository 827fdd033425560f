/* SPDX-License-Identifier: MIT */
/* Texts and URLs for expressions. */
#include "flow/functions.h"

#include "common/jsontext.h"
#include "common/pairs.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* ---- characters ---- */

/* The character at *at, which is passed over; text from JSON is UTF-8. */
static wint_t next_char(const char **at)
{
	const unsigned char *p = (const unsigned char *)*at;
	unsigned len = *p < 0x80 ? 1 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
	wint_t c = len == 1 ? *p : *p & (0xFFu >> (len + 1));

	for (unsigned i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3F);
	*at += len;
	return c;
}

static void add_char(struct buf *out, wint_t c)
{
	if (c < 0x80) {
		buf_add_char(out, (char)c);
		return;
	}
	unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
	buf_add_char(out, (char)(lead[more] | c >> (6 * more)));
	while (more--)
		buf_add_char(out, (char)(0x80 | (c >> (6 * more) & 0x3F)));
}

/* What knows large and small letters, whatever the process's own locale; glibc has it built in. */
static locale_t letters(void)
{
	static locale_t locale;

	if (!locale)
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return locale;
}

static wint_t upper(wint_t c)
{
	return letters() ? towupper_l(c, letters()) : towupper(c);
}

static wint_t lower(wint_t c)
{
	return letters() ? towlower_l(c, letters()) : towlower(c);
}

static bool alphanumeric(wint_t c)
{
	return letters() ? iswalnum_l(c, letters()) : iswalnum(c) || c >= 0x80;
}

FUNCTION(function_title_case)
{
	struct buf text = BUF_INIT, made = BUF_INIT;
	bool within = false;

	if (function_text(c, -1, "what it works on", &text, err) < 0)
		return -1;
	for (const char *at = text.ptr; at < text.ptr + text.len;) {
		wint_t one = next_char(&at);
		add_char(&made, within ? lower(one) : upper(one));
		within = alphanumeric(one) || (within && (one == '\'' || one == 0x2019));
	}
	buf_add_json_text(out, made.ptr, made.len);
	buf_release(&text);
	buf_release(&made);
	return 0;
}

/* The letters U+00E0 to U+017F without their accents; '.' where two letters or none fit. */
static const char plain_letters[] =
	"aaaaaa.ceeeeiiii.nooooo..uuuuy.y"
	"aaaaaaccccccccddddeeeeeeeeeegggg"
	"gggghhhhiiiiiiiiii..jjkkkllllll."
	".llnnnnnn.n.ooooooo.rrrrrrssssss"
	"ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static void add_slug(struct buf *out, wint_t c)
{
	static const struct {
		wint_t c;
		const char *text;
	} pairs[] = {{0xE6, "ae"}, {0xF0, "d"}, {0xF8, "o"}, {0xFE, "th"}, {0xDF, "ss"}, {0x133, "ij"},
		     {0x132, "ij"}, {0x153, "oe"}, {0x149, "n"}, {0x14B, "n"}, {0x1E9E, "ss"}};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		if (pairs[i].c == c) {
			buf_add_text(out, pairs[i].text);
			return;
		}
	}
	if (c >= 0xE0 && c <= 0x17F && plain_letters[c - 0xE0] != '.')
		c = (unsigned char)plain_letters[c - 0xE0];
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		buf_add_char(out, (char)c);
	else if (c != '\'' && c != 0x2019 && !(c >= 0x300 && c <= 0x36F) && out->len &&
		 out->ptr[out->len - 1] != '-')
		buf_add_char(out, '-');
}

FUNCTION(function_slug)
{
	struct buf text = BUF_INIT, made = BUF_INIT;

	if (function_text(c, -1, "what it works on", &text, err) < 0)
		return -1;
	for (const char *at = text.ptr; at < text.ptr + text.len;)
		add_slug(&made, lower(next_char(&at)));
	while (made.len && made.ptr[made.len - 1] == '-')
		made.len--;
	buf_add_json_text(out, made.ptr, made.len);
	buf_release(&text);
	buf_release(&made);
	return 0;
}

/* ---- URLs (RFC 3986) ---- */

static void add_encoded(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char b = (unsigned char)text.ptr[i];
		if ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
		    (b && strchr("-_.~", b)))
			buf_add_char(out, (char)b);
		else
			buf_addf(out, "%%%02X", b);
	}
}

/* Text as it is, anything else as its JSON, encoded. */
static void add_value(struct slice value, struct buf *out)
{
	struct buf text = BUF_INIT;

	jsontext_text(value, &text);
	add_encoded(buf_slice(&text), out);
	buf_release(&text);
}

FUNCTION(function_url_encode)
{
	enum jsontext_kind kind = jsontext_kind(c->input);
	struct buf made = BUF_INIT;

	if (kind == JSONTEXT_OBJECT || kind == JSONTEXT_ARRAY || kind == JSONTEXT_NULL)
		return err_set(err, ERR_INVALID, "it takes text or a number, not %s%s",
			       jsontext_kind_name(kind),
			       kind == JSONTEXT_OBJECT ? " (query_string takes an object)" : "");
	add_value(c->input, &made);
	buf_add_json_text(out, made.ptr, made.len);
	buf_release(&made);
	return 0;
}

static void add_parameter(struct slice key, struct slice value, struct buf *out)
{
	if (jsontext_kind(value) == JSONTEXT_NULL)
		return;
	if (out->len)
		buf_add_char(out, '&');
	add_value(key, out);
	buf_add_char(out, '=');
	add_value(value, out);
}

FUNCTION(function_query_string)
{
	struct jsontext_walk member, item;
	struct buf made = BUF_INIT;

	if (jsontext_kind(c->input) != JSONTEXT_OBJECT)
		return err_set(err, ERR_INVALID, "it takes an object, not %s",
			       jsontext_kind_name(jsontext_kind(c->input)));
	jsontext_walk_start(&member, c->input);
	while (jsontext_walk_next(&member)) {
		if (jsontext_kind(member.value) != JSONTEXT_ARRAY) {
			add_parameter(member.key, member.value, &made);
			continue;
		}
		jsontext_walk_start(&item, member.value);
		while (jsontext_walk_next(&item))
			add_parameter(member.key, item.value, &made);
	}
	buf_add_json_text(out, made.ptr, made.len);
	buf_release(&made);
	return 0;
}

static void add_member(struct buf *out, const char *name, struct slice text)
{
	buf_addf(out, "%s\"%s\":", out->ptr[out->len - 1] == '{' ? "" : ",", name);
	if (text.ptr)
		buf_add_json_text(out, text.ptr, text.len);
	else
		buf_add_text(out, "null");
}

/* Cuts the first sign and what stands behind it off *rest: what stood behind, or NULL. */
static struct slice cut_after(struct slice *rest, char sign)
{
	const char *at = rest->len ? memchr(rest->ptr, sign, rest->len) : NULL;
	struct slice tail = {NULL, 0};

	if (at) {
		tail = (struct slice){at + 1, (size_t)(rest->ptr + rest->len - at - 1)};
		rest->len = (size_t)(at - rest->ptr);
	}
	return tail;
}

/* user@host:port: host keeps the brackets of an IPv6 address. 0, or -1 for a strange port. */
static int add_authority(struct buf *out, struct slice authority, struct err *err)
{
	const char *at = memrchr(authority.ptr, '@', authority.len);
	struct slice user = {NULL, 0}, host = authority, port = {NULL, 0};

	if (at) {
		user = (struct slice){authority.ptr, (size_t)(at - authority.ptr)};
		host = (struct slice){at + 1, (size_t)(authority.ptr + authority.len - at - 1)};
	}
	const char *bracket = memrchr(host.ptr, ']', host.len);
	size_t before = bracket ? (size_t)(bracket - host.ptr) : 0;
	struct slice rest = {host.ptr + before, host.len - before};
	port = cut_after(&rest, ':');
	host.len = before + rest.len;
	add_member(out, "user", user);
	add_member(out, "host", host);
	if (port.len > 5 || strspn(port.len ? port.ptr : "", "0123456789") < port.len)
		return err_set(err, ERR_INVALID, "its port is not a number");
	buf_add_text(out, ",\"port\":");
	if (port.len)
		buf_addf(out, "%d", atoi(port.ptr)); /* without leading zeros */
	else
		buf_add_text(out, "null");
	return 0;
}

FUNCTION(function_url_parts)
{
	struct buf text = BUF_INIT;
	struct slice none = {NULL, 0};
	int rc = -1;

	if (function_text(c, -1, "what it works on", &text, err) < 0)
		return -1;
	struct slice rest = buf_slice(&text);
	struct slice fragment = cut_after(&rest, '#'), query = cut_after(&rest, '?');
	const char *slashes = memmem(rest.ptr, rest.len, "://", 3);
	if (!slashes || slashes == rest.ptr) {
		err_set(err, ERR_INVALID, "\"%.80s\" is no URL: it must begin with a scheme such as https://",
			text.ptr);
		goto out;
	}
	struct slice scheme = {rest.ptr, (size_t)(slashes - rest.ptr)};
	struct slice authority = {slashes + 3, rest.len - scheme.len - 3};
	const char *slash = memchr(authority.ptr, '/', authority.len);
	struct slice path = none;
	if (slash) {
		path = (struct slice){slash, (size_t)(authority.ptr + authority.len - slash)};
		authority.len = (size_t)(slash - authority.ptr);
	}
	buf_add_char(out, '{');
	add_member(out, "scheme", scheme);
	if (add_authority(out, authority, err) < 0)
		goto out;
	add_member(out, "path", path.ptr ? path : (struct slice){"", 0});
	buf_add_text(out, ",\"query\":");
	pairs_form(query.ptr ? query : (struct slice){"", 0}, out);
	add_member(out, "fragment", fragment);
	buf_add_char(out, '}');
	rc = 0;
out:
	buf_release(&text);
	return rc;
}
