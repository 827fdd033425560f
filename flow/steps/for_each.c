/* SPDX-License-Identifier: MIT */
/* for_each: its steps once for each item of a list, one after the other; what the rounds give
 * is collected. When a run goes on from an earlier one, rounds that were over stay so. */
#include "flow/walk.h"

#include "common/jsontext.h"

#include <stdlib.h>
#include <string.h>

/* A loop that failed keeps what its rounds gave up to this size, for a replay; one that waits
 * keeps it all. */
#define KEPT_MAX (1024 * 1024)

static const char *const on_item_error[] = {"stop", "skip", NULL};

static const struct param params[] = {
	{.name = "items", .type = PARAM_VALUE, .flags = PARAM_REQUIRED,
	 .text = "The list to go through."},
	{.name = "steps", .type = PARAM_STEPS, .flags = PARAM_REQUIRED,
	 .text = "What is done for each item, which is .item; .index counts from 0."},
	{.name = "result", .type = PARAM_VALUE, .flags = PARAM_ITEM | PARAM_AFTER,
	 .text = "What a round adds to the output; empty adds nothing. Without it, the output of "
		 "the last step that ran."},
	{.name = "on_item_error", .type = PARAM_CHOICE, .choices = on_item_error,
	 .fallback = "stop",
	 .text = "When a round fails: the loop fails, or the item is skipped."},
	{.name = "limit", .type = PARAM_INT, .min = 1, .max = 100000, .fallback = "1000",
	 .text = "The loop fails, before its first round, when there are more items than this."},
	{0},
};

struct each {
	struct walk *w;
	const struct step *s;
	int64_t total, done, reused, skipped;
	struct buf kept; /* what each round that is over gave, each in a list: [[1],[],[3]] */
};

static int64_t count_items(struct walk *w, const struct step *s, struct buf *list, struct err *err)
{
	int64_t limit = arg_int(&s->args, "limit"), n = 0;
	int rc = walk_json(w, &s->args, "items", list, err);
	struct jsontext_walk item;

	if (rc < 0)
		return -1;
	struct slice json = rc ? jsontext_trim(buf_slice(list)) : (struct slice){"null", 4};
	if (jsontext_kind(json) != JSONTEXT_ARRAY) {
		err_set(err, ERR_INVALID, "it must be a list, not %s; where it may be missing write "
			"{{ ... // [] }}", rc ? jsontext_kind_name(jsontext_kind(json)) : "empty");
		return walk_refuse(w, &s->args, "items", err);
	}
	jsontext_walk_start(&item, json);
	while (jsontext_walk_next(&item))
		n++;
	if (n > limit)
		return err_set(err, ERR_TOO_BIG, "items: there are %lld, and \"limit\" is %lld; raise "
			       "it (at most 100000), or take a part of the list", (long long)n,
			       (long long)limit);
	return n;
}

/* The rounds that an earlier run was through with. -1: they may not be done again, and what
 * they gave is not known. */
static int take_up(struct each *e, struct err *err)
{
	struct slice kept, rounds;
	struct jsontext_walk one;

	if (walk_earlier(e->w, "kept", &kept)) {
		jsontext_walk_start(&one, kept);
		while (jsontext_walk_next(&one) && e->done < e->total) {
			buf_add_char(&e->kept, e->done++ ? ',' : '[');
			buf_add_slice(&e->kept, one.value);
		}
	} else if (walk_earlier(e->w, "rounds", &rounds) && *rounds.ptr != '0' &&
		   e->s->effects_within) {
		return err_set(err, ERR_CONFLICT, "%.*s rounds were done in the earlier run, but what "
			       "they gave was not kept; replay from the start", (int)rounds.len,
			       rounds.ptr);
	}
	e->reused = e->done;
	return 0;
}

static int collect(struct each *e, enum step_result how, struct err *err)
{
	struct buf one = BUF_INIT;
	int rc = 0;

	if (how == STEP_NEXT && arg_given(&e->s->args, "result"))
		rc = walk_json(e->w, &e->s->args, "result", &one, err);
	else if (how == STEP_NEXT)
		buf_add_slice(&one, walk_round_output(e->w));
	if (rc >= 0) {
		buf_addf(&e->kept, "%c[", e->done++ ? ',' : '[');
		buf_add_slice(&e->kept, buf_slice(&one));
		buf_add_char(&e->kept, ']');
	}
	buf_release(&one);
	return rc;
}

