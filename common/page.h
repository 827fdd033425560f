/* SPDX-License-Identifier: MIT */
/* page: a small file that several processes map and share (the bell, the board). */
#ifndef COMMON_PAGE_H
#define COMMON_PAGE_H

#include "common/base.h"
#include "common/err.h"

/* page_map maps bytes of DIR/name for reading and writing, shared; made (zeroed) when missing.
 * Its room on the disk is reserved now, since writing into a hole of a full disk would be a
 * SIGBUS later. NULL with a sentence. munmap ends it; a fork inherits it. */
void *page_map(const char *dir, const char *name, size_t bytes, struct err *err) MUSTCHECK;

#endif
