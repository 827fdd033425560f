/* SPDX-License-Identifier: MIT */
/* The engine: goes through the steps of a run, one after the other, and decides what an
 * error means. Lists within lists are walked by recursion, which the parser bounds. */
#include "flow/walk_inner.h"

#include "common/clock.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/jq.h"
#include "flow/scalar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static enum step_result run_list(struct walk *w, const struct step_list *steps, struct err *err);

/* ---- the step in hand ---- */

static void hand_init(struct hand *h)
{
	memset(h, 0, sizeof(*h));
	buf_init(&h->tried);
	buf_init(&h->inputs);
	buf_init(&h->paths);
	buf_init(&h->notes);
}

static void hand_release(struct hand *h)
{
	buf_release(&h->tried);
	buf_release(&h->inputs);
	buf_release(&h->paths);
	buf_release(&h->notes);
}

static void hand_take(struct hand *h, const struct step *s)
{
	h->step = s;
	h->earlier = (struct slice){0};
	h->n_entered = 0;
	h->failed_status = 0;
	h->retry_after_ms = 0;
	buf_clear(&h->tried);
	buf_clear(&h->inputs);
	buf_clear(&h->notes);
}

/* ---- one step ---- */

/* What another try may mend: the outside was slow, down or busy, or answered as the step
 * says; and it does not want to be left alone for longer than the step would wait. */
static bool passing(const struct walk *w, const struct step *s, const struct err *err)
{
	int status = w->hand.failed_status;

	if (w->hand.retry_after_ms > s->max_pause_ms)
		return false;
	if (status && s->retry_statuses)
		return scalar_has_status(s->retry_statuses, status);

	if (err->kind != ERR_UPSTREAM && err->kind != ERR_TIMEOUT && err->kind != ERR_BUSY)
		return false;
	return status == 0 || status >= 500 || status == 408 || status == 425 || status == 429;
}

