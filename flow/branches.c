/* SPDX-License-Identifier: MIT */
/* The walk over all ways at once. A point of it knows whether a run can be there with and
 * without a reply given, and for the latter by which branches it came. */
#include "flow/branches.h"

#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A branch by which a run can come here unanswered. */
struct origin {
	const char *pointer;
	char text[256]; /* `branch "otherwise" of step "route"` */
};

struct state {
	bool live;           /* a run can be here at all */
	bool replied;        /* a run can be here with its reply given */
	struct origin *open; /* by which branches a run can be here without */
	size_t n_open;
	bool *ran;           /* which steps may have run */
};

struct tour {
	struct reach reach;
	void (*visit)(const struct reach *reach, const struct step *s);
	bool wants_reply;
	const struct step *ended_by; /* the step that ended the run, for what stands after */
	struct state *left;          /* of the loop it is in: where rounds ended early; or NULL */
	const struct step *answers;  /* of that loop: a step that answers; or NULL */
};

static struct state state_copy(const struct tour *t, const struct state *s)
{
	size_t n = t->reach.flow->n_all;
	struct state copy = *s;

	copy.open = mem_array(s->n_open + 1, sizeof(*copy.open));
	if (s->n_open)
		memcpy(copy.open, s->open, s->n_open * sizeof(*copy.open));
	copy.ran = mem_array(n + 1, sizeof(*copy.ran));
	memcpy(copy.ran, s->ran, n * sizeof(*copy.ran));
	return copy;
}

static void state_release(struct state *s)
{
	free(s->open);
	free(s->ran);
	*s = (struct state){0};
}

static void open_add(struct state *s, const struct origin *o)
{
	for (size_t i = 0; i < s->n_open; i++) {
		if (strcmp(s->open[i].text, o->text) == 0)
			return;
	}
	s->open = mem_resize(s->open, s->n_open + 1, sizeof(*s->open));
	s->open[s->n_open++] = *o;
}

/* Two ways meet. */
static void state_join(const struct tour *t, struct state *into, const struct state *other)
{
	for (size_t i = 0; i < t->reach.flow->n_all; i++)
		into->ran[i] = into->ran[i] || other->ran[i];
	if (!other->live)
		return;
	into->live = true;
	into->replied = into->replied || other->replied;
	for (size_t i = 0; i < other->n_open; i++)
		open_add(into, &other->open[i]);
}

/* From here on, an unanswered run came by this branch. */
static void open_only(struct state *s, const char *pointer, const char *text)
{
	struct origin o = {.pointer = pointer};

	snprintf(o.text, sizeof(o.text), "%s", text);
	if (!s->n_open)
		return;
	s->n_open = 0;
	open_add(s, &o);
}

static void warn_unanswered(const struct tour *t, const struct state *s, const char *pointer,
			    const char *what)
{
	if (t->wants_reply && s->live && s->n_open)
		warn_add(t->reach.faults, pointer, NULL, "%s without a webhook_response: the "
			 "caller gets 200 with an empty body", what);
}

static void tour_list(struct tour *t, struct state *s, const struct step_list *steps);

/* ---- forks ---- */

static void tour_path(struct tour *t, struct state *s, const struct step *fork,
		      const struct args *path)
{
	const struct arg *steps = arg_find(path, "steps");
	const char *name = arg_text(path, "name");
	char text[256];

	snprintf(text, sizeof(text), "branch \"%.100s\" of step \"%.64s\"", name ? name : "",
		 fork->name);
	open_only(s, steps->pointer ? steps->pointer : fork->pointer, text);
	if (steps->steps)
		tour_list(t, s, steps->steps);
}

