/* SPDX-License-Identifier: MIT */
/* Who is doing what right now: a small shared file. See board.h. */
#include "common/board.h"

#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int board_map(const char *dir, struct board **out, struct err *err)
{
	char *path = mem_format("%s/ringbolt.board", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *page = MAP_FAILED;

	/* Reserved now: writing into a hole of a full disk would be a SIGBUS later. */
	int bad = fd < 0 ? errno : posix_fallocate(fd, 0, sizeof(struct board));
	if (!bad)
		page = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		err_set(err, ERR_SYSTEM, "cannot map %s: %s", path, strerror(bad ? bad : errno));
	if (fd >= 0)
		close(fd);
	free(path);
	if (page == MAP_FAILED)
		return -1;
	*out = page;
	return 0;
}
