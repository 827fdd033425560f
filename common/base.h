/* SPDX-License-Identifier: MIT */
/*
 * base: the first include everywhere. The standard types and the four macros that
 * every room uses; nothing that has behaviour.
 */
#ifndef COMMON_BASE_H
#define COMMON_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* PRINTF(2, 3): argument 2 is a format for the arguments from 3 on. */
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/* MUSTCHECK: ignoring what this function returns is a warning. */
#define MUSTCHECK __attribute__((warn_unused_result))

/* A run of bytes that somebody else owns. Not terminated; ptr may be NULL when len is 0. */
struct slice {
	const char *ptr;
	size_t len;
};

#endif
