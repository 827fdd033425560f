/* SPDX-License-Identifier: MIT */
/* Names with values that may repeat. All decoded text lies in one buffer; sorting indices
 * into it brings repeats together, sorting back restores the order of arrival. */
#include "common/pairs.h"

#include "common/jsontext.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

struct pair {
	const char *bytes; /* the buffer's, set when it no longer moves */
	size_t name, name_len;
	size_t value, value_len;
	size_t order; /* of arrival */
	size_t first; /* the arrival of the first of this name */
};

struct pairs {
	struct buf bytes;
	struct pair *list;
	size_t count, room;
};

static struct pair *pair_new(struct pairs *p)
{
	if (p->count == p->room)
		p->list = mem_resize(p->list, p->room = p->room ? p->room * 2 : 16, sizeof(*p->list));
	struct pair *pair = &p->list[p->count];
	*pair = (struct pair){.name = p->bytes.len, .order = p->count};
	p->count++;
	return pair;
}

static int by_name(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = len ? memcmp(a->bytes + a->name, b->bytes + b->name, len) : 0;

	if (order)
		return order;
	if (a->name_len != b->name_len)
		return a->name_len < b->name_len ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int by_arrival(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void group(struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++)
		p->list[i].bytes = p->bytes.ptr;
	if (p->count > 1)
		qsort(p->list, p->count, sizeof(*p->list), by_name);
	for (size_t i = 0; i < p->count; i++) {
		struct pair *a = &p->list[i], *b = i ? a - 1 : a;
		bool same = i && a->name_len == b->name_len &&
			    memcmp(a->bytes + a->name, b->bytes + b->name, a->name_len) == 0;
		a->first = same ? b->first : a->order;
	}
	if (p->count > 1)
		qsort(p->list, p->count, sizeof(*p->list), by_arrival);
}

/* The values list[i] .. list[end - 1] of one name. */
static void write_values(struct pairs *p, size_t i, size_t end, bool join, struct buf *out)
{
	bool many = end - i > 1;

	if (many && join) {
		struct buf all = BUF_INIT;
		for (size_t k = i; k < end; k++) {
			if (k > i)
				buf_add_text(&all, ", ");
			buf_add(&all, p->bytes.ptr + p->list[k].value, p->list[k].value_len);
		}
		buf_add_json_text(out, all.ptr, all.len);
		buf_release(&all);
		return;
	}
	if (many)
		buf_add_char(out, '[');
	for (; i < end; i++) {
		buf_add_json_text(out, p->bytes.ptr + p->list[i].value, p->list[i].value_len);
		if (many)
			buf_add_char(out, i + 1 < end ? ',' : ']');
	}
}

static void pairs_write(struct pairs *p, bool join, struct buf *out)
{
	group(p);
	buf_add_char(out, '{');
	for (size_t i = 0, end; i < p->count; i = end) {
		for (end = i + 1; end < p->count && p->list[end].first == p->list[i].first;)
			end++;
		if (i)
			buf_add_char(out, ',');
		buf_add_json_text(out, p->bytes.ptr + p->list[i].name, p->list[i].name_len);
		buf_add_char(out, ':');
		write_values(p, i, end, join, out);
	}
	buf_add_char(out, '}');
	buf_release(&p->bytes);
	free(p->list);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void pairs_decode(struct slice text, bool plus_is_space, struct buf *out)
{
	buf_grow(out, text.len);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '+' && plus_is_space) {
			c = ' ';
		} else if (c == '%' && text.len - i > 2) {
			int high = hex_digit(text.ptr[i + 1]), low = hex_digit(text.ptr[i + 2]);
			/* A % that begins no such code stands for itself. */
			if (high >= 0 && low >= 0) {
				c = (char)(high << 4 | low);
				i += 2;
			}
		}
		buf_add_char(out, c);
	}
}

void pairs_form(struct slice text, struct buf *out)
{
	struct pairs p = {.bytes = BUF_INIT};
	const char *at = text.ptr, *end = at + text.len;

	while (at < end) {
		const char *amp = memchr(at, '&', (size_t)(end - at));
		const char *stop = amp ? amp : end;
		const char *equals = memchr(at, '=', (size_t)(stop - at));
		if (stop > at) {
			struct pair *pair = pair_new(&p);
			const char *name_end = equals ? equals : stop;
			pairs_decode((struct slice){at, (size_t)(name_end - at)}, true, &p.bytes);
			pair->name_len = p.bytes.len - pair->name;
			pair->value = p.bytes.len;
			if (equals)
				pairs_decode((struct slice){equals + 1, (size_t)(stop - equals - 1)}, true,
					     &p.bytes);
			pair->value_len = p.bytes.len - pair->value;
		}
		at = amp ? amp + 1 : end;
	}
	pairs_write(&p, false, out);
}

void pairs_headers(struct slice json, struct buf *out)
{
	struct pairs p = {.bytes = BUF_INIT};
	struct jsontext_walk w;
	struct slice name, value;

	for (jsontext_walk_start(&w, json); jsontext_walk_next(&w);) {
		if (!jsontext_item(w.value, 0, &name) || !jsontext_item(w.value, 1, &value))
			continue;
		struct pair *pair = pair_new(&p);
		jsontext_text(name, &p.bytes);
		pair->name_len = p.bytes.len - pair->name;
		for (size_t i = pair->name; i < p.bytes.len; i++)
			if (p.bytes.ptr[i] >= 'A' && p.bytes.ptr[i] <= 'Z')
				p.bytes.ptr[i] |= 0x20;
		pair->value = p.bytes.len;
		jsontext_text(value, &p.bytes);
		pair->value_len = p.bytes.len - pair->value;
	}
	pairs_write(&p, true, out);
}

void pairs_encode(struct slice text, bool space_is_plus, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    (c && strchr("-_.~", c)))
			buf_add_char(out, (char)c);
		else if (c == ' ' && space_is_plus)
			buf_add_char(out, '+');
		else
			buf_addf(out, "%%%02X", c);
	}
}

static void write_pair(struct buf *out, size_t start, struct slice key, struct slice value,
		       bool space_is_plus)
{
	struct buf text = BUF_INIT;

	if (out->len > start)
		buf_add_char(out, '&');
	jsontext_string(key, &text);
	pairs_encode(buf_slice(&text), space_is_plus, out);
	buf_add_char(out, '=');
	buf_clear(&text);
	jsontext_text(value, &text);
	pairs_encode(buf_slice(&text), space_is_plus, out);
	if (text.size) /* it may be a secret */
		mem_wipe_free(text.ptr, text.size);
}

int pairs_encode_object(struct slice object, bool space_is_plus, struct buf *out,
			struct err *err)
{
	struct jsontext_walk member, item;
	size_t start = out->len;

	jsontext_walk_start(&member, object);
	while (jsontext_walk_next(&member)) {
		enum jsontext_kind kind = jsontext_kind(member.value);
		if (kind == JSONTEXT_OBJECT)
			return err_set(err, ERR_INVALID, "%.*s is an object; a parameter is text, a "
				       "number or a list of them",
				       (int)(member.key.len > 80 ? 80 : member.key.len),
				       member.key.ptr);
		if (kind == JSONTEXT_ARRAY) {
			jsontext_walk_start(&item, member.value);
			while (jsontext_walk_next(&item))
				write_pair(out, start, member.key, item.value, space_is_plus);
		} else if (kind != JSONTEXT_NULL) {
			write_pair(out, start, member.key, member.value, space_is_plus);
		}
	}
	return 0;
}
