/* SPDX-License-Identifier: MIT */
/* The texts that go to libjq and come from it. Its messages are made for a shell prompt;
 * ours stand in a trace. */
#include "flow/jqtext.h"

#include <stdlib.h>
#include <string.h>

static void cut_at(struct buf *words, const char *tail)
{
	char *at = words->len ? strstr(words->ptr, tail) : NULL;

	if (at) {
		*at = '\0';
		words->len = (size_t)(at - words->ptr);
	}
}

static void drop(struct buf *words, char *at, size_t len)
{
	memmove(at, at + len, words->len - (size_t)(at - words->ptr) - len + 1);
	words->len -= len;
}

const char *jqtext_words(struct buf *words)
{
	static const char head[] = "jq: error: ", index[] = "Cannot index ", with[] = " with string \"";

	if (strncmp(words->ptr, head, sizeof(head) - 1) == 0) {
		drop(words, words->ptr, sizeof(head) - 1);
		cut_at(words, " (Unix shell");
		cut_at(words, " at <top-level>");
		cut_at(words, " at <unknown>");
		cut_at(words, "\n");
	}
	cut_at(words, " (while parsing '"); /* and then comes the whole body */
	if (strncmp(words->ptr, index, sizeof(index) - 1) == 0) {
		char *at = strstr(words->ptr, with);
		if (at)
			drop(words, at + strlen(" with "), strlen("string "));
	}
	return words->len ? words->ptr : "it gave no reason";
}

void jqtext_mend(char *json, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (json[i] != '\\')
			continue;
		if (json[++i] != 'u' || i + 4 >= len)
			continue;
		unsigned long c = strtoul((char[]){json[i + 1], json[i + 2], json[i + 3], json[i + 4], 0},
					  NULL, 16);
		bool high = c >= 0xD800 && c <= 0xDBFF, low = c >= 0xDC00 && c <= 0xDFFF;
		if (high && i + 10 < len && json[i + 5] == '\\' && json[i + 6] == 'u' &&
		    strchr("dD", json[i + 7]) && strchr("cdefCDEF", json[i + 8]))
			i += 6; /* a pair */
		else if (high || low)
			memcpy(json + i + 1, "fffd", 4);
		i += 4;
	}
}
