/* SPDX-License-Identifier: MIT */
/* switch: takes the first path, or all paths, whose condition holds. All conditions are
 * looked at before any path is walked. */
#include "common/jsontext.h"
#include "flow/walk.h"

#include <string.h>

static const char *const match_words[] = {"first", "all", NULL};

static const struct param path_params[] = {
	{.name = "name", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 100,
	 .text = "The name of the path, as traces and warnings show it."},
	{.name = "when", .type = PARAM_VALUE,
	 .text = "The condition: holds unless it is false, null or empty. The last path may have "
		 "none: it is taken when no other is."},
	{.name = "steps", .type = PARAM_STEPS, .flags = PARAM_REQUIRED,
	 .text = "What is done on this path."},
	{0},
};

static const struct param params[] = {
	{.name = "match", .type = PARAM_CHOICE, .choices = match_words, .fallback = "first",
	 .text = "Whether the first path that matches is taken, or all of them."},
	{.name = "paths", .type = PARAM_LIST, .flags = PARAM_REQUIRED, .members = path_params,
	 .text = "The paths, looked at in order."},
	{0},
};

static void check(const struct step *s, struct faults *faults)
{
	const struct arg *paths = arg_find(&s->args, "paths");

	if (paths->n_items > WALK_ENTER_MAX)
		fault_add(faults, paths->pointer, NULL, "a switch has at most %d paths; put some "
			  "into a switch of their own", WALK_ENTER_MAX);
	for (size_t i = 0; i < paths->n_items; i++) {
		const char *name = arg_text(&paths->items[i], "name");
		if (!arg_given(&paths->items[i], "when") && i + 1 < paths->n_items)
			fault_add(faults, paths->pointer, NULL,
				  "path \"%.80s\" has no \"when\": only the last path may be "
				  "without one, it is taken when no other is", name ? name : "");
		for (size_t k = 0; name && k < i; k++) {
			const char *other = arg_text(&paths->items[k], "name");
			if (other && strcmp(other, name) == 0)
				fault_add(faults, paths->pointer, NULL,
					  "two paths are named \"%.80s\"; a trace could not tell "
					  "them apart", name);
		}
	}
}

static void take(struct walk *w, const struct args *path, struct buf *names)
{
	const char *name = arg_text(path, "name");

	buf_add_char(names, names->len ? ',' : '[');
	buf_add_json_text(names, name, strlen(name));
	walk_enter(w, arg_find(path, "steps")->steps, name);
}

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	const struct arg *paths = arg_find(&s->args, "paths");
	bool all = strcmp(arg_text(&s->args, "match"), "all") == 0;
	struct buf names = BUF_INIT;
	int holds = 0;

	for (size_t i = 0; i < paths->n_items && (all || !names.len); i++) {
		const struct args *path = &paths->items[i];
		holds = arg_given(path, "when") ? walk_truth(w, path, "when", err) : !names.len;
		if (holds < 0) {
			err_within(err, "path \"%.80s\": ", arg_text(path, "name"));
			break;
		}
		if (holds)
			take(w, path, &names);
	}
	buf_addf(output, "{\"paths\":%s%s}", names.len ? names.ptr : "[", "]");
	buf_release(&names);
	return holds < 0 ? STEP_FAILED : STEP_NEXT;
}

/* The paths that were taken then, whatever the conditions say now. */
static enum step_result again(struct walk *w, const struct step *s, struct slice output,
			      struct err *err)
{
	const struct arg *paths = arg_find(&s->args, "paths");
	struct jsontext_walk taken;
	struct buf name = BUF_INIT;
	struct slice list;
	bool found = true;

	if (!jsontext_member(output, "paths", 5, &list))
		return STEP_NEXT;
	jsontext_walk_start(&taken, list);
	while (found && jsontext_walk_next(&taken)) {
		found = false;
		buf_clear(&name);
		jsontext_text(taken.value, &name);
		for (size_t i = 0; i < paths->n_items && !found; i++) {
			found = strcmp(arg_text(&paths->items[i], "name"), name.ptr) == 0;
			if (found)
				walk_enter(w, arg_find(&paths->items[i], "steps")->steps, name.ptr);
		}
	}
	if (!found)
		err_set(err, ERR_CONFLICT, "the run went along path \"%s\" before it waited, which this "
			"version of the flow does not have; replay from the start", name.ptr);
	buf_release(&name);
	return found ? STEP_NEXT : STEP_FAILED;
}

extern const struct step_type step_switch;
const struct step_type step_switch = {
	.name = "switch",
	.text = "Takes the first path, or all, whose condition holds.",
	.params = params,
	.anew = true,
	.way = WAY_FORKS,
	.check = check,
	.run = run,
	.again = again,
};
