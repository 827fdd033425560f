/* SPDX-License-Identifier: MIT */
/* fsync DIR [COUNT]: how long one pwrite of 4 KiB and its fdatasync take on this disk:
 * the least a durable answer can cost. Writes over a file that is there already, as a
 * log does that has been used before. Prints "p50_us=N p99_us=N". */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096
#define BLOCKS 256
#define COUNT_MAX 100000

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int put(int fd, const char *block, int n)
{
	return pwrite(fd, block, BLOCK, (off_t)(n % BLOCKS) * BLOCK) == BLOCK ? 0 : -1;
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[2]) : 500;
	static int64_t took[COUNT_MAX];
	char path[4096], block[BLOCK];
	int fd;

	if (argc < 2 || count < 1 || count > COUNT_MAX) {
		fprintf(stderr, "usage: fsync DIR [COUNT]\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/fsync.XXXXXX", argv[1]);
	fd = mkstemp(path);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	unlink(path);
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < BLOCKS; i++)
		if (put(fd, block, i) < 0)
			goto failed;
	if (fsync(fd) < 0)
		goto failed;
	for (int i = 0; i < count; i++) {
		int64_t start = now_us();
		if (put(fd, block, i) < 0 || fdatasync(fd) < 0)
			goto failed;
		took[i] = now_us() - start;
	}
	close(fd);
	qsort(took, (size_t)count, sizeof(*took), by_size);
	printf("p50_us=%lld p99_us=%lld\n", (long long)took[count / 2],
	       (long long)took[count * 99 / 100]);
	return 0;
failed:
	perror("fsync");
	return 1;
}
