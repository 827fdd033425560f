/* SPDX-License-Identifier: MIT */
/* What a path met, in words. Keys and values are a stranger's: they are escaped, and cut. */
#include "flow/hint_inner.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "common/nearest.h"

#include <stdlib.h>
#include <string.h>

#define KEY_MAX 40
#define VALUE_MAX 40
#define KEYS_LISTED 5
#define KEYS_COMPARED 1000
#define WHERE_MAX 120

/* The first max bytes of text or less, never a part of a character. */
static size_t cut_at(struct slice text, size_t max)
{
	size_t len = text.len < max ? text.len : max;

	while (len && len < text.len && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
		len--;
	return len;
}

/* Characters that would write over a terminal's line, or turn it round, are shown as "?". */
static void add_plain(struct slice text, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)text.ptr;

	for (size_t i = 0; i < text.len; i++) {
		size_t left = text.len - i;
		bool c1 = left > 1 && p[i] == 0xC2 && p[i + 1] < 0xA0;
		bool turn = left > 2 && p[i] == 0xE2 &&
			    ((p[i + 1] == 0x80 && (p[i + 2] & 0x7F) >= 0x0E && (p[i + 2] & 0x7F) <= 0x2E &&
			      ((p[i + 2] & 0x7F) <= 0x0F || (p[i + 2] & 0x7F) >= 0x28)) ||
			     (p[i + 1] == 0x81 && (p[i + 2] & 0x7F) >= 0x26 && (p[i + 2] & 0x7F) <= 0x29));
		if (c1 || turn) {
			buf_add_char(out, '?');
			i += c1 ? 1 : 2;
		} else {
			buf_add_char(out, p[i] < 0x20 || p[i] == 0x7F ? '?' : (char)p[i]);
		}
	}
}

/* Text as JSON writes it; what is cut has no quote at its end. */
static void add_quoted(struct slice text, size_t max, struct buf *out)
{
	size_t len = cut_at(text, max);
	struct buf json = BUF_INIT;

	buf_add_json_text(&json, text.ptr, len);
	add_plain((struct slice){json.ptr, json.len - (len < text.len)}, out);
	if (len < text.len)
		buf_add_text(out, "...");
	buf_release(&json);
}

void hint_key(struct slice key, struct buf *out)
{
	add_quoted(key, KEY_MAX, out);
}

/* JSON without the white space between its tokens, as far as max bytes of it. */
static void add_compact(struct slice json, size_t max, struct buf *out)
{
	struct buf text = BUF_INIT;
	bool string = false;
	size_t i = 0;

	for (; i < json.len && text.len <= max; i++) {
		char c = json.ptr[i];
		if (!string && strchr(" \t\r\n", c))
			continue;
		buf_add_char(&text, c);
		if (string && c == '\\' && i + 1 < json.len)
			buf_add_char(&text, json.ptr[++i]);
		else if (c == '"')
			string = !string;
	}
	size_t len = cut_at(buf_slice(&text), max);
	add_plain((struct slice){text.ptr, len}, out);
	if (len < text.len || i < json.len)
		buf_add_text(out, "...");
	buf_release(&text);
}

void hint_value(struct slice value, size_t max, struct buf *out)
{
	struct buf text = BUF_INIT;

	if (jsontext_kind(value) != JSONTEXT_STRING) {
		add_compact(value, max, out);
		return;
	}
	jsontext_string(value, &text);
	add_quoted(buf_slice(&text), max, out);
	buf_release(&text);
}

