/* SPDX-License-Identifier: MIT */
/* JSON as text: walking and cutting. All of it works on text that passed jsontext_check, so
 * it looks at quotes and brackets only and nothing here can fail. */
#include "common/jsontext.h"

#include "common/jsontext_scan.h"

#include <string.h>

/* At a quote: the byte after the closing one. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		p = jsontext_skip_plain(p, end);
		if (p < end && *p == '"')
			return p + 1;
		if (p < end && *p == '\\')
			p++;
	}
	return end;
}

/* At an opening bracket: the byte after the one that closes it. */
static const char *skip_nested(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		char c = *p++;
		if (c == '"') {
			p = skip_string(p - 1, end);
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (--depth == 0)
				break;
		}
	}
	return p;
}

static const char *skip_value(const char *p, const char *end)
{
	if (p < end && *p == '"')
		return skip_string(p, end);
	if (p < end && (*p == '{' || *p == '['))
		return skip_nested(p, end);
	while (p < end && *p != ',' && *p != ']' && *p != '}' && !jsontext_is_space(*p))
		p++;
	return p;
}

void jsontext_walk_start(struct jsontext_walk *w, struct slice value)
{
	*w = (struct jsontext_walk){.object = value.len && *value.ptr == '{'};
	w->at = value.len ? value.ptr + 1 : value.ptr;
	w->end = value.ptr + value.len;
}

bool jsontext_walk_next(struct jsontext_walk *w)
{
	const char *p = jsontext_skip_space(w->at, w->end);

	if (p < w->end && *p == ',')
		p = jsontext_skip_space(p + 1, w->end);
	if (p >= w->end || *p == ']' || *p == '}')
		return false;
	if (w->object) {
		w->key.ptr = p;
		p = skip_string(p, w->end);
		w->key.len = (size_t)(p - w->key.ptr);
		p = jsontext_skip_space(p, w->end);
		p = jsontext_skip_space(p + 1, w->end); /* the colon */
	}
	w->value.ptr = p;
	w->at = skip_value(p, w->end);
	w->value.len = (size_t)(w->at - p);
	return true;
}

/* Most keys hold no escape: then bytes decide. */
bool jsontext_key_is(struct slice string, const char *key, size_t key_len)
{
	if (string.len < key_len + 2)
		return false;
	if (!memchr(string.ptr, '\\', string.len))
		return string.len == key_len + 2 && memcmp(string.ptr + 1, key, key_len) == 0;
	struct buf decoded = BUF_INIT;
	jsontext_string(string, &decoded);
	bool same = decoded.len == key_len && memcmp(decoded.ptr, key, key_len) == 0;
	buf_release(&decoded);
	return same;
}

int jsontext_member(struct slice object, const char *key, size_t key_len, struct slice *out)
{
	struct jsontext_walk w;
	int found = 0;

	if (!object.len || *object.ptr != '{')
		return 0;
	jsontext_walk_start(&w, object);
	while (jsontext_walk_next(&w)) {
		if (jsontext_key_is(w.key, key, key_len)) {
			*out = w.value;
			found = 1; /* a later one wins */
		}
	}
	return found;
}

int jsontext_item(struct slice array, int64_t i, struct slice *out)
{
	struct jsontext_walk w;

	if (!array.len || *array.ptr != '[')
		return 0;
	if (i < 0) {
		for (jsontext_walk_start(&w, array); jsontext_walk_next(&w);)
			i++;
		if (i < 0)
			return 0;
	}
	for (jsontext_walk_start(&w, array); jsontext_walk_next(&w); i--) {
		if (i == 0) {
			*out = w.value;
			return 1;
		}
	}
	return 0;
}

/* Four hexadecimal digits at p. */
static unsigned hex4(const char *p)
{
	unsigned n = 0;

	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)p[i];
		n = n << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return n;
}

static void add_code_point(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_add_char(out, (char)c);
	} else if (c < 0x800) {
		buf_add(out, (char[]){(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))}, 2);
	} else if (c < 0x10000) {
		buf_add(out, (char[]){(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3F)),
				      (char)(0x80 | (c & 0x3F))}, 3);
	} else {
		buf_add(out, (char[]){(char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3F)),
				      (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F))}, 4);
	}
}

/* At "\u": adds the character, and the second half of a pair; gives the byte after. */
static const char *add_unicode(const char *p, const char *end, struct buf *out)
{
	unsigned c = hex4(p + 2);

	p += 6;
	if (c < 0xD800 || c > 0xDFFF) {
		add_code_point(out, c);
		return p;
	}
	if (c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		unsigned low = hex4(p + 2);
		if (low >= 0xDC00 && low <= 0xDFFF) {
			add_code_point(out, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
			return p + 6;
		}
	}
	add_code_point(out, 0xFFFD);
	return p;
}

void jsontext_string(struct slice string, struct buf *out)
{
	if (string.len < 2)
		return;
	const char *p = string.ptr + 1, *end = string.ptr + string.len - 1;

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		if (!slash) {
			buf_add(out, p, (size_t)(end - p));
			return;
		}
		buf_add(out, p, (size_t)(slash - p));
		p = slash + 2;
		switch (slash[1]) {
		case 'b': buf_add_char(out, '\b'); break;
		case 'f': buf_add_char(out, '\f'); break;
		case 'n': buf_add_char(out, '\n'); break;
		case 'r': buf_add_char(out, '\r'); break;
		case 't': buf_add_char(out, '\t'); break;
		case 'u': p = add_unicode(slash, end, out); break;
		default: buf_add_char(out, slash[1]); break;
		}
	}
}

void jsontext_text(struct slice value, struct buf *out)
{
	if (jsontext_kind(value) == JSONTEXT_STRING)
		jsontext_string(value, out);
	else
		jsontext_compact(value, out);
}

void jsontext_compact(struct slice value, struct buf *out)
{
	const char *p = value.ptr, *end = p + value.len;

	buf_grow(out, value.len);
	while (p < end) {
		const char *run = p;
		while (p < end && !jsontext_is_space(*p))
			p = *p == '"' ? skip_string(p, end) : p + 1;
		buf_add(out, run, (size_t)(p - run));
		p = jsontext_skip_space(p, end);
	}
}
