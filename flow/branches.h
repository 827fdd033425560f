/* SPDX-License-Identifier: MIT */
/*
 * branches: every way a run can go, walked once without running it. Finds the branches that
 * end without a reply, the reply that is certain to be a second one, and the steps that can
 * never run. Inside this room only.
 */
#ifndef FLOW_BRANCHES_H
#define FLOW_BRANCHES_H

#include "flow/document.h"

/* What is known at one point of the walk. */
struct reach {
	struct flow *flow;
	struct faults *faults;
	bool *may_have_run;    /* by step number */
	bool handling;         /* inside an on_error */
	int loops;             /* how many for_each it is inside of */
	bool after;            /* of a for_each: its steps may have run; see PARAM_AFTER */
};

/* branches_walk notes its faults and calls visit at each step, before the step counts as
 * having run; at a for_each once more, with reach.after, when its steps may have run. */
void branches_walk(struct flow *f, struct faults *faults,
		   void (*visit)(const struct reach *reach, const struct step *s));

#endif
