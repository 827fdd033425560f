/* SPDX-License-Identifier: MIT */
/*
 * buf: bytes that grow.
 *
 * Invariants: ptr is never NULL after BUF_INIT or any verb, and ptr[len] is always '\0',
 * so ptr may be printed as text when it holds text. len counts bytes, NUL bytes included.
 *
 * Life: struct buf b = BUF_INIT; ... buf_release(&b). Releasing twice is fine. buf_take
 * hands the bytes to the caller, who frees them, and leaves the buffer empty.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include "common/base.h"

struct buf {
	char *ptr;
	size_t len;
	size_t size; /* bytes allocated; 0 while ptr is the shared empty string */
};

extern char buf_empty[];
#define BUF_INIT {buf_empty, 0, 0}

void buf_init(struct buf *b);
void buf_release(struct buf *b);
void buf_clear(struct buf *b); /* len = 0, memory kept */
void buf_grow(struct buf *b, size_t more); /* room for more bytes without moving */
char *buf_take(struct buf *b);

/* Adding. */
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_text(struct buf *b, const char *text);
void buf_add_slice(struct buf *b, struct slice s);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3) __attribute__((nonnull(2)));
/* buf_add_json_text adds len bytes of UTF-8 as a JSON string, quotes included. Bytes that
 * are not UTF-8 become U+FFFD, so the result is always valid JSON. */
void buf_add_json_text(struct buf *b, const void *bytes, size_t len);

static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){b->ptr, b->len};
}

#endif