static bool plain_name(const char *key, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = key[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return len > 0 && len <= KEY_MAX;
}

void hint_step(const char *key, size_t len, struct buf *out)
{
	if (plain_name(key, len)) {
		buf_add_char(out, '.');
		buf_add(out, key, len);
		return;
	}
	buf_add_char(out, '[');
	hint_key((struct slice){key, len}, out);
	buf_add_char(out, ']');
}

static void add_where(const struct met *m, struct buf *out)
{
	struct slice where = buf_slice(&m->where);
	size_t len = cut_at(where, WHERE_MAX);

	buf_add(out, where.ptr, len);
	if (len < where.len)
		buf_add_text(out, "...");
}

/* The key that is nearest to the one that is not there, the caller's; or NULL. */
static char *nearest_key(struct slice object, const char *key)
{
	struct nearest near = {.word = key};
	struct jsontext_walk w;
	struct buf name = BUF_INIT;
	char *best = NULL;

	jsontext_walk_start(&w, object);
	for (size_t i = 0; i < KEYS_COMPARED && jsontext_walk_next(&w); i++) {
		buf_clear(&name);
		jsontext_string(w.key, &name);
		nearest_offer(&near, name.ptr);
		if (near.best != name.ptr)
			continue;
		free(best);
		near.best = best = buf_take(&name);
	}
	buf_release(&name);
	return best;
}

/* ", which has "a", "b" and 3 more" */
static void list_keys(struct slice object, struct buf *out)
{
	struct jsontext_walk w;
	struct buf name = BUF_INIT;
	size_t n = 0;

	jsontext_walk_start(&w, object);
	for (; jsontext_walk_next(&w); n++) {
		if (n >= KEYS_LISTED)
			continue;
		buf_clear(&name);
		jsontext_string(w.key, &name);
		buf_add_text(out, n ? ", " : ", which has ");
		hint_key(buf_slice(&name), out);
	}
	if (!n)
		buf_add_text(out, ", which is {}");
	else if (n > KEYS_LISTED)
		buf_addf(out, " and %zu more", n - KEYS_LISTED);
	buf_release(&name);
}

void hint_keys(struct slice object, struct slice key, struct buf *out)
{
	char *word = mem_dup_len(key.ptr, key.len), *near = nearest_key(object, word);

	if (near) {
		buf_add_text(out, "; did you mean ");
		hint_key((struct slice){near, strlen(near)}, out);
		buf_add_char(out, '?');
	} else {
		list_keys(object, out);
	}
	free(near);
	free(word);
}

static void absent(const struct met *m, const struct expr_segment *g, struct buf *out)
{
	struct slice key = {g->key, g->key_len};

	buf_add_text(out, "no ");
	hint_key(key, out);
	buf_add_text(out, " in ");
	add_where(m, out);
	hint_keys(m->value, key, out);
}

static void too_short(const struct met *m, const struct expr_segment *g, struct buf *out)
{
	struct jsontext_walk w;
	size_t n = 0;

	jsontext_walk_start(&w, m->value);
	while (jsontext_walk_next(&w))
		n++;
	buf_addf(out, "no item %lld in ", (long long)g->index);
	add_where(m, out);
	if (n)
		buf_addf(out, ", which has %zu", n);
	else
		buf_add_text(out, ", which is []");
}

static void value_met(const struct met *m, struct buf *out)
{
	add_where(m, out);
	buf_addf(out, " is %s (", jsontext_kind_name(jsontext_kind(m->value)));
	hint_value(m->value, VALUE_MAX, out);
	buf_add_char(out, ')');
}

void hint_met(const struct met *m, struct buf *out)
{
	const struct expr_segment *g = &m->path->segments[m->segment];

	switch (m->kind) {
	case MET_ABSENT: absent(m, g, out); break;
	case MET_SHORT: too_short(m, g, out); break;
	case MET_UNRUN:
		buf_add_text(out, "step ");
		hint_key((struct slice){g->key, g->key_len}, out);
		buf_add_text(out, " has not run");
		break;
	case MET_NULL:
		add_where(m, out);
		buf_add_text(out, " is null");
		break;
	case MET_MISFIT:
		value_met(m, out);
		if (jsontext_kind(m->value) == JSONTEXT_ARRAY && g->kind == SEGMENT_KEY)
			buf_add_text(out, "; write [0] behind it for its first item, [] for each");
		break;
	case MET_VALUE: value_met(m, out); break;
	}
}
