/* SPDX-License-Identifier: MIT */
/* stop: the run ends here, as succeeded or as failed. */
#include "flow/walk.h"

#include <string.h>

static const char *const outcomes[] = {"succeeded", "failed", NULL};

static const struct param params[] = {
	{.name = "outcome", .type = PARAM_CHOICE, .choices = outcomes, .fallback = "succeeded",
	 .text = "What history says of the run."},
	{.name = "message", .type = PARAM_TEXT_VALUE, .text = "Why, in a sentence."},
	{0},
};

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	struct buf message = BUF_INIT;
	enum step_result result = STEP_STOP;

	if (walk_text(w, &s->args, "message", &message, err) < 0) {
		result = STEP_FAILED;
	} else if (strcmp(arg_text(&s->args, "outcome"), "failed") == 0) {
		err_set(err, ERR_INVALID, "%s", message.len ? message.ptr : "the flow says so");
		result = STEP_ENDED;
	}
	if (message.len)
		buf_add_json_text(output, message.ptr, message.len);
	buf_release(&message);
	return result;
}

extern const struct step_type step_stop;
const struct step_type step_stop = {
	.name = "stop",
	.text = "Ends the run, succeeded or failed.",
	.params = params,
	.anew = true,
	.way = WAY_ENDS,
	.run = run,
};
