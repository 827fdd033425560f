/* SPDX-License-Identifier: MIT */
/* webhook_response: decides what the caller gets. The steps after it still run. */
#include "common/crypto.h"
#include "common/header.h"
#include "flow/reply.h"
#include "flow/walk.h"

#include <stdlib.h>
#include <string.h>

static const char *const statuses[] = {"200", "201", "202", "204", NULL};
static const char *const outcomes[] = {"succeeded", "failed", NULL};

static const struct param params[] = {
	{.name = "status", .type = PARAM_INT, .choices = statuses, .fallback = "200",
	 .pattern = "for any other status use \"override_status\"",
	 .text = "The HTTP status of a successful reply."},
	{.name = "override_status", .type = PARAM_VALUE,
	 .text = "Replaces the status unless it is null or empty: 200 to 599, no redirects."},
	{.name = "headers", .type = PARAM_HEADERS, .refuse = header_refused_in_reply,
	 .text = "Headers of the reply; a list of values repeats a header, empty or null leaves "
		 "it out."},
	{.name = "body", .type = PARAM_VALUE,
	 .text = "The body: text is sent as text, anything else as JSON."},
	{.name = "body_base64", .type = PARAM_TEXT_VALUE,
	 .text = "The body as bytes, in base64; {{ .body_base64 }} sends back what came in."},
	{.name = "outcome", .type = PARAM_CHOICE, .choices = outcomes, .fallback = "succeeded",
	 .text = "\"failed\" lets history say failed while the caller gets this reply."},
	{.name = "message", .type = PARAM_TEXT_VALUE,
	 .text = "Why, where the outcome is \"failed\"."},
	{0},
};

static void check(const struct step *s, struct faults *faults)
{
	const struct arg *status = arg_find(&s->args, "status");
	const struct arg *bytes = arg_find(&s->args, "body_base64");

	if (bytes->node && arg_given(&s->args, "body"))
		fault_add(faults, bytes->pointer, NULL,
			  "\"body\" and \"body_base64\" are two bodies; keep one of them");
	const char *body = bytes->node ? "body_base64" : "body";
	if (arg_int(&s->args, "status") == 204 && arg_given(&s->args, body) &&
	    !arg_given(&s->args, "override_status"))
		warn_add(faults, status->pointer, NULL, "a 204 has no body: \"%s\" is not sent", body);
	if (arg_given(&s->args, "message") &&
	    strcmp(arg_text(&s->args, "outcome"), "failed") != 0)
		warn_add(faults, arg_find(&s->args, "message")->pointer, NULL,
			 "\"message\" is only read where \"outcome\" is \"failed\"");
}

/* The status as declared or overridden; -1. */
static int status_of(struct walk *w, const struct step *s, struct err *err)
{
	int status = (int)arg_int(&s->args, "status");
	struct buf json = BUF_INIT;
	int rc = walk_json(w, &s->args, "override_status", &json, err);

	if (rc > 0) {
		rc = reply_status(buf_slice(&json), &status, err);
		if (rc < 0)
			walk_refuse(w, &s->args, "override_status", err);
	}
	buf_release(&json);
	return rc < 0 ? -1 : status;
}

static bool fails(const struct step *s)
{
	return strcmp(arg_text(&s->args, "outcome"), "failed") == 0;
}

static void mark(struct walk *w, const struct step *s, const struct buf *message)
{
	if (fails(s))
		walk_fail(w, ERR_INVALID, message->len ? message->ptr : "the reply says so");
}

static int add_bytes(struct walk *w, const struct step *s, struct reply *reply, struct err *err)
{
	struct buf text = BUF_INIT, bytes = BUF_INIT;
	int rc = walk_text(w, &s->args, "body_base64", &text, err);

	if (rc > 0 && !crypto_base64_decode(buf_slice(&text), &bytes))
		rc = err_set(err, ERR_INVALID, "body_base64: \"%.40s\" is not base64 (A-Z a-z 0-9 + / "
			     "and = at the end); {{ .body_base64 }} and jq's @base64 give it", text.ptr);
	if (rc > 0) {
		walk_mask_reply(w, false, &bytes);
		reply_bytes(reply, buf_slice(&bytes));
	}
	buf_release(&text);
	buf_release(&bytes);
	return rc < 0 ? -1 : 0;
}

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	struct buf headers = BUF_INIT, body = BUF_INIT, message = BUF_INIT;
	enum step_result result = STEP_FAILED;
	struct reply reply;

	int status = status_of(w, s, err);
	if (status < 0 || walk_headers(w, &s->args, "headers", &headers, err) < 0)
		goto out;
	int has_body = walk_json(w, &s->args, "body", &body, err);
	if (has_body < 0)
		goto out;
	walk_mask_reply(w, true, &headers);
	walk_mask_reply(w, true, &body);
	struct slice json = has_body ? buf_slice(&body) : (struct slice){0};
	if (reply_make(&reply, status, buf_slice(&headers), json, err) < 0)
		goto out;
	buf_addf(output, "{\"status\":%d}", status);
	if (add_bytes(w, s, &reply, err) < 0 ||
	    (fails(s) && walk_text(w, &s->args, "message", &message, err) < 0)) {
		reply_release(&reply);
		goto out;
	}
	int decided = walk_reply(w, s, &reply, err);
	if (decided > 0)
		mark(w, s, &message);
	if (decided >= 0)
		result = decided ? STEP_NEXT : STEP_FAULT;
out:
	buf_release(&message);
	buf_release(&headers);
	buf_release(&body);
	return result;
}

/* The run answered here before it waited. */
static enum step_result again(struct walk *w, const struct step *s, struct slice output,
			      struct err *err)
{
	struct buf message = BUF_INIT;
	int rc = fails(s) ? walk_text(w, &s->args, "message", &message, err) : 0;

	(void)output;
	walk_replied(w, s);
	if (rc >= 0)
		mark(w, s, &message);
	buf_release(&message);
	return rc < 0 ? STEP_FAILED : STEP_NEXT;
}

extern const struct step_type step_webhook_response;
const struct step_type step_webhook_response = {
	.name = "webhook_response",
	.text = "Answers the caller: status, headers, body.",
	.params = params,
	.replies = true,
	.anew = true,
	.check = check,
	.run = run,
	.again = again,
};
