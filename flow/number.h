/* SPDX-License-Identifier: MIT */
/* number: a JSON number as a double and back, written as jq writes it. */
#ifndef FLOW_NUMBER_H
#define FLOW_NUMBER_H

#include "common/base.h"
#include "common/buf.h"

/* number_read of a JSON number; what is too large becomes the largest double, as in jq. */
double number_read(struct slice json);

/* number_write adds the shortest text that reads as this number again; NaN is null. */
void number_write(double n, struct buf *out);

#endif
