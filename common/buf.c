/* SPDX-License-Identifier: MIT */
/* Bytes that grow. See buf.h for the invariants. */
#include "common/buf.h"

#include "common/mem.h"
#include "common/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char buf_empty[1] = "";

void buf_init(struct buf *b)
{
	*b = (struct buf)BUF_INIT;
}

void buf_release(struct buf *b)
{
	if (b->size)
		free(b->ptr);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->size)
		b->ptr[0] = '\0';
}

void buf_grow(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1;

	if (need <= b->size)
		return;
	size_t size = b->size ? b->size : 64;
	while (size < need)
		size *= 2;
	b->ptr = mem_resize(b->size ? b->ptr : NULL, size, 1);
	b->size = size;
	b->ptr[b->len] = '\0';
}

char *buf_take(struct buf *b)
{
	buf_grow(b, 0);
	char *bytes = b->ptr;
	buf_init(b);
	return bytes;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (!len)
		return;
	buf_grow(b, len);
	memcpy(b->ptr + b->len, bytes, len);
	b->len += len;
	b->ptr[b->len] = '\0';
}

void buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_add_slice(struct buf *b, struct slice s)
{
	buf_add(b, s.ptr, s.len);
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		buf_grow(b, (size_t)n);
		vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_add_json_text(struct buf *b, const void *bytes, size_t len)
{
	const char *p = bytes, *end = p + len;

	buf_add_char(b, '"');
	while (p < end) {
		/* The plain run is copied at once: it is nearly all of every text. */
		const char *run = p;
		while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7F &&
		       *p != '"' && *p != '\\')
			p++;
		buf_add(b, run, (size_t)(p - run));
		if (p == end)
			break;
		unsigned char c = (unsigned char)*p;
		size_t n = utf8_char_len(p, (size_t)(end - p));
		if (n > 1) {
			buf_add(b, p, n);
			p += n;
			continue;
		}
		p++;
		switch (c) {
		case '"': buf_add_text(b, "\\\""); break;
		case '\\': buf_add_text(b, "\\\\"); break;
		case '\n': buf_add_text(b, "\\n"); break;
		case '\r': buf_add_text(b, "\\r"); break;
		case '\t': buf_add_text(b, "\\t"); break;
		default:
			if (n == 0)
				buf_add_text(b, "\xEF\xBF\xBD");
			else
				buf_addf(b, "\\u%04x", c);
		}
	}
	buf_add_char(b, '"');
}
