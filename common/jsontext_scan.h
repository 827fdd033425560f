/* SPDX-License-Identifier: MIT */
/*
 * jsontext_scan: the small steps that the two halves of jsontext share, and nobody else.
 */
#ifndef COMMON_JSONTEXT_SCAN_H
#define COMMON_JSONTEXT_SCAN_H

#include "common/base.h"

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

/* May eight bytes of a string be passed over at once? Not when one of them is a quote, a
 * backslash, a control byte or above ASCII. (Subtracting borrows into the top bit of a byte
 * that is too small; a false alarm next to such a byte costs a slower step, no more.) */
static inline bool jsontext_eight_plain(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t w;

	memcpy(&w, p, 8);
	uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
	return !((((w - ones * 0x20) | (quote - ones) | (slash - ones)) | w) & tops);
}

#endif
