/* SPDX-License-Identifier: MIT */
/* flow test: runs a flow here and now, over an event that was received or one made up, and
 * shows what each step did. Nothing is stored, and unless --call says so nothing leaves. */
#include "cli/cmd.h"

#include "cli/apply.h"
#include "cli/called.h"
#include "cli/recorded.h"
#include "cli/sample.h"
#include "cli/signed.h"
#include "cli/trace.h"
#include "common/clock.h"
#include "common/mem.h"
#include "flow/connection.h"
#include "common/outbound.h"
#include "flow/run.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct test {
	const struct conf *conf;
	struct store *store; /* NULL: there is no database, and none is needed */
	bool call;
	const char *connections; /* a folder of documents, or NULL */
	struct buf document;
	struct flow *flow;
	struct called called;
	bool use_recorded;
	struct event_detail event; /* whose answers are recorded */
	struct recorded recorded;
};

/* ---- what a run asks of its host ---------------------------------------------------- */

static const char *secret_of_environment(const char *name)
{
	char variable[128];
	int n = snprintf(variable, sizeof(variable), "RINGBOLT_SECRET_%s", name);

	if (n < 0 || n >= (int)sizeof(variable))
		return NULL;
	for (char *p = variable; *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	return getenv(variable);
}

static int real_secret(void *arg, const char *name, char **value, struct err *err)
{
	struct test *t = arg;
	const char *own = secret_of_environment(name);
	size_t len;

	if (own)
		return *value = mem_dup(own), 1;
	return t->store ? store_secret_get(t->store, name, value, &len, err) : 0;
}

static int host_secret(void *arg, const char *name, char **value, struct err *err)
{
	struct test *t = arg;
	int rc = real_secret(t, name, value, err);

	if (rc != 0 || t->call)
		return rc;
	/* Nothing leaves, so any value will do: the flow can be tried before its secrets exist. */
	*value = mem_format("the secret %s", name);
	return 1;
}

/* A file of the folder stands before what the store has. */
static int host_connection(void *arg, const char *name, char **document, struct err *err)
{
	struct test *t = arg;
	struct buf text = BUF_INIT;
	char *path = t->connections ? mem_format("%s/%s.json", t->connections, name) : NULL;
	int rc = 0;

	if (path && access(path, F_OK) == 0) {
		rc = cmd_read_file(path, CONNECTION_DOCUMENT_MAX, &text, err) < 0 ? -1 : 1;
		*document = buf_take(&text);
	} else if (t->store) {
		rc = store_connection_load(t->store, name, document, err);
	}
	free(path);
	return rc;
}

static int host_call(void *arg, const struct outbound_request *request,
		     struct outbound_response *response, struct err *err)
{
	struct test *t = arg;

	if (t->call && !recorded_has(&t->recorded, request))
		return outbound_call(request, response, err);
	if (t->use_recorded || t->recorded.count)
		return recorded_answer(&t->recorded, request, response, err);
	recorded_stand_in(request, response);
	return 0;
}

static int host_flow(void *arg, const char *name, struct flow **flow, struct err *err)
{
	struct test *t = arg;

	t->called.store = t->store;
	return called_find(&t->called, name, flow, err);
}

/* ---- the flow ---------------------------------------------------------------------- */

static int load_document(struct test *t, const char *word, bool newest, struct err *err)
{
	struct flow_row row = {0};

	if (apply_names_file(word))
		return cmd_read_file(word, APPLY_DOCUMENT_MAX, &t->document, err);
	int rc = store_flow_load(t->store, word, newest ? -1 : 0, &row, err);
	if (rc == 0)
		return err_set(err, ERR_MISSING,
			       "there is no %sflow \"%.64s\", and no such file%s", newest ? "" : "published ",
			       word, newest ? "" : " (--draft takes the newest version)");
	if (rc > 0)
		buf_add_text(&t->document, row.document);
	flow_row_release(&row);
	return rc < 0 ? -1 : 0;
}

static int parse_flow(struct test *t, const char *word, struct err *err)
{
	struct faults faults = {0};
	int rc = flow_parse(t->document.ptr, t->document.len, &t->flow, &faults);

	if (rc == 0)
		rc = flow_check_expressions(t->flow, &faults);
	if (rc < 0)
		err_set(err, ERR_INVALID, "%s is faulty: %s: %s%s", word,
			*faults.list[0].pointer ? faults.list[0].pointer : "the document",
			faults.list[0].text, faults.errors > 1 ? " (`ringbolt flow check` lists all)" : "");
	faults_release(&faults);
	return rc;
}

/* ---- what came of it ----------------------------------------------------------------- */

/* What was not done, so that nobody takes its answer for real. */
static void print_stand_ins(const struct run_result *r)
{
	static const char *const answers[][2] = {
		{"http_request", "200, {}"}, {"sqlite_query", "no rows"}, {"command", "exit code 0, no output"},
	};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		char *member = mem_format("\"type\":\"%s\"", answers[i][0]);
		if (strstr(r->steps.ptr, member))
			fprintf(stderr, "\n%s was answered by a stand-in (%s); --call does it.\n", answers[i][0],
				answers[i][1]);
		free(member);
	}
}

