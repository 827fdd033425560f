/* SPDX-License-Identifier: MIT */
/* replay: finished events run again. The plan is told first and the events are queued by the
 * store; this file says how many, and how far. */
#include "cli/cmd.h"

#include "cli/compare.h"
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

/* A time that retention has reached into is not complete: said, not passed over. */
static void warn_of_gaps(struct store *s, const struct event_filter *filter)
{
	char text[CLOCK_ISO_SIZE];
	int64_t gone = 0;
	struct err err;

	if (filter->n_ids || store_retention_gone(s, &gone, &err) < 0 || !gone || filter->since > gone)
		return;
	fprintf(stderr, "Of events received up to %s some have been removed by retention; they are not among "
		"these.\n", clock_iso(gone, text));
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

	printf("{\"dry_run\":%s,\"matched\":%" PRId64 ",\"eligible\":%" PRId64 ",\"without_body\":%" PRId64
	       ",\"queued\":%" PRId64, dry_run ? "true" : "false", n->matched, n->eligible, n->without_body,
	       n->queued);
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
	if (n->without_body)
		printf("%" PRId64 " cannot run again: retention has removed their bodies (keep-bodies).\n",
		       n->without_body);
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
	if (rc >= 0)
		warn_of_gaps(s, &plan->filter);
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

/* ---- comparing two versions --------------------------------------------------------------- */

static int read_comparison(struct compare_plan *plan, struct filter *filter, const struct args *args,
			   int64_t now, struct err *err)
{
	static const char *const not_with[] = {"flow", "all", "dry-run", "flow-version", "from", "rate", "reason"};
	int64_t old = 0, new = -1, limit = 20;

	*plan = (struct compare_plan){.flow = args_value(args, "compare", NULL), .json = args_has(args, "json"),
				      .draft = args_value(args, "draft", NULL)};
	if (filter_read(filter, args, now, err) < 0 || args_number(args, "old", 1, 1000000000, &old, err) < 0 ||
	    args_number(args, "new", 1, 1000000000, &new, err) < 0 ||
	    args_number(args, "limit", 1, 100000, &limit, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(not_with); i++)
		if (args_has(args, not_with[i]))
			return err_set(err, ERR_INVALID, "--compare takes no --%s: it queues nothing, and its flow is "
				       "the one it names", not_with[i]);
	if (plan->draft && new > 0)
		return err_set(err, ERR_INVALID, "--new and --draft both say what the new one is: give one of them");
	plan->old_version = (int)old;
	plan->new_version = (int)new;
	plan->filter = filter->events;
	plan->filter.flow = plan->flow;
	plan->filter.limit = (size_t)limit;
	return 0;
}

static int run_compare(const struct conf *conf, const struct args *args, int64_t now)
{
	struct compare_plan plan;
	struct filter filter = {0};
	struct store *s = NULL;
	struct err err;
	int code = EXIT_FINE;

	if (read_comparison(&plan, &filter, args, now, &err) < 0)
		code = cmd_usage("replay", &err);
	else if (cmd_open_read(conf, &s, &err) < 0 || compare_run(s, &plan, &err) < 0)
		code = cmd_fail(&err);
	store_close(s);
	filter_release(&filter);
	return code;
}

static int refuse_lone(const struct args *args, struct err *err)
{
	static const char *const only[] = {"old", "new", "draft", "limit"};

	for (size_t i = 0; i < ARRAY_LEN(only); i++)
		if (args_has(args, only[i]))
			return err_set(err, ERR_INVALID, "--%s belongs to --compare FLOW", only[i]);
	return 0;
}

static int run(const struct conf *conf, const struct args *args)
{
	int64_t now = clock_wall_ms();
	struct replay_plan plan = {.per_second = 0};
	struct filter filter = {0};
	struct err err;
	int code;

	if (args_has(args, "compare"))
		return run_compare(conf, args, now);
	if (refuse_lone(args, &err) < 0 || read_plan(&plan, &filter, args, now, &err) < 0)
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
	{"compare", "FLOW", "Queue nothing: run two versions of this flow over its newest events, here, and "
			    "show what differs.", false},
	{"old", "N", "With --compare: the one version (the published one).", false},
	{"new", "N", "With --compare: the other one (the newest).", false},
	{"draft", "FILE", "With --compare: a document as the other one.", false},
	{"limit", "N", "With --compare: the newest N events (20).", false},
	{"json", NULL, "One JSON object; with --compare one an event, and one that sums up.", false},
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
		"`ringbolt replay list` shows what became of it, by the number that is printed.\n"
		"--compare stores nothing and sends nothing: each call is answered by what the event's last\n"
		"recorded run got, or else by 200, {}; secrets are stand-ins.\n"
		"\tringbolt replay --compare orders --draft orders.json --since 7d --limit 200",
	.options = options,
	.run = run,
};
