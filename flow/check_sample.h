/* SPDX-License-Identifier: MIT */
/*
 * check_sample: warns of expressions that name what the flow itself says will not come. A part
 * of flow check; check.c calls it for each value.
 */
#ifndef FLOW_CHECK_SAMPLE_H
#define FLOW_CHECK_SAMPLE_H

#include "flow/document.h"

/* check_sample looks at one value of step s, which stands in argument a. */
void check_sample(const struct flow *f, struct faults *faults, const struct step *s,
		  const struct arg *a, const struct value *v);

#endif
