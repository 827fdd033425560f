/* SPDX-License-Identifier: MIT */
/* map: builds a value out of what has arrived so far. Its output is that value. */
#include "flow/walk.h"

static const struct param params[] = {
	{.name = "value", .type = PARAM_VALUE, .flags = PARAM_REQUIRED,
	 .text = "The value to build, with expressions in its strings."},
	{0},
};

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	return walk_json(w, &s->args, "value", output, err) < 0 ? STEP_FAILED : STEP_NEXT;
}

extern const struct step_type step_map;
const struct step_type step_map = {
	.name = "map",
	.text = "Builds a value for later steps.",
	.params = params,
	.run = run,
};
