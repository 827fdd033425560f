/* SPDX-License-Identifier: MIT */
/*
 * utf8: is this UTF-8? After RFC 3629: no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include "common/base.h"

/* utf8_char_len gives the length (1 to 4) of the character that starts at p, of which
 * left bytes may be read; 0 when no valid character starts there. */
size_t utf8_char_len(const char *p, size_t left);

/* utf8_valid says whether all len bytes are UTF-8. */
bool utf8_valid(const void *bytes, size_t len);

#endif
