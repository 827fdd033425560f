/* SPDX-License-Identifier: MIT */
/*
 * header: which HTTP headers a flow may set, in its reply and in its calls. A header is
 * refused rather than mended: what a flow says is what goes on the wire.
 *
 * Source: RFC 9110 (token grammar, field values), RFC 9112 (framing).
 */
#ifndef COMMON_HEADER_H
#define COMMON_HEADER_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

#define HEADERS_MAX 32
#define HEADER_VALUE_MAX 4096

/* Why this name may not be set (a phrase after the name), or NULL. */
const char *header_refused_in_reply(const char *name);
const char *header_refused_in_request(const char *name);

/* header_list_check: JSON [["Name","value"],...] whose names and values may go on the wire:
 * token grammar, printable ASCII and tab, at most HEADERS_MAX, and none that refused
 * complains of. 0 or -1. */
int header_list_check(struct slice pairs, const char *(*refused)(const char *name),
		      struct err *err) MUSTCHECK;

/* header_list_has: a pair of this name (any case) is in the list. */
bool header_list_has(struct slice pairs, const char *name);

/* header_list_add adds a pair to a list that is being written: "[" and "]" are the
 * caller's. */
void header_list_add(struct buf *pairs, const char *name, const char *value, size_t len);

#endif
