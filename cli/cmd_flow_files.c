/* SPDX-License-Identifier: MIT */
/* flow export and flow diff: published documents as files, and how files differ from them. */
#include "cli/cmd.h"

#include "cli/apply.h"
#include "cli/diff.h"
#include "cli/table.h"
#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- flow export ------------------------------------------------------------------------ */

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Beside it first, then in its place: a file is the old one or the new one, never a half. */
static int write_file(const char *path, const char *text, struct err *err)
{
	char *beside = mem_format("%s.new", path);
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), rc = 0;

	if (fd < 0 || write_all(fd, text, strlen(text)) < 0)
		rc = err_set(err, ERR_SYSTEM, "%s cannot be written: %s", beside, strerror(errno));
	if (fd >= 0 && close(fd) != 0 && rc == 0)
		rc = err_set(err, ERR_SYSTEM, "%s cannot be written: %s", beside, strerror(errno));
	if (rc == 0 && rename(beside, path) != 0)
		rc = err_set(err, ERR_SYSTEM, "%s cannot be written: %s", path, strerror(errno));
	if (rc < 0 && fd >= 0)
		unlink(beside);
	free(beside);
	return rc;
}

/* Names of flows hold no slash and begin with a letter or a digit. */
static int export_one(const char *dir, const struct flow_row *row, struct err *err)
{
	char *path = mem_format("%s/%s.json", dir, row->name);
	int rc = write_file(path, row->document, err);

	if (rc == 0)
		printf("%s: version %d\n", path, row->version);
	free(path);
	return rc;
}

static bool is_wanted(const struct args *args, const char *name)
{
	for (size_t i = 0; i < args->n_words; i++)
		if (strcmp(args->words[i], name) == 0)
			return true;
	return args->n_words == 0;
}

/* All that are named must be there before the first is written. */
static int refuse_unknown(const struct args *args, const struct flow_row *rows, size_t count, struct err *err)
{
	for (size_t i = 0; i < args->n_words; i++) {
		bool found = false;
		for (size_t j = 0; j < count; j++)
			found = found || (rows[j].document && strcmp(rows[j].name, args->words[i]) == 0);
		if (!found)
			return err_set(err, ERR_MISSING, "there is no published flow \"%.64s\" (`ringbolt flow list`)",
				       args->words[i]);
	}
	return 0;
}

static int export_all(const struct args *args, const struct flow_row *rows, size_t count, struct err *err)
{
	const char *dir = args_value(args, "dir", ".");

	if (refuse_unknown(args, rows, count, err) < 0)
		return -1;
	if (mkdir(dir, 0755) != 0 && errno != EEXIST)
		return err_set(err, ERR_SYSTEM, "%s cannot be made: %s", dir, strerror(errno));
	for (size_t i = 0; i < count; i++)
		if (rows[i].document && is_wanted(args, rows[i].name) && export_one(dir, &rows[i], err) < 0)
			return -1;
	return 0;
}

static int run_export(const struct conf *conf, const struct args *args)
{
	struct flow_row *rows = NULL;
	struct store *s = NULL;
	struct err err;
	size_t count = 0;

	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = store_flows_load(s, &rows, &count, &err);
	store_close(s);
	if (rc >= 0)
		rc = export_all(args, rows, count, &err);
	for (size_t i = 0; i < count; i++)
		flow_row_release(&rows[i]);
	free(rows);
	return rc < 0 ? cmd_fail(&err) : EXIT_FINE;
}

static const struct option export_options[] = {
	{"dir", "DIR", "Where to (the current one); made when missing.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_flow_export = {
	.name = "flow export",
	.arguments = "[NAME...]",
	.text = "Write the published documents as files, NAME.json, exactly as they were applied.",
	.help = "Without a NAME all of them. A file of that name is replaced.\n"
		"\tringbolt flow export --dir flows\n"
		"\tringbolt flow export orders",
	.options = export_options,
	.run = run_export,
};

/* ---- flow diff ---------------------------------------------------------------------------- */

static int load(struct store *s, const char *name, int version, struct buf *out, struct err *err)
{
	struct flow_row row = {0};
	int got = store_flow_load(s, name, version, &row, err);

	if (got == 0)
		got = version > 0 ? err_set(err, ERR_MISSING, "the flow \"%.64s\" has no version %d (`ringbolt flow list`)",
					    name, version)
				  : err_set(err, ERR_MISSING, "there is no %sflow \"%.64s\" (`ringbolt flow list`)",
					    version == 0 ? "published " : "", name);
	if (got > 0)
		buf_add_text(out, row.document);
	flow_row_release(&row);
	return got < 0 ? -1 : 0;
}

/* A file is held against the flow it is a document of; a name against its own newest version, or
 * the one that is named. */
static int load_pair(struct store *s, const char *word, int version, struct buf *old, struct buf *new,
		     struct err *err)
{
	struct apply_set set = {0};
	int rc;

	if (!apply_names_file(word)) {
		if (load(s, word, version > 0 ? version : 0, old, err) < 0)
			return -1;
		return load(s, word, version > 0 ? 0 : -1, new, err);
	}
	if (apply_add(&set, word, err) < 0)
		return -1;
	if (set.count != 1) {
		rc = err_set(err, ERR_INVALID, "%s is no file: name one document, or a flow", word);
	} else if (apply_check(&set) > 0) {
		rc = err_set(err, ERR_INVALID, "%s is faulty: %s (`ringbolt flow check` lists all)", word,
			     set.docs[0].faults.list[0].text);
	} else {
		rc = load(s, flow_name(set.docs[0].flow), version, old, err);
		buf_add_slice(new, buf_slice(&set.docs[0].text));
	}
	apply_release(&set);
	return rc;
}

static int run_diff(const struct conf *conf, const struct args *args)
{
	struct buf old = BUF_INIT, new = BUF_INIT, out = BUF_INIT;
	struct store *s = NULL;
	struct err err;
	int64_t version = 0;
	int code = EXIT_FINE;

	if (args_words(args, 1, 1, "NAME or FILE", &err) < 0 ||
	    args_number(args, "version", 1, 1000000000, &version, &err) < 0)
		return cmd_usage("flow diff", &err);
	if (cmd_open_read(conf, &s, &err) < 0 ||
	    load_pair(s, args->words[0], (int)version, &old, &new, &err) < 0)
		code = cmd_fail(&err);
	else if (diff_lines(buf_slice(&old), buf_slice(&new), &out) > 0)
		table_bytes(stdout, out.ptr, out.len);
	else
		fputs("They are the same.\n", stderr);
	store_close(s);
	buf_release(&old);
	buf_release(&new);
	buf_release(&out);
	return code;
}

static const struct option diff_options[] = {
	{"version", "N", "That version instead of the published one (with a FILE), or against the published "
			 "one (with a NAME).", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_flow_diff = {
	.name = "flow diff",
	.arguments = "NAME|FILE",
	.text = "Show the lines in which a file, or another version, differs from the published one.",
	.help = "A FILE is what would come: - stands before what goes, + before what comes. A NAME shows what its\n"
		"newest version would change or, with --version, what the published one changed since then.\n"
		"`flow apply --diff` shows the same before it applies.\n"
		"\tringbolt flow diff flows/orders.json\n"
		"\tringbolt flow diff orders --version 3",
	.options = diff_options,
	.run = run_diff,
};
