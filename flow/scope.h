/* SPDX-License-Identifier: MIT */
/*
 * scope: what an expression can see, each part as JSON text.
 *
 *     .headers   {"content-type": "..."}: lower-case names, repeats joined with ", "
 *     .query     {"a": "1", "b": ["1", "2"]}: decoded; a repeated key is a list
 *     .path      {"name": "..."}: the {name} parts of the URL suffix
 *     .body      the JSON text as received; a form as an object; multipart/form-data as
 *                {"fields", "files"} (see multipart.h); other text as a string; null when
 *                empty or binary
 *     .body_base64  the bytes as received, in base64; not a part of . as a whole
 *     .event     {"id", "received_at" (ISO 8601), "received_at_ms" (since 1970), "method",
 *                "path", "remote", "content_type", "run", "attempt", "trigger",
 *                "body_kind": json|form|multipart|text|binary|empty, "body_bytes",
 *                "body_error": why a body that should be JSON is not, or null,
 *                "system": "slack", "delivery_id", "type": as that sender tells them, or null}
 *     .steps     {"<name>": <its output>} of the steps that have run
 *     .item .index   inside for_each
 *
 * Parts are made when first asked for. A JSON body is never copied: .body is the slice
 * that was received.
 */
#ifndef FLOW_SCOPE_H
#define FLOW_SCOPE_H

#include "common/base.h"
#include "common/buf.h"
#include "flow/classify.h"
#include "flow/event.h"

enum scope_part {
	SCOPE_HEADERS,
	SCOPE_QUERY,
	SCOPE_PATH,
	SCOPE_BODY,
	SCOPE_BODY_BASE64,
	SCOPE_EVENT,
	SCOPE_STEPS,
	SCOPE_ITEM,
	SCOPE_INDEX,
	SCOPE_PARTS,
};

struct scope; /* hidden: one per run */

struct scope *scope_new(const struct scope_event *event);
void scope_free(struct scope *s);

/* scope_part gives the JSON text of a part; null's text when it does not exist here. Valid
 * until the part changes or the scope is freed. */
struct slice scope_part(struct scope *s, enum scope_part part);

/* scope_part_find: the part named so ("headers"): its number, or -1. */
int scope_part_find(const char *name, size_t len);
const char *scope_part_name(enum scope_part part);

/* scope_body_kind is what the received body is taken for; *json, where it is JSON, its value,
 * which lies within the bytes received; type (may be NULL) gets the content type. Looks anew at
 * each call. */
enum body_kind scope_body_kind(struct scope *s, struct slice *json, struct buf *type);

/* scope_body_error says why a body that was to be JSON is not; NULL when all is well. */
const char *scope_body_error(struct scope *s);

/* scope_step_find cuts one step's output without building .steps: 1 and *out, or 0. */
int scope_step_find(struct scope *s, const char *name, size_t len, struct slice *out);

/* scope_step_set records a step's output (JSON text, copied); setting again replaces. */
void scope_step_set(struct scope *s, const char *name, struct slice json);

/* scope_step_forget: as if the step had not run. */
void scope_step_forget(struct scope *s, const char *name);

/* scope_item_set makes json (copied) the item of a loop, in place of the one before; a slice
 * with ptr NULL leaves the loop. A loop inside a loop sets the outer item again at its end. */
void scope_item_set(struct scope *s, struct slice json, int64_t index);

/* scope_version changes whenever the part does; no two scopes of a process ever share a
 * version, so evaluators cache by it alone. */
uint64_t scope_version(const struct scope *s, enum scope_part part);
/* scope_step_version is the same of one step's output; 0 when it has not run. */
uint64_t scope_step_version(const struct scope *s, const char *name, size_t len);

#endif
