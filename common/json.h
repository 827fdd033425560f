/* SPDX-License-Identifier: MIT */
/*
 * json: our own documents (flows, settings, answers) as cJSON trees; the only owner of
 * cJSON, which the others reach through here. What comes from callers is never made a
 * tree: see jsontext.h.
 *
 * Names are looked up case-sensitively. A number that a double cannot hold is a cJSON_Raw
 * node with its text (and the nearest double in valuedouble); so test numbers with
 * json_is_number. Every other number node carries its text in valuestring as well, which is
 * how json_print prints 1.0 as 1.0: print with json_print, not with cJSON.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include "common/base.h"
#include "common/err.h"

#include <cjson/cJSON.h>

/* json_parse: one document, checked first as jsontext_check does; a key that stands twice in
 * one object is refused, and so is \u0000, which would cut a C string short. The tree is the
 * caller's (cJSON_Delete). NULL with a sentence that names line and column. */
cJSON *json_parse(const char *text, size_t len, struct err *err) MUSTCHECK;

/* json_print: compact text, the caller's (free). Numbers print as they were read. The pretty
 * one indents by two spaces and ends in a newline. */
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
