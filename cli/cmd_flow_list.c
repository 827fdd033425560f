/* SPDX-License-Identifier: MIT */
/* flow list, show, publish, pause and resume: the flows that are in the store. */
#include "cli/cmd.h"

#include "cli/apply.h"
#include "cli/table.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- flow list ------------------------------------------------------------------------- */

static const struct column list_columns[] = {
	{"name", CELL_TEXT, 0},	   {"state", CELL_TEXT, 0},   {"version", CELL_NUMBER, 0},
	{"latest", CELL_NUMBER, 0}, {"methods", CELL_TEXT, 0}, {"url_suffix", CELL_TEXT, 0},
	{"updated_at", CELL_TEXT, 0}, {"title", CELL_TEXT, 0},
};

static void add_methods(unsigned methods, struct buf *out)
{
	for (unsigned bit = 1; bit && bit <= methods; bit <<= 1)
		if (methods & bit)
			buf_addf(out, "%s%s", out->len ? " " : "", flow_method_name(bit));
}

static void list_row(struct table *t, const struct flow_row *row)
{
	struct faults faults = {0};
	struct flow *flow = NULL;
	struct buf methods = BUF_INIT;
	char at[CLOCK_ISO_SIZE];

	/* What is published was sound when it was applied; a later program may think otherwise. */
	if (row->document && flow_parse(row->document, strlen(row->document), &flow, &faults) == 0)
		add_methods(flow_webhook(flow)->methods, &methods);
	table_text(t, row->name);
	table_text(t, row->paused ? "paused" : row->version ? "published" : "draft");
	if (row->version)
		table_number(t, row->version);
	else
		table_nothing(t);
	table_number(t, row->latest);
	table_text(t, flow ? methods.ptr : NULL);
	table_text(t, flow ? flow_webhook(flow)->url_suffix : NULL);
	table_text(t, clock_iso(row->updated_at, at));
	table_text(t, row->title);
	buf_release(&methods);
	flow_free(flow);
	faults_release(&faults);
}

static int run_list(const struct conf *conf, const struct args *args)
{
	struct flow_row *rows = NULL;
	struct store *s = NULL;
	struct table t;
	struct err err;
	size_t count = 0;

	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("flow list", &err);
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	if (store_flows_load(s, &rows, &count, &err) < 0) {
		store_close(s);
		return cmd_fail(&err);
	}
	table_start(&t, list_columns, ARRAY_LEN(list_columns), args_has(args, "json"), stdout);
	for (size_t i = 0; i < count; i++) {
		list_row(&t, &rows[i]);
		flow_row_release(&rows[i]);
	}
	table_end(&t);
	if (count == 0)
		fputs("There are no flows yet: `ringbolt flow apply FILE` adds one.\n", stderr);
	free(rows);
	store_close(s);
	return EXIT_FINE;
}

static const struct option list_options[] = {OPTION_JSON, {NULL, NULL, NULL, false}};

const struct cmd cmd_flow_list = {
	.name = "flow list",
	.arguments = "",
	.text = "List the flows: state, published and newest version, methods and URL suffix.",
	.options = list_options,
	.run = run_list,
};

/* ---- flow show ------------------------------------------------------------------------- */

static int load_version(struct store *s, const char *name, int version, struct flow_row *row,
			struct err *err)
{
	int rc = store_flow_load(s, name, version, row, err);

	if (rc != 0)
		return rc;
	if (version > 0)
		return err_set(err, ERR_MISSING,
			       "there is no version %d of a flow \"%.64s\" (`ringbolt flow list`)", version,
			       name);
	return err_set(err, ERR_MISSING, "there is no %sflow \"%.64s\" (`ringbolt flow list`)",
		       version == 0 ? "published " : "", name);
}

/* What the webhook expects, indented: the caller's, or NULL. */
static char *expected_of(const struct flow_row *row, struct err *err)
{
	struct faults faults = {0};
	struct flow *flow = NULL;
	char *text = NULL;

	if (flow_parse(row->document, strlen(row->document), &flow, &faults) < 0) {
		err_set(err, ERR_INVALID, "%s is faulty: %s", row->name, faults.list[0].text);
	} else {
		cJSON *expected = flow_expected(flow);
		text = json_print_pretty(expected);
		cJSON_Delete(expected);
	}
	flow_free(flow);
	faults_release(&faults);
	return text;
}

