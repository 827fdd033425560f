/* SPDX-License-Identifier: MIT */
/* fuzz: what the harnesses share. A harness is LLVMFuzzerTestOneInput and what must hold of its
 * result; REQUIRE ends the program when it does not. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "common/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define REQUIRE(what)                                                              \
	do {                                                                       \
		if (!(what)) {                                                     \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                   \
		}                                                                  \
	} while (0)

/* fuzz_until cuts what stands before the first such byte off the front of rest; all of it when
 * there is none. */
static inline struct slice fuzz_until(struct slice *rest, char byte)
{
	const char *mark = rest->len ? memchr(rest->ptr, byte, rest->len) : NULL;
	struct slice out = {rest->ptr, mark ? (size_t)(mark - rest->ptr) : rest->len};

	*rest = mark ? (struct slice){mark + 1, rest->len - out.len - 1} : (struct slice){NULL, 0};
	return out;
}

/* fuzz_text is a terminated copy; the caller frees it. */
static inline char *fuzz_text(struct slice s)
{
	char *copy = malloc(s.len + 1);

	REQUIRE(copy);
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

#endif
