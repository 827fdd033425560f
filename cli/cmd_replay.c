/* SPDX-License-Identifier: MIT */
/* replay: finished events run again. The plan is told first and the events are queued by the
 * store; this file says how many, and how far. */
#include "cli/cmd.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A word out of two: 1 for the second, 0 for the first (the default), -1. */
static int choice(const struct args *args, const char *name, const char *first, const char *second,
		  struct err *err)
{
	const char *value = args_value(args, name, first);

	if (strcmp(value, first) == 0)
		return 0;
	if (strcmp(value, second) == 0)
		return 1;
	return err_set(err, ERR_INVALID, "--%s is %s or %s; it cannot be \"%.40s\"", name, first, second,
		       value);
}

static int read_plan(struct replay_plan *plan, struct filter *filter, const struct args *args,
		     int64_t now, struct err *err)
{
	int version, from;

	if (filter_read(filter, args, now, err) < 0 ||
	    (version = choice(args, "flow-version", "then", "now", err)) < 0 ||
	    (from = choice(args, "from", "start", "failed", err)) < 0 ||
	    args_rate(args, "rate", &plan->per_second, err) < 0)
		return -1;
	if (!filter->any && !args_has(args, "all"))
		return err_set(err, ERR_INVALID,
			       "name the events: ids, or options such as --state failed --since 2h; "
			       "--all replays every finished event");
	plan->filter = filter->events;
	plan->version_now = version;
	plan->from_failed_step = from;
	plan->reason = args_value(args, "reason", "");
	return 0;
}

/* ---- what is said ------------------------------------------------------------------------ */

static int show_progress(void *arg, const struct replay_count *so_far)
{
	(void)arg;
	fprintf(stderr, "\r%" PRId64 " events queued ", so_far->queued);
	return 0;
}

static void print_json(const struct replay_count *n, bool dry_run)
{
	char oldest[CLOCK_ISO_SIZE], newest[CLOCK_ISO_SIZE];

	printf("{\"dry_run\":%s,\"matched\":%" PRId64 ",\"eligible\":%" PRId64 ",\"queued\":%" PRId64,
	       dry_run ? "true" : "false", n->matched, n->eligible, n->queued);
	if (n->replay_id)
		printf(",\"replay\":%" PRId64, n->replay_id);
	else
		printf(",\"replay\":null");
	if (n->eligible)
		printf(",\"oldest\":\"%s\",\"newest\":\"%s\"}\n", clock_iso(n->oldest_at, oldest),
		       clock_iso(n->newest_at, newest));
	else
		printf(",\"oldest\":null,\"newest\":null}\n");
}

static void print_people(const struct replay_count *n, bool dry_run)
{
	char oldest[CLOCK_ISO_SIZE], newest[CLOCK_ISO_SIZE];

	printf("%" PRId64 " events match, %" PRId64 " of them are finished", n->matched, n->eligible);
	if (n->eligible)
		printf(": the oldest of %s, the newest of %s", clock_iso(n->oldest_at, oldest),
		       clock_iso(n->newest_at, newest));
	puts("");
	if (dry_run)
		puts("Nothing was changed; without --dry-run they run again.");
	else if (n->queued)
		printf("%" PRId64 " queued, as replay %" PRId64 "\n", n->queued, n->replay_id);
	else
		puts("Nothing was queued: only succeeded, failed and cancelled events can be replayed.");
}

static int replay(const struct conf *conf, const struct args *args, const struct replay_plan *plan,
		  const struct filter *filter, int64_t now)
{
	bool dry_run = args_has(args, "dry-run"), progress = !dry_run && isatty(STDERR_FILENO);
	struct replay_count count = {0};
	struct store *s = NULL;
	struct err err;

	if ((dry_run ? cmd_open_read(conf, &s, &err) : cmd_open_exists(conf, &s, &err)) < 0)
		return cmd_fail(&err);
	int rc = store_replay(s, plan, dry_run, now, progress ? show_progress : NULL, NULL, &count, &err);
	if (rc >= 0 && count.matched == 0)
		rc = filter_missing(filter, s, &err);
	store_close(s);
	if (progress && count.queued)
		fputs("\r                              \r", stderr);
	if (rc < 0)
		return cmd_fail(&err);
	if (args_has(args, "json"))
		print_json(&count, dry_run);
	else
		print_people(&count, dry_run);
	return EXIT_FINE;
}

static int run(const struct conf *conf, const struct args *args)
{
	int64_t now = clock_wall_ms();
	struct replay_plan plan = {.per_second = 0};
	struct filter filter = {0};
	struct err err;
	int code;

	if (read_plan(&plan, &filter, args, now, &err) < 0)
		code = cmd_usage("replay", &err);
	else
		code = replay(conf, args, &plan, &filter, now);
	filter_release(&filter);
	return code;
}

static const struct option options[] = {
	FILTER_OPTIONS,
	{"all", NULL, "Every finished event.", false},
	{"dry-run", NULL, "Only say how many, and of when.", false},
	{"flow-version", "then|now", "The flow as it was when the event arrived (the default), or as it "
				     "is published now.", false},
	{"from", "start|failed", "From the first step (the default), or from the one that failed, with "
				 "the outputs of those before it.", false},
	{"rate", "N/s", "At most so many a second; without it, as there is room behind new events.", false},
	{"reason", "TEXT", "Why, for the history.", false},
	{"json", NULL, "One JSON object.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_replay = {
	.name = "replay",
	.arguments = "[ID...]",
	.text = "Run finished events again: by id, by what they are, or by an SQL condition.",
	.help = "A replay has no caller: its reply is only recorded. Events that have not ended (queued,\n"
		"running, held) are left alone.\n"
		"\tringbolt replay 1042 1043\n"
		"\tringbolt replay --flow orders --state failed --since 2h --dry-run\n"
		"\tringbolt replay --flow orders --state failed --flow-version now --rate 20/s\n"
		"\tringbolt replay --where \"error LIKE '%timeout%' AND attempts < 5\" --from failed\n"
		"`ringbolt replay list` shows what became of it, by the number that is printed.",
	.options = options,
	.run = run,
};
