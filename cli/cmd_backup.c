/* SPDX-License-Identifier: MIT */
/* backup: a consistent copy of the database, beside a running server. */
#include "cli/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int run(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct stat st;
	struct err err;
	int rc;

	if (args_words(args, 1, 1, "FILE", &err) < 0)
		return cmd_usage("backup", &err);
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	if (lstat(args->words[0], &st) == 0)
		rc = err_set(&err, ERR_CONFLICT, "%s is there already: a backup never overwrites",
			     args->words[0]);
	else
		rc = store_backup(s, args->words[0], &err);
	store_close(s);
	if (rc < 0)
		return cmd_fail(&err);
	if (stat(args->words[0], &st) == 0)
		printf("%s: %lld bytes\n", args->words[0], (long long)st.st_size);
	fputs("The key file is not in it: keep a copy of that elsewhere, or the secrets cannot be read.\n",
	      stderr);
	return EXIT_FINE;
}

const struct cmd cmd_backup = {
	.name = "backup",
	.arguments = "FILE",
	.text = "Write a consistent copy of the database to FILE, which must not exist.",
	.help = "To restore: stop the server, put the copy in place of ringbolt.db (and remove ringbolt.db-wal\n"
		"and ringbolt.db-shm), with the key file beside it.\n"
		"\tringbolt backup /var/backups/ringbolt-$(date +%F).db",
	.run = run,
};
