/* SPDX-License-Identifier: MIT */
/* doctor: is all well here? Looks at everything, changes nothing, and says of each fault what
 * to do about it. */
#include "cli/cmd.h"

#include "cli/doctor.h"
#include "cli/table.h"
#include "common/clock.h"
#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct column columns[] = {
	{"finding", CELL_TEXT, 7}, {"what", CELL_TEXT, 11}, {"text", CELL_TEXT, 0},
};

void doctor_find(struct doctor *d, enum finding finding, const char *what, const char *fmt, ...)
{
	static const char *const words[] = {"fine", "warning", "error"};
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->count[finding]++;
	table_text(&d->table, words[finding]);
	table_text(&d->table, what);
	table_text(&d->table, text);
}

/* ---- the data directory --------------------------------------------------------------- */

/* 1 when it is there. */
static int look_at_directory(struct doctor *d)
{
	const char *dir = d->conf->data;
	struct stat st;

	if (stat(dir, &st) < 0) {
		doctor_find(d, FINDING_ERROR, "directory",
			    "%s cannot be looked at (%s): name the data directory with --data, or start a new "
			    "one with `ringbolt serve --data %s`", dir, strerror(errno), dir);
		return 0;
	}
	if (!S_ISDIR(st.st_mode)) {
		doctor_find(d, FINDING_ERROR, "directory", "%s is no directory: name another with --data", dir);
		return 0;
	}
	if (access(dir, R_OK | W_OK | X_OK) < 0)
		doctor_find(d, FINDING_ERROR, "directory",
			    "%s may not be written by this user (%s): run as its owner, uid %d", dir,
			    strerror(errno), (int)st.st_uid);
	else if (st.st_mode & 077)
		doctor_find(d, FINDING_WARNING, "directory",
			    "%s is open to other users, and events may hold what is nobody's business: chmod 700 %s",
			    dir, dir);
	else
		doctor_find(d, FINDING_FINE, "directory", "%s", dir);
	return 1;
}

static void look_at_server(struct doctor *d)
{
	char *path = mem_format("%s/ringbolt.pid", d->conf->data), pid[24] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	free(path);
	/* A server and its children hold the lock on this file while one of them lives. */
	bool runs = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	if (runs && read(fd, pid, sizeof(pid) - 1) > 0)
		pid[strcspn(pid, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
	if (runs)
		doctor_find(d, FINDING_FINE, "server", "runs, process %s", pid);
	else
		doctor_find(d, FINDING_WARNING, "server",
			    "none runs on this data directory: `ringbolt serve --data %s`", d->conf->data);
}

/* ---- the database ---------------------------------------------------------------------- */

static void damaged(void *arg, const char *text)
{
	doctor_find(arg, FINDING_ERROR, "database",
		    "%s: stop the server, keep a copy of the file, and restore a backup or run sqlite3's .recover",
		    text);
}

static void look_at_queue(struct doctor *d, struct store *s)
{
	struct store_gauges g;
	struct err err;
	int64_t now = clock_wall_ms();

	if (store_gauges(s, &g, &err) < 0) {
		doctor_find(d, FINDING_ERROR, "queue", "%s", err.text);
		return;
	}
	int64_t late_s = g.due_oldest_at && g.due_oldest_at < now ? (now - g.due_oldest_at) / 1000 : 0;
	if (late_s > 60)
		doctor_find(d, FINDING_WARNING, "queue",
			    "%" PRId64 " events are queued and the oldest is %" PRId64 " s late: more workers "
			    "(--workers), or a destination that is slow (`ringbolt event list --state running`)",
			    g.queued, late_s);
	else
		doctor_find(d, FINDING_FINE, "queue",
			    "%" PRId64 " queued, %" PRId64 " running, %" PRId64 " held", g.queued, g.running,
			    g.held);
	if (g.wal_bytes > (int64_t)1 << 30)
		doctor_find(d, FINDING_WARNING, "database",
			    "its log has grown to %" PRId64 " MiB: a long query keeps it from being moved into the "
			    "database; end it", g.wal_bytes >> 20);
}

static void look_at_events(struct doctor *d, struct store *s);

static void look_at_database(struct doctor *d, bool full)
{
	struct store *s = NULL;
	struct err err;
	unsigned errors = d->count[FINDING_ERROR];

	if (cmd_open_read(d->conf, &s, &err) < 0) {
		doctor_find(d, FINDING_ERROR, "database", "%s", err.text);
		return;
	}
	if (store_check(s, full, damaged, d, &err) < 0)
		doctor_find(d, FINDING_ERROR, "database", "%s", err.text);
	else if (d->count[FINDING_ERROR] == errors)
		doctor_find(d, FINDING_FINE, "database", "sound%s", full ? ", every page and index" : "");
	look_at_queue(d, s);
	look_at_events(d, s);
	store_close(s);
}

/* ---- the clock, as the events have it ----------------------------------------------------- */

static int keep_newest(void *arg, const struct event_row *row)
{
	snprintf(arg, CLOCK_ISO_SIZE, "%s", row->received_at);
	return 0;
}

static void look_at_events(struct doctor *d, struct store *s)
{
	struct event_filter newest = {.limit = 1};
	char received[CLOCK_ISO_SIZE] = "";
	int64_t now = clock_wall_ms(), at;
	struct err err;

	if (store_events_each(s, &newest, keep_newest, received, &err) < 0)
		doctor_find(d, FINDING_ERROR, "database", "%s", err.text);
	else if (*received && clock_parse(received, now, &at) && at > now + 60000)
		doctor_find(d, FINDING_WARNING, "clock",
			    "the newest event was received at %s, which is still to come: the clock has been set "
			    "back, and what is due later will wait that much longer", received);
}

/* ---- the command ---------------------------------------------------------------------------- */

static int run(const struct conf *conf, const struct args *args)
{
	struct doctor d = {.conf = conf};
	bool json = args_has(args, "json");
	struct err err;

	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("doctor", &err);
	table_start(&d.table, columns, ARRAY_LEN(columns), json, stdout);
	d.table.screen = 0; /* a sentence that says what to do is not cut */
	doctor_machine(&d);
	if (look_at_directory(&d)) {
		look_at_server(&d);
		look_at_database(&d, args_has(args, "full"));
	}
	table_end(&d.table);
	if (!json)
		printf("\n%u error%s, %u warning%s\n", d.count[FINDING_ERROR],
		       d.count[FINDING_ERROR] == 1 ? "" : "s", d.count[FINDING_WARNING],
		       d.count[FINDING_WARNING] == 1 ? "" : "s");
	return d.count[FINDING_ERROR] ? EXIT_FAILED : EXIT_FINE;
}

static const struct option options[] = {
	{"full", NULL, "Check every page and index of the database, however long it takes.", false},
	OPTION_JSON,
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_doctor = {
	.name = "doctor",
	.arguments = "",
	.text = "Look whether all is well: libraries, disk, clock, rights, database, server.",
	.help = "Changes nothing. Exit code 1 when there is an error; warnings do not count.\n"
		"\tringbolt doctor --data /var/lib/ringbolt",
	.options = options,
	.run = run,
};
