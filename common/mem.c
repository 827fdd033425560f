/* SPDX-License-Identifier: MIT */
/* Allocation that dies when memory is out: the lease brings the work back. */
#include "common/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *must(void *p)
{
	static const char words[] = "out of memory: the process ends, its work is taken up again\n";

	if (!p) {
		if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
			_exit(1);
		abort();
	}
	return p;
}

void *mem_new(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

void *mem_array(size_t count, size_t size)
{
	return must(calloc(count ? count : 1, size ? size : 1));
}

void *mem_resize(void *p, size_t count, size_t size)
{
	return must(reallocarray(p, count ? count : 1, size ? size : 1));
}

char *mem_dup(const char *text)
{
	return text ? must(strdup(text)) : NULL;
}

char *mem_dup_len(const void *bytes, size_t len)
{
	char *copy = must(malloc(len + 1));

	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

char *mem_format(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return must(n < 0 ? NULL : text);
}

void mem_wipe_free(void *p, size_t len)
{
	if (!p)
		return;
	explicit_bzero(p, len);
	free(p);
}