static void rest(int64_t ms)
{
	struct timespec left = {ms / 1000, (ms % 1000) * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* What this try noted is for the next one to see. */
static void try_again(struct hand *h)
{
	if (h->notes.len) {
		buf_clear(&h->tried);
		buf_addf(&h->tried, "{%s}", h->notes.ptr + 1);
	}
	buf_clear(&h->notes);
}

static enum step_result try_step(struct walk *w, const struct step *s, struct trace_entry *entry,
				 struct err *err)
{
	enum step_result result;

	for (entry->tries = 1;; entry->tries++) {
		buf_clear(&entry->output);
		buf_clear(&w->hand.inputs);
		w->hand.n_entered = 0;
		w->hand.failed_status = 0;
		w->hand.retry_after_ms = 0;
		result = s->type->run(w, s, &entry->output, err);
		if (result != STEP_FAILED || entry->tries >= s->attempts || !passing(w, s, err))
			break;
		try_again(&w->hand);
		rest(w->hand.retry_after_ms > s->pause_ms ? w->hand.retry_after_ms : s->pause_ms);
	}
	if (!entry->output.len)
		buf_add_text(&entry->output, "null");
	if (result == STEP_FAILED || result == STEP_ENDED || result == STEP_FAULT)
		secrets_mask_text(w->secrets, err->text, sizeof(err->text));
	return result;
}

/* error_json adds {"kind","text"} and, where known, the step and the status. */
static void error_json(const struct walk *w, const struct err *err, const char *step,
		       struct buf *out)
{
	buf_add_char(out, '{');
	if (step) {
		buf_add_text(out, "\"step\":");
		buf_add_json_text(out, step, strlen(step));
		buf_add_char(out, ',');
	}
	buf_addf(out, "\"kind\":\"%s\",\"text\":", err_word(err->kind));
	buf_add_json_text(out, err->text, strlen(err->text));
	if (w->hand.failed_status)
		buf_addf(out, ",\"status\":%d", w->hand.failed_status);
	buf_add_char(out, '}');
}

/* An output beside which an error stands: {"error": {...}, and what the step left}. */
static void output_with_error(struct buf *output, const struct buf *error)
{
	struct buf whole = BUF_INIT;

	buf_addf(&whole, "{\"error\":%s", error->ptr);
	struct slice left = jsontext_trim(buf_slice(output));
	if (left.len > 2 && left.ptr[0] == '{') {
		buf_add_char(&whole, ',');
		buf_add(&whole, left.ptr + 1, left.len - 1);
	} else {
		buf_add_char(&whole, '}');
	}
	buf_release(output);
	*output = whole;
}

/* What the trace and later steps see of an error. One that failed before the run waited has it
 * in its output already. */
static void show_error(struct walk *w, struct trace_entry *entry, const struct err *err)
{
	struct buf named = BUF_INIT;

	if (!entry->copy.len) {
		error_json(w, err, NULL, &entry->error);
		output_with_error(&entry->output, &entry->error);
	}
	if (entry->result != STEP_FAULT) {
		error_json(w, err, entry->step->name, &named);
		scope_step_set(w->scope, "error", buf_slice(&named));
	}
	buf_release(&named);
}

static enum step_result after_error(struct walk *w, const struct step *s, struct err *err)
{
	struct err inner;

	/* A step within it that failed is a part of this one's failure. */
	w->failed_step = s->on_error == ON_ERROR_FAIL ? s->name : NULL;
	if (s->on_error == ON_ERROR_CONTINUE)
		return STEP_NEXT;
	if (s->on_error == ON_ERROR_STEPS) {
		enum step_result result = run_list(w, s->on_error_steps, &inner);
		if (result == STEP_FAILED || result == STEP_ENDED)
			*err = inner;
		return result;
	}
	return STEP_FAILED;
}

static enum step_result run_entered(struct walk *w, struct err *err)
{
	/* The lists entered belong to this step; those within enter their own. */
	const struct step_list *lists[WALK_ENTER_MAX];
	size_t n = w->hand.n_entered;
	enum step_result result = STEP_NEXT;

	memcpy(lists, w->hand.entered, n * sizeof(lists[0]));
	w->hand.n_entered = 0;
	for (size_t i = 0; i < n && result == STEP_NEXT; i++)
		result = run_list(w, lists[i], err);
	return result;
}

static enum step_result go_on(struct walk *w, const struct trace_entry *entry, struct err *err)
{
	const struct step *s = entry->step;

	switch (entry->result) {
	case STEP_NEXT: return run_entered(w, err);
	case STEP_FAULT: return STEP_NEXT;
	case STEP_FAILED: return after_error(w, s, err);
	case STEP_ENDED:
		if (!w->failed_step) /* or a step within it has named itself */
			w->failed_step = s->name;
		return STEP_ENDED;
	case STEP_STOP:
	case STEP_LEAVE:
	case STEP_WAIT: return entry->result;
	}
	return entry->result;
}

static enum step_result run_step(struct walk *w, const struct step *s, struct err *err)
{
	struct trace_entry entry = {.step = s, .at = w->out->steps.len,
				    .started_at = clock_wall_ms(), .started_us = clock_mono_us(),
				    .output = BUF_INIT, .error = BUF_INIT};

	hand_take(&w->hand, s);
	bool skipped = w->handling && s->type->replies && w->replied_by;
	if (skipped)
		entry.outcome = "skipped";
	else if (!resume_step(w, s, &entry, &entry.result, err))
		entry.result = try_step(w, s, &entry, err);
	bool failed = entry.result == STEP_FAILED || entry.result == STEP_ENDED ||
		      entry.result == STEP_FAULT;
	if (failed)
		show_error(w, &entry, err);
	if (!entry.outcome)
		entry.outcome = failed ? "failed" : entry.result == STEP_WAIT ? "waiting"
									      : "succeeded";
	if (!skipped && entry.result != STEP_WAIT) {
		scope_step_set(w->scope, s->name, buf_slice(&entry.output));
		w->last_step = s->name;
	}
	trace_add(w, &entry);
	buf_release(&entry.output);
	buf_release(&entry.error);
	return go_on(w, &entry, err);
}

static enum step_result run_list(struct walk *w, const struct step_list *steps, struct err *err)
{
	for (size_t i = 0; i < steps->count; i++) {
		enum step_result result = run_step(w, &steps->list[i], err);
		if (result != STEP_NEXT)
			return result;
	}
	return STEP_NEXT;
}

enum step_result walk_list(struct walk *w, const struct step_list *steps, struct err *err)
{
	struct hand mine = w->hand;

	hand_init(&w->hand);
	enum step_result result = run_list(w, steps, err);
	if (result == STEP_FAILED) {
		mine.failed_status = w->hand.failed_status;
		mine.retry_after_ms = w->hand.retry_after_ms;
	}
	hand_release(&w->hand);
	w->hand = mine;
	return result;
}

/* ---- the run ---- */

static void end_failed(struct walk *w, const struct err *err)
{
	struct run_result *out = w->out;

	out->outcome = RUN_FAILED;
	out->err = *err;
	if (w->failed_step) {
		out->failed_step = mem_dup(w->failed_step);
		err_within(&out->err, "step \"%s\": ", w->failed_step);
	}
	err_within(&out->err, "flow \"%s\": ", flow_name(w->flow));
}

/* What the flow does when a run fails. Its own failures are in the trace; the run's reason
 * stays the first one. */
static enum step_result handle_failure(struct walk *w, enum step_result result)
{
	const char *failed_step = w->failed_step;
	struct err ignored;

	w->out->failed_status = w->hand.failed_status;
	if (!w->flow->on_error)
		return result;
	w->handling = true;
	bool waits = run_list(w, w->flow->on_error, &ignored) == STEP_WAIT;
	w->failed_step = failed_step;
	return waits ? STEP_WAIT : result;
}

void walk_run(struct walk *w)
{
	struct run_result *out = w->out;
	struct err why = {0}, *err = &why;
	enum step_result result = run_list(w, w->flow->steps, err);

	if (result == STEP_FAILED || result == STEP_ENDED)
		result = handle_failure(w, result);
	out->waited = w->settled != NULL || result == STEP_WAIT;
	trace_close(w);
	if (result == STEP_WAIT) {
		out->outcome = RUN_WAITING;
		out->wake_at = w->wake_at;
	} else if (result == STEP_FAILED || result == STEP_ENDED) {
		end_failed(w, err);
	} else if (w->marked.kind != ERR_NONE) {
		w->failed_step = w->marked_step;
		end_failed(w, &w->marked);
	}
	if (result == STEP_WAIT || (out->waited && out->outcome == RUN_FAILED))
		trace_make_whole(w);
}

void walk_init(struct walk *w, struct flow *f, const struct scope_event *event,
		      const struct run_host *host, struct run_result *out)
{
	memset(w, 0, sizeof(*w));
	w->flow = f;
	w->host = *host;
	w->event = event;
	w->out = out;
	w->own_secrets.host = host;
	w->secrets = &w->own_secrets;
	w->same_run = strcmp(event->trigger, "delay") == 0;
	w->scope = scope_new(event);
	buf_init(&w->key);
	buf_init(&w->wait_index);
	hand_init(&w->hand);
	*out = (struct run_result){.reply = {.body = BUF_INIT}, .steps = BUF_INIT};
}

void walk_release(struct walk *w)
{
	/* It keeps the body, parsed, and the next run may be long in coming. */
	program_forget(w->flow->program);
	scope_free(w->scope);
	secrets_release(&w->own_secrets);
	buf_release(&w->key);
	buf_release(&w->wait_index);
	hand_release(&w->hand);
}

void run_flow(struct flow *f, const struct scope_event *event, struct slice resume,
	      const struct run_host *host, struct run_result *out)
{
	struct walk w;

	walk_init(&w, f, event, host, out);
	resume_start(&w, resume);
	walk_run(&w);
	walk_release(&w);
}

void run_result_release(struct run_result *r)
{
	free(r->failed_step);
	r->failed_step = NULL;
	reply_release(&r->reply);
	buf_release(&r->steps);
}

int run_prepare(struct flow *f, struct err *err)
{
	if (program_compile(f->program, err) == 0)
		return 0;
	return err_within(err, "flow \"%s\": ", flow_name(f));
}