/* Every path may be the one; or several one after the other. */
static void tour_fork(struct tour *t, struct state *s, const struct step *fork)
{
	const struct arg *match = arg_find(&fork->args, "match");
	const struct arg *paths = arg_find(&fork->args, "paths");
	bool all = cJSON_IsString(match->node) && strcmp(match->node->valuestring, "all") == 0;
	struct state before = state_copy(t, s), sum = state_copy(t, s);
	bool otherwise = false, answers = false;
	char text[256];

	sum.live = false;
	sum.replied = false;
	sum.n_open = 0;
	for (size_t i = 0; i < paths->n_items; i++) {
		bool last = !arg_given(&paths->items[i], "when");
		struct state way = state_copy(t, last || !all ? &before : s);
		tour_path(t, &way, fork, &paths->items[i]);
		answers = answers || way.replied != before.replied || !way.live;
		otherwise = otherwise || last;
		state_join(t, &sum, &way);
		if (all)
			state_join(t, s, &way); /* taken or not, the next path is looked at */
		state_release(&way);
	}
	if (!otherwise) {
		snprintf(text, sizeof(text), "step \"%.64s\", when none of its paths matches,",
			 fork->name);
		struct state none = state_copy(t, &before);
		open_only(&none, fork->pointer, text);
		state_join(t, &sum, &none);
		state_release(&none);
	}
	/* A fork that changes nothing for the caller is not the branch to name. */
	if (!answers) {
		sum.n_open = 0;
		for (size_t i = 0; i < before.n_open; i++)
			open_add(&sum, &before.open[i]);
	}
	state_release(&before);
	state_release(s);
	*s = sum;
}

/* ---- loops ---- */

static void forget_inner(struct state *s, const struct step *loop)
{
	memset(s->ran + loop->number + 1, 0, loop->n_inner * sizeof(*s->ran));
}

static void warn_answers(const struct tour *t, const struct step *step, const struct step *loop)
{
	warn_add(t->reach.faults, step->pointer, NULL, "step \"%.64s\" answers inside the for_each "
		 "\"%.64s\": the first round that comes here is the reply, later ones are only noted as "
		 "faults", step->name, loop->name);
}

/* Its steps may run not once: what they would do for the caller is not certain. */
static void tour_loop(struct tour *t, struct state *s, const struct step *loop)
{
	const struct step_list *steps = arg_find(&loop->args, "steps")->steps;
	struct state none = state_copy(t, s), left = state_copy(t, s);
	struct state *outer_left = t->left;
	const struct step *outer_answers = t->answers;
	char text[256];

	left.live = false;
	left.replied = false;
	left.n_open = 0;
	t->left = &left;
	t->answers = NULL;
	t->reach.loops++;
	s->ran[loop->number] = left.ran[loop->number] = false; /* it has no output before it is over */
	if (steps)
		tour_list(t, s, steps);
	state_join(t, s, &left);
	if (t->answers)
		warn_answers(t, t->answers, loop);
	t->reach.may_have_run = s->ran;
	t->reach.after = true;
	t->visit(&t->reach, loop);
	t->reach.after = false;
	t->reach.loops--;
	if (s->replied != none.replied || !s->live) {
		snprintf(text, sizeof(text), "step \"%.64s\", when it has no items,", loop->name);
		open_only(&none, loop->pointer, text);
	}
	state_join(t, s, &none); /* in which it is over */
	forget_inner(s, loop);
	t->answers = outer_answers;
	t->left = outer_left;
	state_release(&none);
	state_release(&left);
}

/* A caller who waits is told 504 while the run does. */
static void warn_waits(const struct tour *t, const struct state *s, const struct step *step)
{
	const struct arg *for_ms = arg_find(&step->args, "for_ms");
	int64_t deadline = t->reach.flow->webhook.deadline_ms;

	if (!t->wants_reply || !s->live || !s->n_open ||
	    (json_is_number(for_ms->node) && for_ms->node->valuedouble < (double)deadline))
		return;
	warn_add(t->reach.faults, step->pointer, NULL, "the run may wait at step \"%.64s\" before it "
		 "has answered: after %lld ms (\"deadline_ms\") the caller gets 504; put the "
		 "webhook_response before the delay", step->name, (long long)deadline);
}

/* ---- steps ---- */

static void tour_reply(struct tour *t, struct state *s, const struct step *step)
{
	if (s->live && s->replied && !s->n_open)
		fault_add(t->reach.faults, step->pointer, NULL,
			  "step \"%.64s\" would answer a second time: every run that comes here "
			  "has been answered; a call has one reply", step->name);
	s->n_open = 0;
	s->replied = true;
}

