/* SPDX-License-Identifier: MIT */
/* diff: which lines of two texts differ, for people. */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include "common/base.h"
#include "common/buf.h"

/* diff_lines adds what turns old into new: each difference behind a line "@@ old line, new line @@",
 * its lines behind "-" and "+", with up to three lines around it behind a blank; nothing when they
 * are the same. Lines are compared byte by byte; that only one of the texts ends in a newline is a
 * difference. Memory and time are bounded: where more than some thousand lines on both sides
 * differ they are shown as one. Returns how many lines differ. */
size_t diff_lines(struct slice old, struct slice new, struct buf *out);

#endif
