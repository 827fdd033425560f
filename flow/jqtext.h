/* SPDX-License-Identifier: MIT */
/*
 * jqtext: the texts that go to libjq and come from it, mended. Only jq.c knows it; it does
 * not know libjq.
 */
#ifndef FLOW_JQTEXT_H
#define FLOW_JQTEXT_H

#include "common/base.h"
#include "common/buf.h"

/* jqtext_words takes the frame of a command line off libjq's words, and gives them in the
 * spelling of jq's manual, which the plain path uses too. Changed in place, and returned. */
const char *jqtext_words(struct buf *words);

/* jqtext_mend makes each half of a surrogate pair in JSON text U+FFFD, as the plain path
 * reads it; libjq 1.6 refuses the whole text for it. Changed in place, as long as before. */
void jqtext_mend(char *json, size_t len);

#endif
