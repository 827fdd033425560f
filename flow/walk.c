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

/* ---- one step ---- */

/* What another try may mend: the outside was slow, down or busy, or answered as the step
 * says; and it does not want to be left alone for longer than the step would wait. */
static bool passing(const struct walk *w, const struct step *s, const struct err *err)
{
	int status = w->failed_status;

	if (w->retry_after_ms > s->max_pause_ms)
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

static enum step_result try_step(struct walk *w, const struct step *s, struct trace_entry *entry,
				 struct err *err)
{
	enum step_result result;

	for (entry->tries = 1;; entry->tries++) {
		buf_clear(&entry->output);
		buf_clear(&w->inputs);
		w->n_entered = 0;
		w->failed_status = 0;
		w->retry_after_ms = 0;
		result = s->type->run(w, s, &entry->output, err);
		if (result != STEP_FAILED || entry->tries >= s->attempts || !passing(w, s, err))
			break;
		rest(w->retry_after_ms > s->pause_ms ? w->retry_after_ms : s->pause_ms);
	}
	if (!entry->output.len)
		buf_add_text(&entry->output, "null");
	if (result == STEP_FAILED || result == STEP_ENDED)
		secrets_mask_text(&w->secrets, err->text, sizeof(err->text));
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
	if (w->failed_status)
		buf_addf(out, ",\"status\":%d", w->failed_status);
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

/* A step of an earlier run that need not be done again: 1 with its output; 0; -1 when it
 * must not be done again and cannot be reused either. */
static int reuse(struct walk *w, const struct step *s, struct buf *output, struct err *err)
{
	struct slice old, out;

	if (s->type->anew || !trace_find(w->resume, s->name, s->type->name, &old))
		return 0;
	bool kept = jsontext_member(old, "output", 6, &out) &&
		    !jsontext_member(old, "truncated", 9, &(struct slice){0});
	if (kept)
		buf_add_slice(output, out);
	else if (s->type->effects)
		return err_set(err, ERR_CONFLICT, "it succeeded in the earlier run, but its output "
			       "was not kept; replay from the start");
	return kept;
}

static enum step_result after_error(struct walk *w, const struct step *s, struct err *err)
{
	struct err inner;

	if (s->on_error == ON_ERROR_CONTINUE)
		return STEP_NEXT;
	if (s->on_error == ON_ERROR_STEPS) {
		enum step_result result = run_list(w, s->on_error_steps, &inner);
		if (result == STEP_FAILED || result == STEP_ENDED)
			*err = inner;
		return result;
	}
	w->failed_step = s->name;
	return STEP_FAILED;
}

static enum step_result run_entered(struct walk *w, struct err *err)
{
	/* The lists entered belong to this step; those within enter their own. */
	const struct step_list *lists[WALK_ENTER_MAX];
	size_t n = w->n_entered;
	enum step_result result = STEP_NEXT;

	memcpy(lists, w->entered, n * sizeof(lists[0]));
	w->n_entered = 0;
	for (size_t i = 0; i < n && result == STEP_NEXT; i++)
		result = run_list(w, lists[i], err);
	return result;
}

static enum step_result run_step(struct walk *w, const struct step *s, struct err *err)
{
	struct trace_entry entry = {.step = s, .started_at = clock_wall_ms(),
				    .started_us = clock_mono_us(), .output = BUF_INIT,
				    .error = BUF_INIT};
	enum step_result result = STEP_NEXT;

	int reused = reuse(w, s, &entry.output, err);
	bool skipped = w->handling && s->type->replies && w->out->replied;
	w->step = s;
	w->n_entered = 0;
	w->failed_status = 0;
	buf_clear(&w->inputs);
	if (skipped)
		entry.outcome = "skipped";
	else if (reused > 0)
		entry.outcome = "reused";
	else
		result = reused < 0 ? STEP_ENDED : try_step(w, s, &entry, err);
	bool failed = result == STEP_FAILED || result == STEP_ENDED;
	if (failed) {
		struct buf named = BUF_INIT;
		error_json(w, err, NULL, &entry.error);
		error_json(w, err, s->name, &named);
		output_with_error(&entry.output, &entry.error);
		scope_step_set(w->scope, "error", buf_slice(&named));
		buf_release(&named);
	}
	if (!entry.outcome)
		entry.outcome = failed ? "failed" : "succeeded";
	if (!skipped)
		scope_step_set(w->scope, s->name, buf_slice(&entry.output));
	trace_add(w, &entry);
	buf_release(&entry.output);
	buf_release(&entry.error);
	if (result == STEP_NEXT)
		return run_entered(w, err);
	if (result == STEP_ENDED)
		w->failed_step = s->name;
	return result == STEP_FAILED ? after_error(w, s, err) : result;
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
static void handle_failure(struct walk *w)
{
	const char *failed_step = w->failed_step;
	struct err ignored;

	if (!w->flow->on_error)
		return;
	w->handling = true;
	run_list(w, w->flow->on_error, &ignored);
	w->failed_step = failed_step;
}

void run_flow(struct flow *f, const struct scope_event *event, struct slice resume,
	      const struct run_host *host, struct run_result *out)
{
	struct walk w = {
		.flow = f,
		.host = host,
		.event = event,
		.out = out,
		.resume = resume,
		.secrets = {.host = host},
		.inputs = BUF_INIT,
		.paths = BUF_INIT,
	};
	struct err err = {0}, unread;

	*out = (struct run_result){.reply = {.body = BUF_INIT}, .steps = BUF_INIT};
	if (resume.len && jsontext_check(resume, JSONTEXT_DEPTH_MAX, &unread) < 0)
		w.resume = (struct slice){0};
	w.scope = scope_new(event);
	enum step_result result = run_list(&w, f->steps, &err);
	if (result == STEP_FAILED || result == STEP_ENDED) {
		handle_failure(&w);
		end_failed(&w, &err);
	} else if (w.marked.kind != ERR_NONE) {
		w.failed_step = w.marked_step;
		end_failed(&w, &w.marked);
	}
	buf_add_text(&out->steps, out->steps.len ? "]" : "[]");
	/* It keeps the body, parsed, and the next run may be long in coming. */
	program_forget(f->program);
	scope_free(w.scope);
	secrets_release(&w.secrets);
	buf_release(&w.inputs);
	buf_release(&w.paths);
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
