/* SPDX-License-Identifier: MIT */
/* retention and retention run: how long what is kept, what would go, and to let it go now. */
#include "cli/cmd.h"

#include "cli/table.h"
#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static const struct column columns[] = {
	{"what", CELL_TEXT, 0}, {"kept", CELL_TEXT, 0}, {"would_go", CELL_NUMBER, 0},
	{"bytes", CELL_NUMBER, 0},
};

/* "30d", or the next smaller unit that says it exactly. */
static const char *span_text(int64_t ms, char out[32])
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

	if (ms <= 0)
		return "for ever";
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (ms % units[i].ms == 0) {
			snprintf(out, 32, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
			break;
		}
	}
	return out;
}

static void print(const struct retention *r, const struct retention_count *n, bool json)
{
	char kept[32];
	struct table t;

	table_start(&t, columns, ARRAY_LEN(columns), json, stdout);
	for (enum retention_kind kind = 0; kind < RETENTION_KINDS; kind++) {
		table_text(&t, retention_kind_name(kind));
		table_text(&t, span_text(r->age_ms[kind], kept));
		table_number(&t, n->n[kind]);
		table_number(&t, n->bytes[kind]);
	}
	table_end(&t);
}

static int run(const struct conf *conf, const struct args *args)
{
	struct retention_count count;
	struct store *s = NULL;
	struct store_gauges g;
	struct err err;

	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("retention", &err);
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = store_retention_preview(s, &conf->keep, clock_wall_ms(), &count, &err);
	if (rc == 0)
		rc = store_gauges(s, &g, &err);
	store_close(s);
	if (rc < 0)
		return cmd_fail(&err);
	print(&conf->keep, &count, args_has(args, "json"));
	if (args_has(args, "json"))
		return EXIT_FINE;
	printf("\nThe database has %" PRId64 " MiB", g.database_bytes >> 20);
	if (conf->keep.bytes)
		printf(" of the %" PRId64 " MiB it may have", conf->keep.bytes >> 20);
	puts(". Nothing was changed.");
	return EXIT_FINE;
}

static const struct option options[] = {
	{"keep-bodies", "AGE", "As the setting; to see what another age would remove.", false},
	{"keep-traces", "AGE", "The same.", false},
	{"keep-events", "AGE", "The same.", false},
	{"keep-rejections", "AGE", "The same.", false},
	OPTION_JSON,
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_retention = {
	.name = "retention",
	.arguments = "",
	.text = "Show how long what is kept, and what would be removed now; changes nothing.",
	.help = "The server removes it by itself, a little at a time, once the settings say so\n"
		"(keep-bodies, keep-traces, keep-events, keep-rejections, keep-bytes, in ringbolt.conf).\n"
		"Finished events age: succeeded, failed, cancelled. Pinned ones (`ringbolt event pin`) and those\n"
		"that keep others of their key waiting stay.\n"
		"\tringbolt retention --keep-bodies 30d --keep-events 365d",
	.options = options,
	.run = run,
};

/* ---- retention run -------------------------------------------------------------------- */

static int remove_all(struct store *s, const struct retention *r, struct retention_count *done,
		      struct err *err)
{
	struct retention_pass pass = {0};
	bool progress = isatty(STDERR_FILENO);
	int got;

	while ((got = store_retention_step(s, r, clock_wall_ms(), &pass, done, err)) > 0)
		if (progress)
			fprintf(stderr, "\r%" PRId64 " bodies, %" PRId64 " traces, %" PRId64 " events removed ",
				done->n[RETENTION_BODIES], done->n[RETENTION_TRACES], done->n[RETENTION_EVENTS]);
	if (progress)
		fputs("\n", stderr);
	while (got == 0 && (got = store_space_return(s, err)) > 0)
		got = store_log_frames(s) > 1000 ? store_checkpoint(s, err) : 0;
	if (got == 0)
		got = store_checkpoint(s, err);
	return got;
}

static int run_run(const struct conf *conf, const struct args *args)
{
	struct retention_count done = {0};
	struct store *s = NULL;
	struct err err;

	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("retention run", &err);
	if (cmd_open_exists(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = remove_all(s, &conf->keep, &done, &err);
	store_close(s);
	if (rc < 0)
		return cmd_fail(&err);
	printf("removed: %" PRId64 " bodies, %" PRId64 " traces, %" PRId64 " events, %" PRId64 " rejections\n",
	       done.n[RETENTION_BODIES], done.n[RETENTION_TRACES], done.n[RETENTION_EVENTS],
	       done.n[RETENTION_REJECTIONS]);
	return EXIT_FINE;
}

static const struct option run_options[] = {
	{"keep-bodies", "AGE", "As the setting, for this once.", false},
	{"keep-traces", "AGE", "The same.", false},
	{"keep-events", "AGE", "The same.", false},
	{"keep-rejections", "AGE", "The same.", false},
	{"keep-bytes", "BYTES", "The same.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_retention_run = {
	.name = "retention run",
	.arguments = "",
	.text = "Remove now what the settings no longer keep, and give the space back to the disk.",
	.help = "May run beside a server, which goes on taking events meanwhile. `ringbolt retention` shows first\n"
		"what would go.\n"
		"\tringbolt retention run --keep-traces 7d",
	.options = run_options,
	.run = run_run,
};