static enum step_result do_round(struct each *e, struct slice item, int64_t index, struct err *err)
{
	bool skips = strcmp(arg_text(&e->s->args, "on_item_error"), "skip") == 0;

	walk_loop_item(e->w, item, index);
	enum step_result result =
		walk_round(e->w, e->s, arg_find(&e->s->args, "steps")->steps, err);
	if ((result == STEP_NEXT || result == STEP_LEAVE) && collect(e, result, err) < 0)
		result = STEP_FAILED;
	if (result == STEP_FAILED && skips) {
		walk_round_pardon(e->w);
		e->skipped++;
		return collect(e, STEP_LEAVE, err) < 0 ? STEP_FAILED : STEP_NEXT;
	}
	if (result == STEP_FAILED)
		err_within(err, "item %lld: ", (long long)index);
	return result == STEP_LEAVE ? STEP_NEXT : result;
}

static void note_number(struct walk *w, const char *name, int64_t n)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "%lld", (long long)n);
	walk_note(w, name, buf_slice(&text));
	buf_release(&text);
}

static void note(struct each *e, size_t unrecorded, bool unfinished)
{
	note_number(e->w, "rounds", e->done);
	if (e->reused)
		note_number(e->w, "reused", e->reused);
	if (e->skipped)
		note_number(e->w, "skipped", e->skipped);
	if (unrecorded)
		note_number(e->w, "unrecorded", (int64_t)unrecorded);
	if (unfinished)
		walk_note(e->w, "kept", buf_slice(&e->kept));
}

static void write_output(const struct buf *kept, struct buf *output)
{
	struct jsontext_walk one;
	struct slice result;

	jsontext_walk_start(&one, buf_slice(kept));
	buf_add_char(output, '[');
	while (jsontext_walk_next(&one)) {
		if (!jsontext_item(one.value, 0, &result))
			continue;
		if (output->len > 1)
			buf_add_char(output, ',');
		buf_add_slice(output, result);
	}
	buf_add_char(output, ']');
}

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	struct each e = {.w = w, .s = s, .kept = BUF_INIT};
	struct buf list = BUF_INIT;
	enum step_result result = STEP_NEXT;
	struct jsontext_walk item;

	e.total = count_items(w, s, &list, err);
	if (e.total < 0 || take_up(&e, err) < 0) {
		result = e.total < 0 ? STEP_FAILED : STEP_ENDED;
		goto out;
	}
	walk_loop_enter(w);
	jsontext_walk_start(&item, jsontext_trim(buf_slice(&list)));
	for (int64_t i = 0; result == STEP_NEXT && jsontext_walk_next(&item); i++) {
		if (i >= e.reused)
			result = do_round(&e, item.value, i, err);
	}
	size_t unrecorded = walk_loop_leave(w, s);
	buf_add_text(&e.kept, e.done ? "]" : "[]");
	bool unfinished = result == STEP_WAIT ||
			  ((result == STEP_FAILED || result == STEP_ENDED) && e.kept.len <= KEPT_MAX);
	note(&e, unrecorded, unfinished);
	if (result != STEP_FAILED && result != STEP_ENDED)
		write_output(&e.kept, output);
out:
	buf_release(&e.kept);
	buf_release(&list);
	return result;
}

static void check(const struct step *s, struct faults *faults)
{
	const struct arg *items = arg_find(&s->args, "items");
	const struct arg *steps = arg_find(&s->args, "steps");

	if (items->node && !cJSON_IsArray(items->node) && !cJSON_IsString(items->node))
		fault_add(faults, items->pointer, NULL,
			  "\"items\" must be a list, or an expression that gives one");
	if (steps->steps && !steps->steps->count && !arg_given(&s->args, "result"))
		warn_add(faults, steps->pointer, NULL, "a for_each without steps and \"result\" gives "
			 "a null for each item; to build values a map does it all at once");
}

extern const struct step_type step_for_each;
const struct step_type step_for_each = {
	.name = "for_each",
	.text = "Does its steps for each item of a list, and collects what they give.",
	.params = params,
	.way = WAY_LOOPS,
	.check = check,
	.run = run,
};
