/* SPDX-License-Identifier: MIT */
/* What commands share: how they fail, how they open the database, how they read a file. */
#include "cli/cmd.h"

#include "cli/table.h"
#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void complain(const struct err *err)
{
	struct buf safe = BUF_INIT;

	/* The sentence may quote what somebody sent. */
	table_escape(err->text, strlen(err->text), true, &safe);
	fflush(stdout);
	fprintf(stderr, "ringbolt: %s\n", safe.ptr);
	buf_release(&safe);
}

int cmd_fail(const struct err *err)
{
	complain(err);
	switch (err->kind) {
	case ERR_DISK: return EXIT_DISK;
	case ERR_INVALID: return EXIT_REFUSED;
	case ERR_NONE:
	case ERR_DENIED:
	case ERR_MISSING:
	case ERR_CONFLICT:
	case ERR_TOO_BIG:
	case ERR_BUSY:
	case ERR_TIMEOUT:
	case ERR_UPSTREAM:
	case ERR_SYSTEM: break;
	}
	return EXIT_FAILED;
}

int cmd_usage(const char *command, const struct err *err)
{
	complain(err);
	fprintf(stderr, "`ringbolt help %s` says how it is called.\n", command);
	return EXIT_USAGE;
}

static int refuse_missing(const struct conf *conf, struct err *err)
{
	char *here = realpath(conf->data, NULL), *cwd = here ? NULL : getcwd(NULL, 0);
	const char *base = here || conf->data[0] == '/' || !cwd ? "" : cwd;
	const char *name = strncmp(conf->data, "./", 2) == 0 ? conf->data + 2 : conf->data;

	err_set(err, ERR_MISSING,
		"there is no database in %s%s%s. Name the data directory with --data DIR or "
		"RINGBOLT_DATA; `ringbolt serve --data DIR` starts a new one",
		base, *base ? "/" : "", here ? here : name);
	free(here);
	free(cwd);
	return -1;
}

static int open_existing(const struct conf *conf, enum store_mode mode, struct store **out,
			 struct err *err)
{
	char *path = mem_format("%s/ringbolt.db", conf->data);
	/* Any other fault is the store's to describe. */
	bool missing = access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);

	free(path);
	if (missing)
		return refuse_missing(conf, err);
	return store_open(conf->data, mode, out, err);
}

int cmd_open_read(const struct conf *conf, struct store **out, struct err *err)
{
	return open_existing(conf, STORE_READ, out, err);
}

int cmd_open_exists(const struct conf *conf, struct store **out, struct err *err)
{
	return open_existing(conf, STORE_WRITE, out, err);
}

int cmd_open_write(const struct conf *conf, struct store **out, struct err *err)
{
	if (store_prepare(conf->data, err) < 0)
		return -1;
	return store_open(conf->data, STORE_WRITE, out, err);
}

int cmd_read_file(const char *path, size_t max, struct buf *out, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "standard input" : path;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int rc = 0;
	ssize_t n;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_MISSING : ERR_SYSTEM, "%s cannot be read: %s",
			       path, strerror(errno));
	for (;;) {
		buf_grow(out, 65536);
		n = read(fd, out->ptr + out->len, 65536);
		if (n <= 0 && !(n < 0 && errno == EINTR))
			break;
		if (n > 0)
			out->len += (size_t)n;
		out->ptr[out->len] = '\0';
		if (out->len > max) {
			rc = err_set(err, ERR_TOO_BIG, "%s has more than %zu bytes", name, max);
			break;
		}
	}
	if (n < 0)
		rc = err_set(err, ERR_SYSTEM, "%s cannot be read: %s", name, strerror(errno));
	if (!standard)
		close(fd);
	return rc;
}
