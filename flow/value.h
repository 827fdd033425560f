/* SPDX-License-Identifier: MIT */
/*
 * value: a value of a flow document with its holes. Holes are jq expressions between {{
 * and }}, allowed in every string of the value:
 *
 *     "{{ .body.id }}"           one expression alone keeps its type
 *     "order {{ .body.id }}"     text around it makes text
 *     "\\{{"                     a literal {{
 *     {"{{ .a }}": 1}            keys are never looked at: this one is what it is
 *     {"a": "{{ empty }}"}       empty leaves the member (or the item) out
 *
 * JSON is built as a tree with typed holes, never as spliced text. Each expression gives
 * exactly one result, or empty where that is allowed; anything else is an error that says
 * so. A plain path (.a.b[0]["x-y"], flow/path.h) cuts raw text and never reaches libjq; the
 * others become functions of one program for the whole flow version (flow/jq.h).
 *
 * A value is evaluated once: what a hole yields is never looked at for holes again.
 */
#ifndef FLOW_VALUE_H
#define FLOW_VALUE_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "flow/scope.h"

struct value;
struct program; /* flow/jq.h: the jq expressions of one flow version */

/* What an expression was seen to use, for the checker. */
struct value_use {
	enum scope_part part;
	const char *step; /* for SCOPE_STEPS: the step's name, or NULL when it is computed */
	const char *pointer; /* of the expression within the value (RFC 6901): "/a/0"; "" alone */
};

enum value_flags {
	VALUE_PLAIN = 1,   /* plain paths only: what the front may evaluate */
	VALUE_SECRETS = 2, /* $secrets.<name> is allowed here: the field leaves for another system */
};

/* value_compile reads a node of the document. Its jq expressions are added to program (not
 * compiled yet, see program_compile), which must outlive the value; NULL will do where only
 * plain paths stand. NULL with a sentence that quotes the expression and names the column,
 * after a JSON pointer when the fault is not in node itself. The node is not kept. */
struct value *value_compile(const cJSON *node, struct program *program, unsigned flags,
			    struct err *err) MUSTCHECK;
void value_free(struct value *v);

/* value_is_constant says that there is no hole in it. */
bool value_is_constant(const struct value *v);

/* value_uses calls back for each scope part and step its expressions name. */
void value_uses(const struct value *v, void (*use)(void *arg, const struct value_use *use),
		void *arg);
/* value_secrets calls back for each $secrets.<name>. */
void value_secrets(const struct value *v, void (*use)(void *arg, const char *name), void *arg);

/* value_expressions calls back for the text of each expression, with its pointer in the value. */
void value_expressions(const struct value *v,
		       void (*each)(void *arg, struct slice expression, const char *pointer), void *arg);

/* value_json adds the value as JSON text: 1; 0 when it is empty (nothing added); -1, with a
 * sentence that quotes the expression and says what it met (flow/hint.h); in a tree it begins with
 * the place: ".total: ", "[0].price: ".
 * secrets: a JSON object of the secrets a field may use, or NULL. */
int value_json(const struct value *v, struct scope *s, const char *secrets, struct buf *out,
	       struct err *err) MUSTCHECK;

bool value_is_tree(const struct value *v);

/* value_explain puts behind err, which says why what an expression alone gave will not do, where
 * that came from. Only for err's own sentence, before a field is put before it. */
void value_explain(const struct value *v, struct scope *s, struct err *err);

/* A secret that is named and not there is an error of its own (ERR_MISSING), not null. */

/* value_text adds the value as text: strings bare, null as "null", others as compact JSON. */
int value_text(const struct value *v, struct scope *s, const char *secrets, struct buf *out,
	       struct err *err) MUSTCHECK;

/* value_truth: jq's truth (all but false and null; empty is false): 1, 0, -1. */
int value_truth(const struct value *v, struct scope *s, struct err *err) MUSTCHECK;

#endif
