/* SPDX-License-Identifier: MIT */
/*
 * path: the plain path, a strict subset of jq that cuts raw text:
 *
 *     .body.line_items[0]["x-y"].price     .steps.customer.status     .item
 *
 * Grammar: a part of the scope, then any of .name, ["text"], [number], [-number], each
 * with an optional ?. Same results as jq: a missing member or item is null, a member of
 * null is null, a member of anything else that is no object is an error (nothing, with ?).
 */
#ifndef FLOW_PATH_H
#define FLOW_PATH_H

#include "common/base.h"
#include "common/err.h"
#include "flow/scope.h"

struct path;

/* path_parse: NULL when the text is not a plain path (which is no error: jq will do). The
 * white space around it does not count; any within makes it no plain path. */
struct path *path_parse(struct slice text);
/* path_parse_secret: the same for $secrets.name and $secrets["name"]. */
struct path *path_parse_secret(struct slice text);
/* path_parse_every: a path below .body that may stand for many values: [] is every item of a
 * list and every member of an object. NULL when the text is none. Only for path_cut_every and
 * path_names. */
struct path *path_parse_every(struct slice text);
void path_free(struct path *p);

enum scope_part path_part(const struct path *p);
const char *path_step(const struct path *p); /* the name after .steps, or NULL */
const char *path_secret(const struct path *p); /* the name after $secrets, or NULL */

/* path_cut: 1 and *out (into the scope's text, or a constant "null"); 0 when a ? made it
 * yield nothing; -1 with jq's own words for the mistake. */
int path_cut(const struct path *p, struct scope *s, struct slice *out, struct err *err) MUSTCHECK;

/* path_cut_from walks a path of path_parse_secret (or the part of another that follows its
 * scope part) from the given value; as path_cut. */
int path_cut_from(const struct path *p, struct slice value, struct slice *out,
		  struct err *err) MUSTCHECK;

/* path_cut_every calls back for each value that the path means within the given one, which
 * passed jsontext_check. Unlike the plain path it would rather find too much than too little: a
 * key that stands twice is both, and a list where the path has a name is each of its items. */
void path_cut_every(const struct path *p, struct slice value,
		    void (*found)(void *arg, struct slice value), void *arg);
/* path_names: whether the path, so many members deep in the body, leads to or into the one of this
 * name, or has ended before. */
bool path_names(const struct path *p, size_t deep, struct slice name);

#endif
