/* SPDX-License-Identifier: MIT */
/* event pin and unpin: events that no retention removes. */
#include "cli/cmd.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int each_id(const struct conf *conf, const struct args *args, const char *command, bool pin)
{
	struct store *s = NULL;
	struct err err;
	int n = 0;

	if (args_words(args, 1, 10000, "ID...", &err) < 0)
		return cmd_usage(command, &err);
	if (cmd_open_exists(conf, &s, &err) < 0)
		return cmd_fail(&err);
	for (size_t i = 0; n >= 0 && i < args->n_words; i++) {
		char *end;
		int64_t id = strtoll(args->words[i], &end, 10);
		int got = *end || id < 1
				  ? err_set(&err, ERR_INVALID, "\"%.40s\" is no number of an event", args->words[i])
			  : pin ? store_event_pin(s, id, args_value(args, "reason", ""), clock_wall_ms(), &err)
				: store_event_unpin(s, id, &err);
		n = got < 0 ? -1 : n + got;
	}
	store_close(s);
	if (n < 0)
		return cmd_fail(&err);
	printf("%d event%s %s\n", n, n == 1 ? "" : "s", pin ? "pinned" : "unpinned");
	return EXIT_FINE;
}

static int run_pin(const struct conf *conf, const struct args *args)
{
	return each_id(conf, args, "event pin", true);
}

static int run_unpin(const struct conf *conf, const struct args *args)
{
	return each_id(conf, args, "event unpin", false);
}

static const struct option pin_options[] = {
	{"reason", "TEXT", "Why, for the view pinned_events.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_event_pin = {
	.name = "event pin",
	.arguments = "ID...",
	.text = "Keep these events whatever the retention settings say.",
	.help = "\tringbolt event pin 42 --reason 'the one with the odd currency'",
	.options = pin_options,
	.run = run_pin,
};

const struct cmd cmd_event_unpin = {
	.name = "event unpin",
	.arguments = "ID...",
	.text = "Let these events age like the others again.",
	.help = "\tringbolt event unpin 42",
	.run = run_unpin,
};
