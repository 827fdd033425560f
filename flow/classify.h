/* SPDX-License-Identifier: MIT */
/* classify: what a received body is, by its content type and by what it looks like. */
#ifndef FLOW_CLASSIFY_H
#define FLOW_CLASSIFY_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

enum body_kind { BODY_UNKNOWN, BODY_JSON, BODY_FORM, BODY_TEXT, BODY_BINARY, BODY_EMPTY, BODY_MULTIPART };

/* *json gets the value of a JSON body, which lies within it; parts the JSON of multipart.h; why,
 * where the type promises what the body is not, the reason. */
enum body_kind classify(const char *type, struct slice body, struct slice *json, struct buf *parts,
			struct err *why);

#endif