static void tour_error(struct tour *t, struct state *s, const struct step *step,
		       struct state *failed)
{
	bool handling = t->reach.handling;
	char text[256];

	failed->ran[step->number] = true;
	if (step->on_error == ON_ERROR_STEPS) {
		snprintf(text, sizeof(text), "on_error of step \"%.64s\"", step->name);
		if (failed->n_open && step->type->replies)
			open_only(failed, step->pointer, text);
		t->reach.handling = true;
		tour_list(t, failed, step->on_error_steps);
		t->reach.handling = handling;
	}
	state_join(t, s, failed);
}

static void tour_step(struct tour *t, struct state *s, const struct step *step)
{
	char text[256];

	t->reach.may_have_run = s->ran;
	t->visit(&t->reach, step);
	if (!step->type)
		return; /* its fault is noted; what it would do is unknown */
	bool caught = step->on_error != ON_ERROR_FAIL;
	struct state failed = state_copy(t, s);
	s->ran[step->number] = true;
	if (step->type->replies) {
		t->answers = step;
		tour_reply(t, s, step);
	}
	if (step->type->waits)
		warn_waits(t, s, step);
	switch (step->type->way) {
	case WAY_ON: break;
	case WAY_MAY_END:
		if (t->left) { /* only the round ends */
			state_join(t, t->left, s);
			break;
		}
		snprintf(text, sizeof(text), "the run ends at step \"%.64s\", when its condition "
			 "does not hold,", step->name);
		warn_unanswered(t, s, step->pointer, text);
		break;
	case WAY_ENDS:
		snprintf(text, sizeof(text), "the run ends at step \"%.64s\"", step->name);
		if (strcmp(arg_text(&step->args, "outcome"), "failed") != 0)
			warn_unanswered(t, s, step->pointer, text);
		s->live = false;
		s->n_open = 0;
		t->ended_by = step;
		break;
	case WAY_FORKS: tour_fork(t, s, step); break;
	case WAY_LOOPS: tour_loop(t, s, step); break;
	}
	if (caught)
		tour_error(t, s, step, &failed);
	state_release(&failed);
}

static void tour_list(struct tour *t, struct state *s, const struct step_list *steps)
{
	bool told = !s->live;

	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->list[i];
		if (!s->live && !told) {
			warn_add(t->reach.faults, step->pointer, NULL,
				 "step \"%.64s\" can never run: every way to it ends before, at "
				 "step \"%.64s\"", step->name,
				 t->ended_by ? t->ended_by->name : "");
			told = true;
		}
		tour_step(t, s, step);
	}
}

void branches_walk(struct flow *f, struct faults *faults,
		   void (*visit)(const struct reach *reach, const struct step *s))
{
	struct tour t = {.reach = {.flow = f, .faults = faults}, .visit = visit};
	struct origin whole = {"/steps", "the flow"};
	struct state start = {.live = true, .ran = mem_array(f->n_all + 1, sizeof(bool))};

	t.wants_reply = f->webhook.reply == REPLY_RESPONSE;
	open_add(&start, &whole);
	struct state s = state_copy(&t, &start);
	if (f->steps)
		tour_list(&t, &s, f->steps);
	for (size_t i = 0; s.live && i < s.n_open && t.wants_reply; i++)
		warn_add(faults, s.open[i].pointer, NULL, "%s ends without a webhook_response: the "
			 "caller gets 200 with an empty body", s.open[i].text);
	/* The run may have failed anywhere, so all steps may have run. */
	if (f->on_error) {
		struct state failed = state_copy(&t, &start);
		memcpy(failed.ran, s.ran, f->n_all * sizeof(bool));
		t.reach.handling = true;
		t.wants_reply = false; /* the row "failed" of the reply table stands */
		tour_list(&t, &failed, f->on_error);
		state_release(&failed);
	}
	state_release(&s);
	state_release(&start);
}
