/* SPDX-License-Identifier: MIT */
/*
 * jq: the jq expressions of one flow version, compiled as one program (libjq takes 30 ms
 * to compile anything, a whole flow as well as one path). The only owner of libjq.
 *
 * The program runs only in workers and in the command line, never in the front: libjq can
 * neither be interrupted nor survive want of memory. $ENV, env, input*, import, include,
 * debug, stderr, halt* and the like are refused when an expression is added. Numbers that
 * pass through libjq become doubles, unlike those of a plain path.
 *
 * A program belongs to one thread at a time.
 */
#ifndef FLOW_JQ_H
#define FLOW_JQ_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"
#include "flow/scope.h"

struct program;

struct program *program_new(void);
void program_free(struct program *p);

/* program_add takes an expression (copied) and returns its number, from 0. The same text
 * again gives the same number. -1 when a word of it is refused. */
int program_add(struct program *p, struct slice expression, struct err *err) MUSTCHECK;

/* program_compile makes the program ready; does nothing the second time, or when no
 * expression was added. -1: the sentence quotes the expression at fault and libjq's words. */
int program_compile(struct program *p, struct err *err) MUSTCHECK;

/* program_forget drops what is kept of the last run (the body, parsed, may be large): call
 * it when a run ends and the next may be long in coming. */
void program_forget(struct program *p);

/* program_eval runs expression number n: 1 and one JSON text added to out; 0 when it
 * yields nothing; -1 on an error or on more than one result. Compiles first if need be.
 * secrets as in value_json; the sentence about an expression that uses them never holds
 * libjq's words, which might quote them. */
int program_eval(struct program *p, int n, struct scope *s, const char *secrets, struct buf *out,
		 struct err *err) MUSTCHECK;

#endif
