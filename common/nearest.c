/* SPDX-License-Identifier: MIT */
/* The edit distance (Levenshtein, one row at a time). Words are short: longer ones are cut,
 * so that nobody's argument decides how much work is done. */
#include "common/nearest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 48

static unsigned edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = diagonal + (a[i - 1] != b[j - 1]);
			unsigned shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			diagonal = row[j];
			row[j] = change < shorter ? change : shorter;
		}
	}
	return row[b_len];
}

void nearest_offer(struct nearest *n, const char *known)
{
	size_t word_len = strnlen(n->word, WORD_MAX), known_len = strnlen(known, WORD_MAX);
	unsigned distance = edit_distance(n->word, word_len, known, known_len);

	/* The beginning of a word is near it, however long the rest. */
	if (word_len >= 3 && strncmp(n->word, known, word_len) == 0)
		distance = 1;
	/* Capitals are a slip, however many. */
	if (strcasecmp(n->word, known) == 0)
		distance = strcmp(n->word, known) != 0;
	/* A third of the letters wrong is a slip; more is another word. */
	if (distance > 1 + word_len / 3 || distance >= known_len)
		return;
	if (!n->best || distance < n->distance) {
		n->best = known;
		n->distance = distance;
	}
}

const char *nearest_hint(const struct nearest *n, char out[128])
{
	out[0] = '\0';
	if (n->best)
		snprintf(out, 128, "; did you mean \"%s\"?", n->best);
	return out;
}
