/* SPDX-License-Identifier: MIT */
/*
 * The write lock: every write transaction and every checkpoint of every process of ours runs
 * inside it. It hands over fairly instead of sleeping in a busy handler, and it makes SQLite's
 * WAL-reset bug (3.7.0 to 3.51.2; sqlite.org/wal.html#walresetbug) impossible, since no
 * checkpoint can run while another process commits.
 */
#include "common/store/inside.h"

#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

int lock_open(const char *dir, struct err *err)
{
	char *path = store_path(dir, "ringbolt.lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		err_set(err, ERR_SYSTEM, "cannot open %s: %s", path, strerror(errno));
	free(path);
	return fd;
}

int lock_take(int fd, struct err *err)
{
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_set(err, ERR_SYSTEM, "cannot take the write lock: %s", strerror(errno));
	return 0;
}

void lock_give(int fd)
{
	flock(fd, LOCK_UN);
}
