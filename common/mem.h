/* SPDX-License-Identifier: MIT */
/*
 * mem: allocation that never returns NULL. A process that cannot have memory ends with
 * one log line; its lease brings the work back. So no caller tests for NULL.
 *
 * What comes back is the caller's, released with free().
 */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include "common/base.h"

void *mem_new(size_t size);                          /* zeroed */
void *mem_array(size_t count, size_t size);          /* zeroed; an overflow ends the process */
void *mem_resize(void *p, size_t count, size_t size); /* like realloc */
char *mem_dup(const char *text);                     /* a copy; NULL gives NULL */
char *mem_dup_len(const void *bytes, size_t len);    /* a copy, terminated */
char *mem_format(const char *fmt, ...) PRINTF(1, 2); /* as asprintf */

/* mem_wipe_free overwrites len bytes before freeing them: for secrets. NULL is fine. */
void mem_wipe_free(void *p, size_t len);

#endif
