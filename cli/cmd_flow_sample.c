/* SPDX-License-Identifier: MIT */
/* flow sample and flow learn: requests kept to try a flow with, and what one of them teaches. */
#include "cli/cmd.h"

#include "cli/learn.h"
#include "cli/sample.h"
#include "cli/table.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- flow sample ------------------------------------------------------------------------- */

static int refuse_name(const char *name, struct err *err)
{
	size_t len = strlen(name);

	if (len && len <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len)
		return 0;
	return err_set(err, ERR_INVALID, "a sample's name is small letters, digits, _ and -, at most 64; it cannot be "
		       "\"%.64s\"", name);
}

static int take(struct sample *sample, struct store *s, const struct flow_row *row, const struct args *args,
		int64_t event, struct err *err)
{
	struct faults faults = {0};
	struct flow *flow = NULL;
	int rc;

	if (flow_parse(row->document, strlen(row->document), &flow, &faults) < 0)
		rc = err_set(err, ERR_INVALID, "%s is faulty: %s", row->name, faults.list[0].text);
	else if (event)
		rc = sample_from_event(sample, flow, s, event, err);
	else
		rc = sample_make(sample, flow, args, clock_wall_ms(), err);
	if (rc >= 0)
		rc = sample_redact(sample, flow, err);
	flow_free(flow);
	faults_release(&faults);
	return rc;
}

static int add(struct store *s, const struct args *args, int64_t event, struct err *err)
{
	const char *flow = args->words[1], *name = args->words[2];
	struct sample sample = {.body = BUF_INIT};
	struct flow_row row = {0};
	int rc = store_flow_load(s, flow, -1, &row, err);

	if (rc == 0)
		rc = err_set(err, ERR_MISSING, "there is no flow \"%.64s\" (`ringbolt flow list`)", flow);
	if (rc > 0)
		rc = take(&sample, s, &row, args, event, err);
	if (rc >= 0) {
		const struct sample_row kept = {
			.name = name, .method = sample.method, .path = sample.path, .query = sample.query,
			.headers = sample.headers, .body = buf_slice(&sample.body), .updated_at = clock_wall_ms(),
		};
		rc = store_sample_set(s, flow, &kept, err);
	}
	if (rc >= 0)
		printf("%s: sample %s is kept\n", flow, name);
	sample_release(&sample);
	flow_row_release(&row);
	return rc;
}

static const struct column columns[] = {
	{"name", CELL_TEXT, 0},	 {"method", CELL_TEXT, 0},	  {"path", CELL_TEXT, 0},
	{"query", CELL_TEXT, 0}, {"body_bytes", CELL_NUMBER, 0}, {"updated_at", CELL_TEXT, 0},
};

static int add_row(void *arg, const struct sample_row *row)
{
	struct table *t = arg;
	char at[CLOCK_ISO_SIZE];

	table_text(t, row->name);
	table_text(t, row->method);
	table_text(t, row->path);
	table_text(t, row->query);
	table_number(t, (int64_t)row->body.len);
	table_text(t, clock_iso(row->updated_at, at));
	return 0;
}

static int list(struct store *s, const struct args *args, struct err *err)
{
	struct table t;

	table_start(&t, columns, ARRAY_LEN(columns), args_has(args, "json"), stdout);
	int n = store_samples_each(s, args->words[1], NULL, add_row, &t, err);
	table_end(&t);
	return n;
}

static int drop(struct store *s, const struct args *args, struct err *err)
{
	const char *flow = args->words[1], *name = args->words[2];
	int got = store_sample_remove(s, flow, name, err);

	if (got == 0)
		return err_set(err, ERR_MISSING, "the flow \"%.64s\" has no sample \"%.64s\" (`ringbolt flow sample list "
			       "%.64s`)", flow, name, flow);
	if (got > 0)
		printf("%s: sample %s is removed\n", flow, name);
	return got;
}

static int run_sample(const struct conf *conf, const struct args *args)
{
	const char *verb = args->n_words ? args->words[0] : "";
	bool is_list = strcmp(verb, "list") == 0, is_add = strcmp(verb, "add") == 0;
	struct store *s = NULL;
	struct err err;
	int64_t event = 0;
	int rc = 0;

	if (!is_list && !is_add && strcmp(verb, "remove") != 0)
		rc = err_set(&err, ERR_INVALID, "say add FLOW NAME, list FLOW or remove FLOW NAME");
	if (rc < 0 || args_words(args, is_list ? 2 : 3, is_list ? 2 : 3, args->n_words < 2 ? "FLOW" : "NAME", &err) < 0 ||
	    args_number(args, "event", 1, INT64_MAX, &event, &err) < 0 ||
	    (!is_list && refuse_name(args->words[2], &err) < 0))
		return cmd_usage("flow sample", &err);
	rc = is_list ? cmd_open_read(conf, &s, &err) : cmd_open_exists(conf, &s, &err);
	if (rc >= 0)
		rc = is_list ? list(s, args, &err) : is_add ? add(s, args, event, &err) : drop(s, args, &err);
	store_close(s);
	return rc < 0 ? cmd_fail(&err) : EXIT_FINE;
}

