/* SPDX-License-Identifier: MIT */
/* serve: everything it takes is a setting, and all it does is the supervisor's. */
#include "cli/cmd.h"

static int run(const struct conf *conf, const struct args *args)
{
	struct err err;

	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("serve", &err);
	return supervisor_run(conf);
}

const struct cmd cmd_serve = {
	.name = "serve",
	.arguments = "",
	.text = "Receive webhooks and run their flows until SIGTERM or SIGINT.",
	.help = "SIGTERM drains: no new work is begun, what is in hand is finished, callers are told 503,\n"
		"and the server ends in bounded time. SIGHUP applies the documents of --flows again; a faulty\n"
		"one is refused with its faults and the published version stays.\n"
		"\tringbolt serve --data /var/lib/ringbolt --flows flows\n"
		"\tRINGBOLT_LISTEN=0.0.0.0:8080 ringbolt serve",
	.settings = true,
	.run = run,
};
