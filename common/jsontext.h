/* SPDX-License-Identifier: MIT */
/*
 * jsontext: JSON as text. Checks it, walks it and cuts values out of it without ever
 * building a tree, so numbers, key order and odd strings stay what they were.
 *
 * Everything from outside passes jsontext_check first; every other verb expects text that
 * passed it (and then cannot fail or run out of bounds). All verbs are iterative: no depth
 * of nesting uses stack. Where a key stands twice in an object the last one counts, as in
 * jq. Slices returned point into the text that was given.
 *
 * Source: RFC 8259.
 */
#ifndef COMMON_JSONTEXT_H
#define COMMON_JSONTEXT_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

enum jsontext_kind {
	JSONTEXT_NULL,
	JSONTEXT_FALSE,
	JSONTEXT_TRUE,
	JSONTEXT_NUMBER,
	JSONTEXT_STRING,
	JSONTEXT_ARRAY,
	JSONTEXT_OBJECT,
};

/* The deepest nesting we take: libjq stops at 256, and a body sits a few levels deep in
 * what an expression sees. */
#define JSONTEXT_DEPTH_MAX 200

/* jsontext_check: exactly one JSON value, white space around it allowed, UTF-8, nested at
 * most max_depth levels (and never more than 1024). 0, or -1 with a sentence that names the
 * byte offset. */
int jsontext_check(struct slice text, unsigned max_depth, struct err *err) MUSTCHECK;

/* jsontext_fault is the check without the sentence: NULL when the text is right, else what
 * is wrong there and its byte offset in *at, for those who say line and column. */
const char *jsontext_fault(struct slice text, unsigned max_depth, size_t *at);

/* jsontext_trim is the value without the white space around it. */
struct slice jsontext_trim(struct slice text);

/* jsontext_kind of a (trimmed) value. */
enum jsontext_kind jsontext_kind(struct slice value);
const char *jsontext_kind_name(enum jsontext_kind kind); /* as jq's type: "object" */

/* Walking an array or object: struct jsontext_walk w; jsontext_walk_start(&w, value);
 * while (jsontext_walk_next(&w)) ... w.value, and in an object w.key (a JSON string,
 * quotes included; empty slice in an array). */
struct jsontext_walk {
	struct slice key;
	struct slice value;
	const char *at, *end; /* private */
	bool object;
};
void jsontext_walk_start(struct jsontext_walk *w, struct slice value);
bool jsontext_walk_next(struct jsontext_walk *w);

/* jsontext_key_is: whether a JSON string, quotes included, is this text. */
bool jsontext_key_is(struct slice string, const char *key, size_t key_len);

/* jsontext_member finds a member by its decoded key: 1 and *out, or 0. */
int jsontext_member(struct slice object, const char *key, size_t key_len, struct slice *out);

/* jsontext_item finds item i, counted from the end when negative: 1 and *out, or 0. */
int jsontext_item(struct slice array, int64_t i, struct slice *out);

/* jsontext_string adds the decoded text of a JSON string to out. \u0000 becomes a NUL
 * byte; a lone surrogate becomes U+FFFD, as in jq. */
void jsontext_string(struct slice string, struct buf *out);

/* jsontext_text adds the value as text: a string decoded, anything else as its JSON with
 * the white space between tokens removed. */
void jsontext_text(struct slice value, struct buf *out);

/* jsontext_compact adds the JSON with the white space between tokens removed; tokens are
 * copied byte for byte. */
void jsontext_compact(struct slice value, struct buf *out);

#endif
