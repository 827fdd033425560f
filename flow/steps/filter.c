/* SPDX-License-Identifier: MIT */
/* filter: the run goes on only if a condition holds; otherwise it ends here, succeeded. In a
 * for_each it is only the round that ends. */
#include "flow/walk.h"

static const struct param params[] = {
	{.name = "when", .type = PARAM_VALUE, .flags = PARAM_REQUIRED,
	 .text = "The condition: the run goes on unless it is false, null or empty."},
	{0},
};

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	int holds = walk_truth(w, &s->args, "when", err);

	if (holds < 0)
		return STEP_FAILED;
	buf_add_text(output, holds ? "true" : "false");
	return holds ? STEP_NEXT : STEP_LEAVE;
}

extern const struct step_type step_filter;
const struct step_type step_filter = {
	.name = "filter",
	.text = "Ends the run, or in a for_each the round, unless a condition holds.",
	.params = params,
	.anew = true,
	.way = WAY_MAY_END,
	.run = run,
};
