/* SPDX-License-Identifier: MIT */
/*
 * pairs: names with values that may repeat (a query, a form, headers), written as one JSON
 * object in which each name stands once, in the order of first arrival. Built for hostile
 * input: half a million pairs cost a sort, not a search each.
 */
#ifndef COMMON_PAIRS_H
#define COMMON_PAIRS_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

/* pairs_form adds the object of a query or form body (application/x-www-form-urlencoded):
 * decoded, a repeated name as a list. */
void pairs_form(struct slice text, struct buf *out);

/* pairs_headers adds the object of [["Name","value"],...]: names in lower case, the values
 * of a repeated name joined with ", ". */
void pairs_headers(struct slice json, struct buf *out);

/* pairs_decode adds text with its %XX decoded, and + as a space where asked. */
void pairs_decode(struct slice text, bool plus_is_space, struct buf *out);

/* pairs_encode adds text with all but letters, digits and -_.~ as %XX; a space as + where
 * asked. */
void pairs_encode(struct slice text, bool space_is_plus, struct buf *out);

/* pairs_encode_object is the way back: an object as a query or form, "a=1&b=2"; a list repeats its name,
 * null leaves it out. -1 when a value is an object. */
int pairs_encode_object(struct slice object, bool space_is_plus, struct buf *out,
			struct err *err) MUSTCHECK;

#endif
