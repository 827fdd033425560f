/* SPDX-License-Identifier: MIT */
/*
 * query: the little the front reads of a URL itself. What a flow sees of it is made in
 * flow/scope.h, from the same raw bytes.
 */
#ifndef SERVER_QUERY_H
#define SERVER_QUERY_H

#include "common/base.h"
#include "common/buf.h"

/* url_decode adds text with each %XX decoded; with plus, "+" becomes a space, as in a query. A
 * % without two hex digits stays what it is. */
void url_decode(struct slice text, bool plus, struct buf *out);

/* query_find adds the decoded value of the first parameter of this (decoded, case-sensitive)
 * name to out, which may be NULL, and returns how often the name stands in the query. */
size_t query_find(const char *query, const char *name, struct buf *out);

#endif