static const struct option sample_options[] = {
	{"event", "ID", "add: this event that was received.", false},
	{"body", "FILE|-", "add: the request's body.", false},
	{"header", "NAME:VALUE", "add: a request header.", true},
	{"query", "NAME=VALUE", "add: a query parameter, as it stands in a URL.", true},
	{"path", "PATH", "add: the path, where the suffix has {name} parts: /orders/7.", false},
	{"method", "METHOD", "add: the request's method.", false},
	OPTION_JSON,
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_flow_sample = {
	.name = "flow sample",
	.arguments = "add|list|remove FLOW [NAME]",
	.text = "Keep requests by name with a flow, to try it with: `flow test FLOW --sample NAME`.",
	.help = "A sample is kept as it is, also when events are gone or the flow changes; one of the same name is\n"
		"replaced. What is not given comes from the flow's webhook.expected.\n"
		"\tringbolt flow sample add orders large --event 1042\n"
		"\tringbolt flow sample add orders small --body small.json\n"
		"\tringbolt flow sample list orders",
	.options = sample_options,
	.run = run_sample,
};

/* ---- flow learn -------------------------------------------------------------------------- */

/* The newest version says which header or parameter is a credential. */
static int learn_from(struct store *s, const struct event_detail *event, struct err *err)
{
	struct flow_row row = {0};
	struct faults faults = {0};
	struct flow *flow = NULL;
	char *text = NULL;
	int got = store_flow_load(s, event->flow, -1, &row, err);

	if (got == 0)
		got = err_set(err, ERR_MISSING, "the flow \"%s\" has no version", event->flow);
	if (got > 0 && flow_parse(row.document, strlen(row.document), &flow, &faults) < 0)
		err_set(err, ERR_INVALID, "%s is faulty: %s", row.name, faults.list[0].text);
	if (flow)
		text = learn_expected(event, flow_webhook(flow), err);
	if (text)
		table_bytes(stdout, text, strlen(text));
	flow_free(flow);
	faults_release(&faults);
	flow_row_release(&row);
	int rc = text ? 0 : -1;
	free(text);
	return rc;
}

static int learn(struct store *s, const char *flow, int64_t id, struct err *err)
{
	struct event_detail event;
	int got = store_event_load(s, id, &event, err);

	if (got <= 0)
		return got < 0 ? -1 : err_set(err, ERR_MISSING, "there is no event %lld", (long long)id);
	if (strcmp(event.flow, flow) == 0)
		got = learn_from(s, &event, err);
	else
		got = err_set(err, ERR_INVALID, "event %lld is one of the flow \"%s\", not of \"%.64s\"",
			      (long long)id, event.flow, flow);
	event_detail_release(&event);
	return got;
}

static int run_learn(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct err err;
	int64_t id = 0;
	int got;

	if (args_words(args, 1, 1, "FLOW", &err) < 0 ||
	    (got = args_number(args, "event", 1, INT64_MAX, &id, &err)) < 0 ||
	    (got == 0 && err_set(&err, ERR_INVALID, "--event ID says which event is to be learnt from") < 0))
		return cmd_usage("flow learn", &err);
	int rc = cmd_open_read(conf, &s, &err) < 0 ? -1 : learn(s, args->words[0], id, &err);
	store_close(s);
	return rc < 0 ? cmd_fail(&err) : EXIT_FINE;
}

static const struct option learn_options[] = {
	{"event", "ID", "The event to learn from.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_flow_learn = {
	.name = "flow learn",
	.arguments = "FLOW",
	.text = "Print what a real event teaches as an \"expected\" object, for the flow's webhook.",
	.help = "Headers of the transport, of proxies and of credentials are left out, but for the name of the\n"
		"api_key that the webhook asks for. Its values are the event's\n"
		"own: look over them before the document leaves the house.\n"
		"\tringbolt flow learn orders --event 1042",
	.options = learn_options,
	.run = run_learn,
};
