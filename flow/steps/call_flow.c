/* SPDX-License-Identifier: MIT */
/* call_flow: runs the published version of another flow as a part of this run. What that one
 * would have answered its caller is the output. */
#include "flow/walk.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "common/header.h"
#include "common/pairs.h"

#include <stdlib.h>
#include <string.h>

/* How much of the inner trace is kept: where it failed enough for a replay, where it waits all. */
#define STEPS_KEPT 65536
#define STEPS_KEPT_FAILED (1024 * 1024)

static const struct param params[] = {
	{.name = "flow", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 64,
	 .text = "The name of the flow."},
	{.name = "body", .type = PARAM_VALUE,
	 .text = "What it finds in .body; as JSON, text too. Default: nothing."},
	{.name = "query", .type = PARAM_MAP_VALUE,
	 .text = "What it finds in .query; a list is a repeated parameter, null and empty leave "
		 "one out."},
	{.name = "headers", .type = PARAM_HEADERS, .text = "What it finds in .headers."},
	{0},
};

static void check_in(const struct step *s, const struct flow *f, struct faults *faults)
{
	const char *name = arg_text(&s->args, "flow");
	const char *own = json_text(f->json, "name", "");

	if (name && *name && strcmp(name, own) == 0)
		fault_add(faults, arg_find(&s->args, "flow")->pointer, NULL,
			  "flow \"%.64s\" would call itself; to do something several times use "
			  "for_each", name);
}

/* As it would have come in a URL. */
static int read_query(struct walk *w, const struct step *s, struct buf *out, struct err *err)
{
	struct buf json = BUF_INIT;
	int rc = walk_json(w, &s->args, "query", &json, err);

	if (rc > 0 && (rc = pairs_encode_object(jsontext_trim(buf_slice(&json)), false, out, err)) < 0)
		err_within(err, "query: ");
	buf_release(&json);
	return rc < 0 ? -1 : 0;
}

static int read_headers(struct walk *w, const struct step *s, bool body, struct buf *out,
			struct err *err)
{
	static const char type[] = "application/json";

	if (walk_headers(w, &s->args, "headers", out, err) < 0)
		return -1;
	if (!body || header_list_has(buf_slice(out), "Content-Type"))
		return 0;
	out->ptr[--out->len] = '\0'; /* the list is reopened */
	header_list_add(out, "Content-Type", type, sizeof(type) - 1);
	buf_add_char(out, ']');
	return 0;
}

static bool says_json(const char *headers)
{
	struct buf object = BUF_INIT;
	struct slice type;

	pairs_headers((struct slice){headers, strlen(headers)}, &object);
	bool json = jsontext_member(buf_slice(&object), "content-type", 12, &type) &&
		    memmem(type.ptr, type.len, "json", 4);
	buf_release(&object);
	return json;
}

/* The reply as http_request would have given it. */
static void write_reply(const struct reply *reply, struct buf *output)
{
	struct slice body = buf_slice(&reply->body);

	buf_addf(output, "{\"status\":%d,\"headers\":", reply->status);
	pairs_headers((struct slice){reply->headers, strlen(reply->headers)}, output);
	buf_add_text(output, ",\"body\":");
	if (says_json(reply->headers) && jsontext_check(body, JSONTEXT_DEPTH_MAX, NULL) == 0)
		buf_add_slice(output, jsontext_trim(body));
	else if (!utf8_valid(body.ptr, body.len))
		buf_add_text(output, "null,\"body_error\":\"the answer is not text\"");
	else if (body.len)
		buf_add_json_text(output, body.ptr, body.len);
	else
		buf_add_text(output, "null");
	buf_add_char(output, '}');
}

static void note_steps(struct walk *w, const struct run_result *inner)
{
	size_t max = inner->outcome == RUN_WAITING	? SIZE_MAX
		     : inner->outcome == RUN_FAILED ? STEPS_KEPT_FAILED : STEPS_KEPT;
	struct buf note = BUF_INIT;

	if (inner->steps.len > max)
		buf_addf(&note, "{\"truncated\":%zu}", inner->steps.len);
	else
		buf_add_slice(&note, buf_slice(&inner->steps));
	walk_note(w, "steps", buf_slice(&note));
	buf_release(&note);
}

static enum step_result conclude(struct walk *w, const struct run_result *inner,
				 const struct buf *last, struct buf *output, struct err *err)
{
	struct slice earlier;

	if (inner->replied)
		write_reply(&inner->reply, output);
	else if (walk_earlier(w, "reply", &earlier))
		buf_add_slice(output, earlier);
	note_steps(w, inner);
	if (output->len && inner->outcome != RUN_SUCCEEDED)
		walk_note(w, "reply", buf_slice(output));
	if (inner->outcome == RUN_WAITING)
		return walk_wait(w, inner->wake_at);
	if (!output->len)
		buf_add_slice(output, buf_slice(last));
	if (inner->outcome == RUN_SUCCEEDED)
		return STEP_NEXT;
	*err = inner->err;
	return STEP_FAILED;
}

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	struct buf body = BUF_INIT, query = BUF_INIT, headers = BUF_INIT, last = BUF_INIT;
	struct run_result inner;
	enum step_result result = STEP_FAILED;
	struct slice resume = {0};

	int has_body = walk_json(w, &s->args, "body", &body, err);
	if (has_body < 0 || read_query(w, s, &query, err) < 0 ||
	    read_headers(w, s, has_body, &headers, err) < 0)
		goto out;
	if (walk_earlier(w, "steps", &resume) && jsontext_kind(resume) != JSONTEXT_ARRAY) {
		err_set(err, ERR_CONFLICT, "what the flow had done in the earlier run was not kept; "
			"replay from the start");
		result = STEP_ENDED;
		goto out;
	}
	struct scope_event event = {
		.method = "POST", .path = "", .query = query.ptr, .suffix = "", .trigger = "call",
		.headers = headers.ptr, .body = buf_slice(&body),
	};
	if (walk_flow(w, s, arg_text(&s->args, "flow"), &event, resume, &inner, &last, err) < 0)
		goto out;
	result = conclude(w, &inner, &last, output, err);
	run_result_release(&inner);
out:
	buf_release(&body);
	buf_release(&query);
	buf_release(&headers);
	buf_release(&last);
	return result;
}

extern const struct step_type step_call_flow;
const struct step_type step_call_flow = {
	.name = "call_flow",
	.text = "Runs another flow inside this run; its reply is the output.",
	.params = params,
	.effects = true,
	.check_in = check_in,
	.run = run,
};
