/* SPDX-License-Identifier: MIT */
/*
 * args: a command line, read once against the options its command declares. Knows nothing
 * of commands; unknown options are refused with the nearest known one.
 *
 *     --name VALUE, --name=VALUE    an option with a value
 *     --name                        one without
 *     --                            what follows is no option
 *     -                             a word (standard input, where a file is meant)
 *
 * Everything borrows from argv.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "common/base.h"
#include "common/err.h"

struct option {
	const char *name;  /* without its dashes */
	const char *value; /* what stands for its value in help: "ID"; NULL: it takes none */
	const char *text;  /* one sentence */
	bool repeats;      /* may stand more than once */
};

struct args {
	const char *const *words; /* what is no option, in order */
	size_t n_words;
	const struct given {      /* private: use the verbs */
		const struct option *option;
		const char *value;
	} *given;
	size_t n_given;
};

/* args_parse reads argv[0..argc) against lists of options (each ended by a NULL name, the
 * lists by NULL). 0, or -1 with a sentence. args_done frees. */
int args_parse(struct args *a, const struct option *const *lists, int argc, char **argv,
	       struct err *err) MUSTCHECK;
void args_done(struct args *a);

/* args_has says whether the option stood there. */
bool args_has(const struct args *a, const char *name);

/* args_value is what it was given, or the fallback. */
const char *args_value(const struct args *a, const char *name, const char *fallback);

/* args_next walks the values of one that repeats: size_t at = 0; while ((v = args_next(a,
 * "header", &at)) != NULL) ... */
const char *args_next(const struct args *a, const char *name, size_t *at);

/* args_number is a whole number from min to max: 1 and *out, 0 when it did not stand there
 * (*out untouched), -1. */
int args_number(const struct args *a, const char *name, int64_t min, int64_t max, int64_t *out,
		struct err *err) MUSTCHECK;

/* args_id reads an event id: 0, or -1. */
int args_id(const char *word, int64_t *out, struct err *err) MUSTCHECK;

/* args_rate reads "100/s" (or "6000/m"): events a second, at least 1. */
int args_rate(const struct args *a, const char *name, int *per_second, struct err *err) MUSTCHECK;

/* args_words checks how many words there are; what names the missing one in the sentence. */
#define ARGS_ANY ((size_t)-1)
int args_words(const struct args *a, size_t min, size_t max, const char *what,
	       struct err *err) MUSTCHECK;

#endif