static void print_people(const struct sample *s, const struct run_result *r, bool stubbed)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "%s %s%s%s", s->method, s->path, *s->query ? "?" : "", s->query);
	trace_print_value(buf_slice(&line), "", stdout);
	trace_print_headers((struct slice){s->headers, strlen(s->headers)}, "  ", stdout);
	buf_release(&line);
	if (s->body.len)
		trace_print_body(buf_slice(&s->body), stdout);
	puts("");
	trace_print_steps(buf_slice(&r->steps), stdout);
	puts("");
	if (r->replied)
		trace_print_reply(r->reply.status,
				  (struct slice){r->reply.headers, r->reply.headers ? strlen(r->reply.headers) : 0},
				  buf_slice(&r->reply.body), stdout);
	else
		puts("no reply");
	fflush(stdout);
	if (r->outcome == RUN_FAILED)
		fprintf(stderr, "\n");
	else if (stubbed)
		print_stand_ins(r);
}

static void add_json_member(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, ",\"%s\":", name);
	if (text)
		buf_add_json_text(out, text, strlen(text));
	else
		buf_add_text(out, "null");
}

static void print_json(const struct sample *s, const struct run_result *r)
{
	struct buf out = BUF_INIT;

	buf_addf(&out, "{\"outcome\":\"%s\"", r->outcome == RUN_SUCCEEDED ? "succeeded" : "failed");
	add_json_member(&out, "error", r->outcome == RUN_FAILED ? r->err.text : NULL);
	add_json_member(&out, "failed_step", r->failed_step);
	add_json_member(&out, "method", s->method);
	add_json_member(&out, "path", s->path);
	add_json_member(&out, "query", s->query);
	buf_addf(&out, ",\"headers\":%s", s->headers);
	buf_addf(&out, ",\"steps\":%s", r->steps.len ? r->steps.ptr : "[]");
	if (r->replied) {
		buf_addf(&out, ",\"reply\":{\"status\":%d,\"headers\":%s,\"body\":", r->reply.status,
			 r->reply.headers ? r->reply.headers : "[]");
		buf_add_json_text(&out, r->reply.body.ptr, r->reply.body.len);
		buf_add_text(&out, "}}\n");
	} else {
		buf_add_text(&out, ",\"reply\":null}\n");
	}
	fwrite(out.ptr, 1, out.len, stdout);
	buf_release(&out);
}

static int run_test(struct test *t, const struct conf *conf, const struct sample *s, bool json)
{
	const struct outbound_policy policy = {conf->allow_destinations, {conf->listen, conf->console}};
	const struct run_host host = {
		.arg = t,
		.secret = host_secret,
		.call = host_call,
		.connection = host_connection,
		.trace_values = true,
		.trace_inputs = true,
		.flow = host_flow,
		.sqlite_dir = t->conf->sqlite_dir,
		.command_dir = t->conf->command_dir,
		.data_dir = t->conf->data,
		.stand_in = !t->call,
	};
	struct run_result result = {0};
	struct err err;

	if (t->call && outbound_init(&policy, &err) < 0)
		return cmd_fail(&err);
	run_flow_through(t->flow, &s->event, &host, &result);
	if (json)
		print_json(s, &result);
	else
		print_people(s, &result, !t->call && ((!t->use_recorded && !t->recorded.count) || t->recorded.stubbed > 0));
	const char *unused;
	for (size_t i = 0; (unused = recorded_unused(&t->recorded, i)) != NULL; i++)
		fprintf(stderr, "No call asked for the answer that was given for \"%s\".\n", unused);
	int code = EXIT_FINE;
	if (result.outcome == RUN_FAILED && (code = EXIT_FAILED) && !json)
		cmd_fail(&result.err);
	run_result_release(&result);
	return code;
}

/* The database is needed for a name or an event; otherwise only for secrets, if there is one. */
static int open_store(struct test *t, const struct conf *conf, const struct args *args, struct err *err)
{
	struct err ignored;

	if (!apply_names_file(args->words[0]) || args_has(args, "event") ||
	    args_has(args, "sample"))
		return cmd_open_read(conf, &t->store, err);
	if (cmd_open_read(conf, &t->store, &ignored) < 0)
		t->store = NULL;
	return 0;
}

