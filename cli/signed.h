/* SPDX-License-Identifier: MIT */
/* signed: `flow test --signed`: the sample is signed as the flow's system would sign it, and judged as
 * the front would judge it, before the flow runs over it. */
#ifndef CLI_SIGNED_H
#define CLI_SIGNED_H

#include "cli/sample.h"
#include "common/conf.h"
#include "common/store.h"

/* secret gives a value as run_host does: 1, 0 not set, -1. 0 and the headers (and query) of the signature are in
 * the sample; -1 when it cannot be signed, or was refused: the sentence is the front's cause. */
int signed_sample(struct sample *s, const struct flow *f, const struct conf *conf,
		  int (*secret)(void *arg, const char *name, char **value, struct err *err), void *arg,
		  struct err *err) MUSTCHECK;

#endif
