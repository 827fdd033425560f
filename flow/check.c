/* SPDX-License-Identifier: MIT */
/* What only the whole document shows: names that stand twice, and expressions that name a
 * step which cannot have run. What becomes of the caller is in branches.c, which walks the
 * flow once and calls back here for each step it can reach. */
#include "flow/branches.h"

#include "common/mem.h"
#include "common/nearest.h"
#include "flow/check_sample.h"

#include <stdlib.h>
#include <string.h>

static const struct step *step_named(const struct flow *f, const char *name)
{
	for (size_t i = 0; i < f->n_all; i++) {
		if (strcmp(f->all[i]->name, name) == 0)
			return f->all[i];
	}
	return NULL;
}

static void check_names(struct flow *f, struct faults *faults)
{
	for (size_t i = 0; i < f->n_all; i++) {
		const struct step *s = f->all[i];
		const struct step *first = *s->name ? step_named(f, s->name) : NULL;
		if (first && first != s)
			fault_add(faults, s->pointer, "name", "step name \"%.64s\" is taken by %s; "
				  "each step needs its own, since .steps.%.64s is one value",
				  s->name, first->pointer, s->name);
	}
}

/* ---- what an expression may see ---- */

struct seen {
	struct flow *flow;
	struct faults *faults;
	const struct reach *reach;
	const struct step *step;
	const struct arg *arg;
	char *pointer; /* of the expression looked at */
};

static void unknown_step(const struct seen *x, const char *name)
{
	struct nearest near = {.word = name};
	char hint[128];

	for (size_t i = 0; i < x->flow->n_all; i++) {
		if (*x->flow->all[i]->name)
			nearest_offer(&near, x->flow->all[i]->name);
	}
	fault_add(x->faults, x->pointer, NULL,
		  "an expression names .steps.%.64s, but there is no step \"%.64s\"%s", name, name,
		  nearest_hint(&near, hint));
}

static bool holds(const struct step *loop, const struct step *s)
{
	return s->number > loop->number && s->number <= loop->number + loop->n_inner;
}

/* The outermost loop that a step stands in and this one comes after, or NULL. */
static const struct step *loop_of(const struct seen *x, const struct step *named)
{
	for (size_t i = 0; i < named->number; i++) {
		const struct step *loop = x->flow->all[i];
		if (loop->type && loop->type->way == WAY_LOOPS && holds(loop, named) &&
		    x->step != loop && !holds(loop, x->step))
			return loop;
	}
	return NULL;
}

static void see_step(const struct seen *x, const char *name)
{
	const struct step *named = step_named(x->flow, name);

	if (strcmp(name, "error") == 0) {
		if (!x->reach->handling)
			fault_add(x->faults, x->pointer, NULL,
				  ".steps.error is only there in the steps of an on_error");
		return;
	}
	if (!named) {
		unknown_step(x, name);
		return;
	}
	if (x->reach->may_have_run[named->number])
		return;
	const struct step *loop = loop_of(x, named);
	if (loop) {
		fault_add(x->faults, x->pointer, NULL,
			  "an expression names .steps.%.64s, but step \"%.64s\" stands inside the "
			  "for_each \"%.64s\" and has an output of its own in each round; what they "
			  "gave is the list .steps.%.64s", name, name, loop->name, loop->name);
		return;
	}
	const char *why = named == x->step ? "a step cannot see its own output"
			  : named->number > x->step->number ? "it stands further down"
			  : holds(named, x->step)	    ? "it is the loop this stands in"
							    : "it is on another path";
	fault_add(x->faults, x->pointer, NULL,
		  "an expression names .steps.%.64s, but step \"%.64s\" cannot have run before: %s",
		  name, name, why);
}

static void see(void *arg, const struct value_use *use)
{
	struct seen *x = arg;

	x->pointer = mem_format("%s%s", x->arg->pointer, use->pointer);
	if (use->part == SCOPE_STEPS && use->step)
		see_step(x, use->step);
	else if ((use->part == SCOPE_ITEM || use->part == SCOPE_INDEX) && !x->reach->loops &&
		 !(x->arg->param->flags & PARAM_ITEM))
		fault_add(x->faults, x->pointer, NULL,
			  ".item and .index are only there inside a for_each");
	free(x->pointer);
}

static void check_value(void *arg, const struct arg *a, const struct value *v)
{
	struct seen *x = arg;

	x->arg = a;
	if (x->reach->after == !(a->param->flags & PARAM_AFTER))
		return;
	value_uses(v, see, x);
	check_sample(x->flow, x->faults, x->step, a, v);
}

static void check_sight(const struct reach *reach, const struct step *s)
{
	struct seen x = {.flow = reach->flow, .faults = reach->faults, .reach = reach, .step = s};

	arg_each(&s->args, check_value, &x);
}

void check_steps(struct flow *f, struct faults *faults)
{
	check_names(f, faults);
	branches_walk(f, faults, check_sight);
}
