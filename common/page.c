/* SPDX-License-Identifier: MIT */
/* A small file that several processes map and share. */
#include "common/page.h"

#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *page_map(const char *dir, const char *name, size_t bytes, struct err *err)
{
	char *path = mem_format("%s/%s", dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int bad = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)bytes);
	void *page = MAP_FAILED;

	if (!bad) {
		page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		bad = errno;
	}
	if (page == MAP_FAILED)
		err_set(err, ERR_SYSTEM, "cannot map %s: %s", path, strerror(bad));
	if (fd >= 0)
		close(fd);
	free(path);
	return page == MAP_FAILED ? NULL : page;
}
