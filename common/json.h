/* SPDX-License-Identifier: MIT */
/*
 * json: our own documents (flows, settings, answers) as cJSON trees; the only owner of
 * cJSON, which the others reach through here. What comes from callers is never made a
 * tree: see jsontext.h.
 *
 * Names are looked up case-sensitively. A number that a double cannot hold keeps its text:
 * json_parse makes it a cJSON_Raw node, which prints as it was; so test numbers with
 * json_is_number.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include "common/base.h"
#include "common/err.h"

#include <cjson/cJSON.h>

/* json_parse: one document, checked first by jsontext_check; a key that stands twice in one
 * object is refused. The tree is the caller's (cJSON_Delete). NULL with a sentence that
 * names line and column. */
cJSON *json_parse(const char *text, size_t len, struct err *err) MUSTCHECK;

/* json_print: compact text, the caller's (free). Numbers print as they were read. */
char *json_print(const cJSON *node);
char *json_print_pretty(const cJSON *node);

bool json_is_number(const cJSON *node);

/* Members of an object: NULL, or the fallback, when absent or of another type. Borrowed. */
const cJSON *json_get(const cJSON *object, const char *name);
const char *json_text(const cJSON *object, const char *name, const char *fallback);
int64_t json_int(const cJSON *object, const char *name, int64_t fallback);
bool json_bool(const cJSON *object, const char *name, bool fallback);

/* Building; the node added is returned, owned by object. NULL text gives null. */
cJSON *json_add_text(cJSON *object, const char *name, const char *text);
cJSON *json_add_int(cJSON *object, const char *name, int64_t n);
/* json_add_raw adds text that is JSON already. */
cJSON *json_add_raw(cJSON *object, const char *name, const char *json);

#endif