static int run_show(const struct conf *conf, const struct args *args)
{
	struct flow_row row = {0};
	struct store *s = NULL;
	struct err err;
	int64_t version = 0;

	if (args_words(args, 1, 1, "NAME", &err) < 0 ||
	    args_number(args, "version", 1, 1000000000, &version, &err) < 0)
		return cmd_usage("flow show", &err);
	if (args_has(args, "draft"))
		version = -1;
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = load_version(s, args->words[0], (int)version, &row, &err);
	store_close(s);
	if (rc < 0)
		return cmd_fail(&err);
	char *text = args_has(args, "expected") ? expected_of(&row, &err) : mem_dup(row.document);
	size_t len = text ? strlen(text) : 0;
	if (len)
		table_bytes(stdout, text, len);
	if (isatty(STDOUT_FILENO) && len && text[len - 1] != '\n')
		putchar('\n');
	flow_row_release(&row);
	if (!text)
		return cmd_fail(&err);
	free(text);
	return EXIT_FINE;
}

static const struct option show_options[] = {
	{"version", "N", "That version instead of the published one.", false},
	{"draft", NULL, "The newest version, published or not.", false},
	{"expected", NULL, "Only the structure its webhook expects, with what its authentication adds.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_flow_show = {
	.name = "flow show",
	.arguments = "NAME",
	.text = "Print a flow's document exactly as it was applied.",
	.help = "\tringbolt flow show orders >orders.json\n"
		"\tdiff <(ringbolt flow show orders --version 3) <(ringbolt flow show orders)",
	.options = show_options,
	.run = run_show,
};

/* ---- flow publish ------------------------------------------------------------------------ */

static int publish(struct store *s, const char *name, int version, struct err *err)
{
	struct flow_row row = {0};
	struct faults faults = {0};
	struct flow *flow = NULL;
	struct flow_route *routes;
	size_t n_routes;
	int rc = load_version(s, name, version, &row, err);

	if (rc < 0)
		return rc;
	if (flow_parse(row.document, strlen(row.document), &flow, &faults) < 0 ||
	    flow_check_expressions(flow, &faults) < 0) {
		rc = err_set(err, ERR_INVALID,
			     "version %d of \"%s\" is not sound to this Ringbolt: `ringbolt flow show %s "
			     "--version %d | ringbolt flow check -` says why", version, name, name, version);
	} else {
		apply_routes(flow, &routes, &n_routes);
		rc = store_flow_publish(s, name, version, routes, n_routes, err);
		apply_routes_free(routes, n_routes);
	}
	flow_free(flow);
	faults_release(&faults);
	flow_row_release(&row);
	return rc;
}

static int run_publish(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct err err;
	char *end;

	if (args_words(args, 2, 2, args->n_words ? "VERSION" : "NAME", &err) < 0)
		return cmd_usage("flow publish", &err);
	long version = strtol(args->words[1], &end, 10);
	if (*end || version < 1 || version > 1000000000) {
		err_set(&err, ERR_INVALID, "\"%.40s\" is no version: versions are numbers from 1",
			args->words[1]);
		return cmd_usage("flow publish", &err);
	}
	if (cmd_open_exists(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = publish(s, args->words[0], (int)version, &err);
	store_close(s);
	if (rc < 0)
		return cmd_fail(&err);
	printf("%s: version %ld is published\n", args->words[0], version);
	return EXIT_FINE;
}

const struct cmd cmd_flow_publish = {
	.name = "flow publish",
	.arguments = "NAME VERSION",
	.text = "Make a version the published one: a draft, or an older one again.",
	.help = "\tringbolt flow publish orders 3",
	.run = run_publish,
};

/* ---- flow pause, flow resume ---------------------------------------------------------------- */

static int set_paused(const struct conf *conf, const struct args *args, bool paused)
{
	const char *command = paused ? "flow pause" : "flow resume";
	struct store *s = NULL;
	struct err err;
	int rate = 0;

	if (args_words(args, 1, 1, "NAME", &err) < 0 ||
	    (!paused && args_rate(args, "rate", &rate, &err) < 0))
		return cmd_usage(command, &err);
	if (cmd_open_exists(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int n = store_flow_pause(s, args->words[0], paused, rate, clock_wall_ms(), &err);
	store_close(s);
	if (n < 0)
		return cmd_fail(&err);
	printf(paused ? "%s is paused; events held: %d\n" : "%s goes on; held events queued: %d\n",
	       args->words[0], n);
	return EXIT_FINE;
}

static int run_pause(const struct conf *conf, const struct args *args)
{
	return set_paused(conf, args, true);
}

static int run_resume(const struct conf *conf, const struct args *args)
{
	return set_paused(conf, args, false);
}

const struct cmd cmd_flow_pause = {
	.name = "flow pause",
	.arguments = "NAME",
	.text = "Hold the flow's events: they are taken in and kept, but do not run.",
	.run = run_pause,
};

static const struct option resume_options[] = {
	{"rate", "N/s", "Let the held events go at this rate instead of all at once.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_flow_resume = {
	.name = "flow resume",
	.arguments = "NAME",
	.text = "Let a paused flow's events run, those that were held first.",
	.help = "\tringbolt flow resume orders --rate 20/s",
	.options = resume_options,
	.run = run_resume,
};
