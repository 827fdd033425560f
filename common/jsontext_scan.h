/* SPDX-License-Identifier: MIT */
/*
 * jsontext_scan: the small steps that the two halves of jsontext share, and nobody else.
 */
#ifndef COMMON_JSONTEXT_SCAN_H
#define COMMON_JSONTEXT_SCAN_H

#include "common/base.h"

#include <endian.h>
#include <string.h>

static inline bool jsontext_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *jsontext_skip_space(const char *p, const char *end)
{
	while (p < end && jsontext_is_space(*p))
		p++;
	return p;
}

/* How many of the eight bytes at p may be passed over inside a string: up to the first
 * quote, backslash, control byte or byte above ASCII. Eight bytes are looked at in one word:
 * subtracting borrows into the top bit of each byte that is too small, and the lowest such
 * bit is exact. */
static inline size_t jsontext_plain_run(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t w;

	memcpy(&w, p, 8);
	w = le64toh(w);
	uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
	uint64_t stop = ((w - ones * 0x20) | (quote - ones) | (slash - ones) | w) & tops;
	/* A byte above ASCII stops by its own bit; the borrow of a byte below may then be wrong,
	 * but never that of the lowest. */
	return stop ? (size_t)__builtin_ctzll(stop) / 8 : 8;
}

static inline const char *jsontext_skip_plain(const char *p, const char *end)
{
	size_t run = 8;

	while (run == 8 && end - p >= 8)
		p += run = jsontext_plain_run(p);
	return p;
}

#endif
