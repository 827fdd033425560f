/* SPDX-License-Identifier: MIT */
/* flow check and flow apply: documents from files, with all that is wrong with them. */
#include "cli/cmd.h"

#include "cli/apply.h"
#include "cli/table.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- faults ------------------------------------------------------------------------- */

static const struct column fault_columns[] = {
	{"file", CELL_TEXT, 0}, {"kind", CELL_TEXT, 0}, {"pointer", CELL_TEXT, 0}, {"text", CELL_TEXT, 0},
};

static void print_fault(const struct apply_doc *doc, const struct fault *f, FILE *out)
{
	struct buf safe = BUF_INIT;

	table_escape(doc->path, strlen(doc->path), false, &safe);
	buf_addf(&safe, ": %s at ", f->warning ? "warning" : "error");
	if (*f->pointer)
		table_escape(f->pointer, strlen(f->pointer), false, &safe);
	else
		buf_add_text(&safe, "the document");
	buf_add_text(&safe, ": ");
	table_escape(f->text, strlen(f->text), false, &safe);
	fprintf(out, "%s\n", safe.ptr);
	buf_release(&safe);
}

static void print_faults_json(const struct apply_set *set)
{
	struct table t;

	table_start(&t, fault_columns, ARRAY_LEN(fault_columns), true, stdout);
	for (size_t i = 0; i < set->count; i++) {
		for (size_t j = 0; j < set->docs[i].faults.count; j++) {
			const struct fault *f = &set->docs[i].faults.list[j];
			table_text(&t, set->docs[i].path);
			table_text(&t, f->warning ? "warning" : "error");
			table_text(&t, f->pointer);
			table_text(&t, f->text);
		}
	}
	table_end(&t);
}

/* What is wrong goes where the verdict goes: out for check, standard error for apply. */
static void print_faults(const struct apply_set *set, FILE *out)
{
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->docs[i].faults.count; j++)
			print_fault(&set->docs[i], &set->docs[i].faults.list[j], out);
}

/* Reads all files named; below zero when one cannot be read or there is none. */
static int read_all(struct apply_set *set, const struct args *args, struct err *err)
{
	for (size_t i = 0; i < args->n_words; i++)
		if (apply_add(set, args->words[i], err) < 0)
			return -1;
	if (set->count == 0)
		return err_set(err, ERR_MISSING, "%s has no file that ends in .json", args->words[0]);
	return 0;
}

/* ---- flow check ------------------------------------------------------------------------ */

static int run_check(const struct conf *conf, const struct args *args)
{
	struct apply_set set = {0};
	struct err err;

	(void)conf;
	if (args_words(args, 1, ARGS_ANY, "FILE", &err) < 0)
		return cmd_usage("flow check", &err);
	if (read_all(&set, args, &err) < 0) {
		apply_release(&set);
		return cmd_fail(&err);
	}
	size_t faulty = apply_check(&set);
	if (args_has(args, "json")) {
		print_faults_json(&set);
	} else {
		print_faults(&set, stdout);
		for (size_t i = 0; i < set.count; i++)
			if (set.docs[i].flow)
				printf("%s: flow \"%s\" is sound\n", set.docs[i].path,
				       flow_name(set.docs[i].flow));
	}
	apply_release(&set);
	return faulty ? EXIT_REFUSED : EXIT_FINE;
}

static const struct option check_options[] = {OPTION_JSON, {NULL, NULL, NULL, false}};

const struct cmd cmd_flow_check = {
	.name = "flow check",
	.arguments = "FILE|DIR...",
	.text = "Check flow documents: every fault and warning, each with its JSON pointer.",
	.help = "Needs no server and no database. Exit code 3 when there is an error; warnings are listed\n"
		"but do not count.\n"
		"\tringbolt flow check flows/orders.json\n"
		"\tgenerate-flow | ringbolt flow check -",
	.options = check_options,
	.anywhere = true,
	.run = run_check,
};

/* ---- flow apply ------------------------------------------------------------------------ */

static const struct column apply_columns[] = {
	{"file", CELL_TEXT, 0},      {"flow", CELL_TEXT, 0},  {"version", CELL_NUMBER, 0},
	{"outcome", CELL_TEXT, 0}, {"error", CELL_TEXT, 0},
};

