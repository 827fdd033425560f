/* SPDX-License-Identifier: MIT */
/*
 * functions: what expressions may call beyond jq's own: dates with time zones, digests,
 * encodings, texts. One table says each one's name, arguments, sentence and example; the
 * prelude of a flow's program, `ringbolt flow functions` and docs/flow.md come from it.
 *
 * A function is jq text, or native: C that gets JSON texts and gives one. libjq takes no C
 * functions from outside, but it has two callbacks: `debug` hands a value out and `input`
 * fetches one. So a native function is `def sha256: [number, .] | debug | input;`, and
 * flow/jq_native.c answers. No expression can call debug or input itself (flow/expr_use.c).
 *
 * Adding one: a row in functions.c, perhaps a C function in function_*.c, its line in
 * docs/flow.md. A test runs every example.
 */
#ifndef FLOW_FUNCTIONS_H
#define FLOW_FUNCTIONS_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

#define FUNCTION_ARGS_MAX 3

/* A call of a native function, all as JSON text. */
struct function_call {
	struct slice input;
	struct slice args[FUNCTION_ARGS_MAX];
	size_t n_args;
};

struct function {
	const char *name;
	const char *args;     /* "format; zone"; "" when it takes none */
	size_t least;         /* how many of them must be given */
	const char *text;     /* one sentence */
	const char *example;  /* an expression */
	const char *gives;    /* its result as JSON; NULL where it differs each time */
	/* Native: adds its result, JSON, to out; or -1 with a sentence. */
	int (*call)(const struct function_call *c, struct buf *out, struct err *err);
	const char *given;    /* native: what is handed over as input; NULL means . */
	const char *jq;       /* otherwise: its definitions, each ended by ; */
	bool blind;           /* never looks at . */
	unsigned parts;       /* of the scope that it looks at itself, as 1 << enum scope_part */
};

/* functions_table is ended by a NULL name; it has at most 64 rows. */
extern const struct function functions_table[];

/* function_find: the row of that name: its number, or -1. */
int function_find(struct slice name);

/* functions_prelude adds the definitions of the functions whose bits (1 << number) are set;
 * to stand where . is the scope. */
void functions_prelude(uint64_t used, struct buf *out);

/* functions_answer does one native call: the JSON text [number, input, arguments...]. 0 and
 * the result added to out, or -1. */
int functions_answer(struct slice call, struct buf *out, struct err *err) MUSTCHECK;

/* ---- for the native functions in function_*.c ---- */

/* function_text adds the input (i -1) or argument i as text, which it must be; what is how the
 * sentence calls it. function_number: a number. 0 or -1. */
int function_text(const struct function_call *c, int i, const char *what, struct buf *out,
		  struct err *err) MUSTCHECK;
int function_number(const struct function_call *c, int i, const char *what, double *out,
		    struct err *err) MUSTCHECK;
/* function_given says whether argument i is there and not null. */
bool function_given(const struct function_call *c, int i);

#define FUNCTION(name) int name(const struct function_call *c, struct buf *out, struct err *err)
FUNCTION(function_date_format);
FUNCTION(function_date_parse);
FUNCTION(function_date_add);
FUNCTION(function_now_iso);
FUNCTION(function_digest);
FUNCTION(function_md5);
FUNCTION(function_sha256);
FUNCTION(function_hmac);
FUNCTION(function_hmac_sha256);
FUNCTION(function_base64);
FUNCTION(function_base64url);
FUNCTION(function_base64_decode);
FUNCTION(function_hex);
FUNCTION(function_hex_decode);
FUNCTION(function_uuid);
FUNCTION(function_url_parts);
FUNCTION(function_url_encode);
FUNCTION(function_query_string);
FUNCTION(function_title_case);
FUNCTION(function_slug);

#endif
