/* SPDX-License-Identifier: MIT */
/*
 * nearest: which known word did they mean? Whoever refuses an unknown name offers each
 * known one, and names the best in the sentence:
 *
 *     struct nearest n = {.word = "lisen"};
 *     nearest_offer(&n, "listen");
 *     ... n.best is "listen", or NULL when nothing offered is near
 */
#ifndef COMMON_NEAREST_H
#define COMMON_NEAREST_H

#include "common/base.h"

struct nearest {
	const char *word;
	const char *best;  /* borrowed from the offers; NULL: none is near */
	unsigned distance; /* of best, in letters to add, drop or change */
};

void nearest_offer(struct nearest *n, const char *known);

/* nearest_hint is the end of such a sentence: `; did you mean "listen"?`, or "". Put
 * together in out, which it returns. */
const char *nearest_hint(const struct nearest *n, char out[128]);

#endif