static const char *outcome_word(enum apply_outcome outcome)
{
	switch (outcome) {
	case APPLY_PENDING: break;
	case APPLY_NEW: return "new";
	case APPLY_UNCHANGED: return "unchanged";
	case APPLY_FAULTY: return "faulty";
	case APPLY_FAILED: return "failed";
	}
	return "not applied";
}

static void print_applied_json(const struct apply_set *set)
{
	struct table t;

	table_start(&t, apply_columns, ARRAY_LEN(apply_columns), true, stdout);
	for (size_t i = 0; i < set->count; i++) {
		const struct apply_doc *doc = &set->docs[i];
		table_text(&t, doc->path);
		table_text(&t, doc->flow ? flow_name(doc->flow) : NULL);
		if (doc->version)
			table_number(&t, doc->version);
		else
			table_nothing(&t);
		table_text(&t, outcome_word(doc->outcome));
		table_text(&t, doc->outcome == APPLY_FAILED ? doc->err.text : NULL);
	}
	table_end(&t);
}

static void print_applied(const struct apply_set *set, bool publish)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct apply_doc *doc = &set->docs[i];
		if (doc->outcome == APPLY_NEW)
			printf("%s: version %d, new%s\n", flow_name(doc->flow), doc->version,
			       publish ? ", published" : ", a draft: publish it with `ringbolt flow publish`");
		else if (doc->outcome == APPLY_UNCHANGED)
			printf("%s: version %d, unchanged\n", flow_name(doc->flow), doc->version);
		else if (doc->outcome == APPLY_FAILED)
			cmd_fail(&doc->err);
	}
}

/* Beside the verdict, which a program may read. */
static int print_diff(const struct apply_set *set, struct store *s, struct err *err)
{
	struct buf lines = BUF_INIT;
	int rc = apply_diff(set, s, &lines, err);

	if (rc == 0)
		table_bytes(stderr, lines.ptr, lines.len);
	buf_release(&lines);
	return rc;
}

static int apply_all(const struct conf *conf, const struct args *args, struct apply_set *set)
{
	bool publish = !args_has(args, "draft"), json = args_has(args, "json");
	struct store *s = NULL;
	struct err err;

	if (read_all(set, args, &err) < 0)
		return cmd_fail(&err);
	size_t faulty = apply_check(set);
	print_faults(set, stderr);
	if (faulty) {
		err_set(&err, ERR_INVALID, "%zu of %zu documents %s faulty: nothing was applied", faulty,
			set->count, faulty == 1 ? "is" : "are");
		return cmd_fail(&err);
	}
	if (cmd_open_write(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = args_has(args, "diff") ? print_diff(set, s, &err) : 0;
	if (rc < 0) {
		store_close(s);
		return cmd_fail(&err);
	}
	rc = apply_store(set, s, publish, clock_wall_ms(), &err);
	store_close(s);
	if (json)
		print_applied_json(set);
	else
		print_applied(set, publish);
	if (rc < 0)
		return err.kind == ERR_DISK ? EXIT_DISK : EXIT_FAILED;
	return EXIT_FINE;
}

static int run_apply(const struct conf *conf, const struct args *args)
{
	struct apply_set set = {0};
	struct err err;

	if (args_words(args, 1, ARGS_ANY, "FILE or DIR", &err) < 0)
		return cmd_usage("flow apply", &err);
	int code = apply_all(conf, args, &set);
	apply_release(&set);
	return code;
}

static const struct option apply_options[] = {
	{"draft", NULL, "Keep the new version without publishing it.", false},
	{"diff", NULL, "First show, on standard error, the lines that differ from what is published.", false},
	OPTION_JSON,
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_flow_apply = {
	.name = "flow apply",
	.arguments = "FILE|DIR...",
	.text = "Check documents, keep each as the next version of its flow, and publish it.",
	.help = "All are checked first: when one is faulty nothing is applied (exit code 3). A document that\n"
		"is the same as the newest version makes no new one. A running server takes the new version\n"
		"at once; events that have arrived keep the version of their arrival.\n"
		"\tringbolt flow apply flows/\n"
		"\tringbolt flow apply orders.json --draft",
	.options = apply_options,
	.run = run_apply,
};
