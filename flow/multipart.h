/* SPDX-License-Identifier: MIT */
/*
 * multipart: a multipart/form-data body as JSON, in one shape whatever was sent:
 *
 *     {"fields": {"name": "text", "tag": ["a", "b"]},
 *      "files": [{"name", "filename", "content_type", "bytes", "base64"}, ...]}
 *
 * A part with a filename is a file; so is one without, when it is not text, and its filename is
 * null then. A name that repeats is a list, as in a form. Built for hostile input: one pass, no
 * recursion, at most MULTIPART_PARTS_MAX parts.
 *
 * Sources: RFC 7578, RFC 2046 section 5.1; names and filenames as browsers write them (WHATWG
 * HTML, "multipart/form-data").
 */
#ifndef FLOW_MULTIPART_H
#define FLOW_MULTIPART_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

#define MULTIPART_PARTS_MAX 1000

struct multipart_part {
	struct slice name;     /* decoded */
	struct slice filename; /* decoded; ptr NULL when it has none */
	struct slice type;     /* its Content-Type; empty when it has none */
	struct slice content;  /* within the body */
	bool file;             /* it counts as a file */
};

/* multipart_each calls back for each part: 0, or -1 with what is wrong, perhaps after some calls. */
int multipart_each(const char *content_type, struct slice body,
		   void (*each)(void *arg, const struct multipart_part *part), void *arg,
		   struct err *err) MUSTCHECK;

/* multipart_json adds the object: 0, or -1 with what is wrong, out untouched. */
int multipart_json(const char *content_type, struct slice body, struct buf *out, struct err *err) MUSTCHECK;

#endif
