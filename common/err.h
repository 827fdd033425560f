/* SPDX-License-Identifier: MIT */
/*
 * err: what went wrong, as a kind and one sentence.
 *
 * A function that can fail returns an int and takes `struct err *err` last:
 *
 *     below zero   failed, and err says why
 *     zero         nothing (or plain success)
 *     above zero   one (or how many)
 *
 * err lives on the caller's stack, is never allocated, and is untouched on success,
 * so calls chain: a(x, err) < 0 || b(x, err) < 0. The sentence is complete: it names
 * the thing and the way out. A layer may put one phrase in front (err_within); none
 * rewrites it. An error is logged once, where it is handled, never where it passes.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include "common/base.h"

enum err_kind {
	ERR_NONE,
	ERR_INVALID,  /* malformed: theirs to mend */
	ERR_DENIED,   /* not authenticated, or no right */
	ERR_MISSING,  /* no such thing */
	ERR_CONFLICT, /* exists already, or has changed meanwhile */
	ERR_TOO_BIG,  /* over a limit */
	ERR_BUSY,     /* full, locked, draining: try again later */
	ERR_TIMEOUT,  /* too slow */
	ERR_UPSTREAM, /* another system failed */
	ERR_SYSTEM,   /* this machine: memory, files, a bug */
	ERR_DISK,     /* the database can no longer be trusted to keep what it is told: the
	                 process must stop acknowledging and end (exit code EXIT_DISK) */
};

#define ERR_TEXT_MAX 512

struct err {
	enum err_kind kind;
	char text[ERR_TEXT_MAX];
};

/* err_set writes kind and sentence (cut at ERR_TEXT_MAX - 1 bytes, never inside a UTF-8
 * character) and returns -1, so that a failing function ends in `return err_set(...)`.
 * err may be NULL. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);

/* err_within puts one phrase before the sentence: "flow \"orders\": " and returns -1. */
int err_within(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* err_word is the kind's name, as JSON answers and traces show it: "timeout". */
const char *err_word(enum err_kind kind);

/* Exit codes of every command and role; the manual page of each is docs/cli.md. */
enum {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,  /* it was tried and failed */
	EXIT_USAGE = 2,   /* the call itself is wrong */
	EXIT_REFUSED = 3, /* bad input: faults were found, nothing was changed */
	EXIT_LOCKED = 4,  /* another server holds the data directory */
	EXIT_DISK = 5,    /* disk or sync error: see ERR_DISK */
};

#endif