static int read_sample(struct sample *s, struct test *t, const struct args *args, int64_t event,
		       struct err *err)
{
	if (event && t->use_recorded) {
		int got = store_event_load(t->store, event, &t->event, err);
		if (got < 0)
			return -1;
		if (got > 0)
			recorded_read(&t->recorded, t->event.runs);
	}
	size_t at = 0;
	const char *answer;
	while ((answer = args_next(args, "answer", &at)) != NULL)
		if (recorded_give(&t->recorded, answer, err) < 0)
			return -1;
	if (event)
		return sample_from_event(s, t->flow, t->store, event, err);
	const char *kept = args_value(args, "sample", NULL);
	if (kept)
		return sample_from_kept(s, t->flow, t->store, kept, clock_wall_ms(), err);
	return sample_make(s, t->flow, args, clock_wall_ms(), err);
}

/* As the sender would have sent it; what is refused here would be refused by the server. */
static int sign_sample(struct sample *s, struct test *t, const struct args *args, struct err *err)
{
	if (!args_has(args, "signed"))
		return 0;
	if (signed_sample(s, t->flow, t->conf, real_secret, t, err) < 0)
		return -1;
	fprintf(stderr, "signed as %s does, and accepted as the server would\n", flow_webhook(t->flow)->system);
	return 0;
}

static int refuse_both(const struct args *args, int64_t event, struct err *err)
{
	if (event && args_has(args, "sample"))
		return err_set(err, ERR_INVALID, "--event and --sample both say what runs: give one of them");
	if (args_has(args, "recorded") && (!event || args_has(args, "call")))
		return err_set(err, ERR_INVALID, "--recorded answers from what an event got: give --event ID, "
			       "and no --call");
	return 0;
}

static int run(const struct conf *conf, const struct args *args)
{
	struct test t = {.conf = conf, .call = args_has(args, "call"), .document = BUF_INIT,
			 .connections = args_value(args, "connections", NULL),
			 .use_recorded = args_has(args, "recorded"), .event = {.body = BUF_INIT}};
	struct sample sample = {.body = BUF_INIT};
	struct err err;
	int64_t event = 0;
	int code;

	if (args_words(args, 1, 1, "FILE or NAME", &err) < 0 ||
	    args_number(args, "event", 1, INT64_MAX, &event, &err) < 0 ||
	    refuse_both(args, event, &err) < 0)
		return cmd_usage("flow test", &err);
	if (open_store(&t, conf, args, &err) < 0 ||
	    load_document(&t, args->words[0], args_has(args, "draft"), &err) < 0 ||
	    parse_flow(&t, args->words[0], &err) < 0 || read_sample(&sample, &t, args, event, &err) < 0 ||
	    sign_sample(&sample, &t, args, &err) < 0 || sample_redact(&sample, t.flow, &err) < 0)
		code = cmd_fail(&err);
	else
		code = run_test(&t, conf, &sample, args_has(args, "json"));
	sample_release(&sample);
	flow_free(t.flow);
	called_release(&t.called);
	recorded_release(&t.recorded);
	event_detail_release(&t.event);
	buf_release(&t.document);
	store_close(t.store);
	return code;
}

static const struct option options[] = {
	{"event", "ID", "Run over this event that was received.", false},
	{"sample", "NAME", "Run over this sample, kept by `ringbolt flow sample add`.", false},
	{"body", "FILE|-", "The request's body.", false},
	{"header", "NAME:VALUE", "A request header.", true},
	{"query", "NAME=VALUE", "A query parameter, as it stands in a URL.", true},
	{"path", "PATH", "The path, where the suffix has {name} parts: /orders/7.", false},
	{"method", "METHOD", "The request's method.", false},
	{"signed", NULL, "Sign the request as the flow's system would, with its first secret, and judge the signature "
			 "as the server would.", false},
	{"draft", NULL, "With NAME: the newest version instead of the published one.", false},
	{"call", NULL, "Do what http_request, sqlite_query and command say; without it each has a stand-in.",
	 false},
	{"recorded", NULL, "With --event: answer each call with what that event's last recorded run got.", false},
	{"answer", "STEP=JSON|@FILE", "Answer the calls of this step with {\"status\", \"headers\", \"body\"}, or "
				      "with {\"error\": text} for none.", true},
	{"connections", "DIR", "Look for connections here first: crm is DIR/crm.json.", false},
	{"allow-destinations", "RANGES", "With --call: private addresses that may be called, such as "
					 "127.0.0.0/8.", false},
	{"json", NULL, "One JSON object: outcome, error, steps, reply.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_flow_test = {
	.name = "flow test",
	.arguments = "FILE|NAME",
	.text = "Run a flow here, step by step, without storing anything.",
	.help = "What is not given comes from the flow's webhook.expected, or else from the sample of its system.\n"
		"Authentication is not asked for, unless --signed says so.\n"
		"A FILE needs no database. Exit code 1 when the run failed.\n"
		"\tringbolt flow test examples/price-quote.json\n"
		"\tringbolt flow test orders --event 1042 --draft\n"
		"\tringbolt flow test orders.json --answer customer='{\"status\": 404}'\n"
		"\techo '{\"id\": 7}' | ringbolt flow test orders.json --body - --header X-Topic:create",
	.options = options,
	.run = run,
};
