/* SPDX-License-Identifier: MIT */
/* Loops and waits: which item is in hand, and what the trace keeps of the rounds. */
#include "flow/walk_inner.h"

#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <string.h>

/* So much of a loop's rounds is recorded; of rounds that failed, twice as much. */
#define ROUNDS_BYTES (256 * 1024)
#define ROUNDS_ENTRIES 200

void walk_loop_enter(struct walk *w)
{
	assert(w->n_turns < ARRAY_LEN(w->turns)); /* the parser bounds steps within steps */
	w->turns[w->n_turns++] = (struct turn){.trace_at = w->out->steps.len,
					       .entries_at = w->n_entries, .index = -1};
	w->hand.looping = true;
}

void walk_loop_item(struct walk *w, struct slice item, int64_t index)
{
	struct turn *turn = &w->turns[w->n_turns - 1];

	turn->item = item;
	turn->index = index;
	scope_item_set(w->scope, item, index);
}

/* Outside of their round the steps of a loop have no output: it would be the last round's. */
static void forget_inner(struct walk *w, const struct step *s)
{
	for (size_t i = 1; i <= s->n_inner; i++)
		scope_step_forget(w->scope, w->flow->all[s->number + i]->name);
}

static bool room(const struct walk *w, const struct turn *turn, size_t at, size_t entries, int times)
{
	return at - turn->trace_at <= (size_t)times * ROUNDS_BYTES &&
	       entries - turn->entries_at <= (size_t)times * ROUNDS_ENTRIES && w->out->steps.len;
}

enum step_result walk_round(struct walk *w, const struct step *s, const struct step_list *steps,
			    struct err *err)
{
	struct turn *turn = &w->turns[w->n_turns - 1];
	struct buf *trace = &w->out->steps;
	size_t at = trace->len, entries = w->n_entries;

	forget_inner(w, s);
	w->last_step = NULL;
	enum step_result result = walk_list(w, steps, err);
	if (result == STEP_FAILED && w->failed_step)
		err_within(err, "step \"%s\": ", w->failed_step);
	bool well = result == STEP_NEXT || result == STEP_LEAVE;
	bool kept = well ? room(w, turn, at, entries, 1)
			 : result != STEP_FAILED || room(w, turn, at, entries, 2);
	if (!kept && trace->len > at) {
		turn->unrecorded += w->n_entries - entries;
		w->n_entries = entries;
		trace->len = at;
		trace->ptr[at] = '\0';
	}
	return result;
}

struct slice walk_round_output(struct walk *w)
{
	struct slice out;

	if (w->last_step && scope_step_find(w->scope, w->last_step, strlen(w->last_step), &out))
		return out;
	return (struct slice){"null", 4};
}

void walk_round_pardon(struct walk *w)
{
	w->failed_step = NULL;
	w->hand.failed_status = 0;
}

size_t walk_loop_leave(struct walk *w, const struct step *s)
{
	struct turn ended = w->turns[--w->n_turns];
	struct turn *outer = w->n_turns ? &w->turns[w->n_turns - 1] : NULL;

	if (!w->wake_at) /* one that waits has its outputs kept whole */
		forget_inner(w, s);
	scope_item_set(w->scope, outer ? outer->item : (struct slice){0}, outer ? outer->index : 0);
	w->hand.looping = false;
	return ended.unrecorded;
}

/* ---- waiting ---- */

int64_t walk_now(const struct walk *w)
{
	return w->host.now_at ? w->host.now_at : clock_wall_ms();
}

enum step_result walk_wait(struct walk *w, int64_t until)
{
	if (until <= walk_now(w))
		return STEP_NEXT;
	w->wake_at = until;
	buf_clear(&w->wait_index);
	trace_index(w, &w->wait_index);
	return STEP_WAIT;
}

int run_flow_through(struct flow *f, const struct scope_event *event, const struct run_host *host,
		     struct run_result *out)
{
	struct scope_event then = *event;
	struct run_host later = *host;
	struct run_result more;
	int waits = 0;

	run_flow(f, event, (struct slice){0}, host, out);
	then.trigger = "delay";
	for (; out->outcome == RUN_WAITING; waits++) {
		later.now_at = out->wake_at;
		run_flow(f, &then, buf_slice(&out->steps), &later, &more);
		if (out->replied) {
			reply_release(&more.reply);
			more.replied = true;
			more.reply = out->reply;
			out->reply = (struct reply){.body = BUF_INIT};
		}
		run_result_release(out);
		*out = more;
	}
	return waits;
}
