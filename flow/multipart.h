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

/* multipart_json adds the object: 0, or -1 with what is wrong, out untouched. */
int multipart_json(const char *content_type, struct slice body, struct buf *out, struct err *err) MUSTCHECK;

#endif
