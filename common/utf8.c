/* SPDX-License-Identifier: MIT */
/* UTF-8 after RFC 3629, section 4. */
#include "common/utf8.h"

#include <string.h>

static bool tail(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

size_t utf8_char_len(const char *text, size_t left)
{
	const unsigned char *p = (const unsigned char *)text;

	if (left == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xC2)
		return 0;
	if (p[0] < 0xE0)
		return left >= 2 && tail(p[1]) ? 2 : 0;
	if (p[0] < 0xF0) {
		if (left < 3 || !tail(p[1]) || !tail(p[2]))
			return 0;
		if (p[0] == 0xE0 && p[1] < 0xA0) /* overlong */
			return 0;
		if (p[0] == 0xED && p[1] > 0x9F) /* a surrogate */
			return 0;
		return 3;
	}
	if (p[0] > 0xF4 || left < 4 || !tail(p[1]) || !tail(p[2]) || !tail(p[3]))
		return 0;
	if (p[0] == 0xF0 && p[1] < 0x90)
		return 0;
	if (p[0] == 0xF4 && p[1] > 0x8F)
		return 0;
	return 4;
}

bool utf8_valid(const void *bytes, size_t len)
{
	const char *p = bytes, *end = p + len;

	while (p < end) {
		uint64_t eight;

		/* Eight ASCII bytes at a time: most payloads are nothing else. */
		if (end - p >= 8) {
			memcpy(&eight, p, 8);
			if (!(eight & 0x8080808080808080u)) {
				p += 8;
				continue;
			}
		}
		size_t n = utf8_char_len(p, (size_t)(end - p));
		if (!n)
			return false;
		p += n;
	}
	return true;
}
