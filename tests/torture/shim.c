/* SPDX-License-Identifier: MIT */
/*
 * LD_PRELOAD=shim.so SHIM_PAGE=FILE: a disk that fails as it is told, and that remembers what
 * was written and what was synced. Only files that end in .db and .db-wal are touched. The file
 * is mapped before the server forks, so that all its processes share one record (shim.h).
 *
 * SQLite's unix file system calls pwrite64, write, ftruncate64, unlink and fdatasync of libc, and
 * never fsync; CivetWeb calls send.
 *
 * It also sets the wall clock ahead, and counts what is written to these files without the write
 * lock (common/store/lock.c). Only the last connection that closes may do that: SQLite
 * then holds the database exclusively.
 */
#include "tests/torture/shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX 1024

static struct page *page;
static uint64_t capacity;
static _Atomic int locks; /* this process holds */
static _Thread_local bool closing;

static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_ftruncate)(int, off64_t);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static ssize_t (*real_send)(int, const void *, size_t, int);
static int (*real_close)(void *);

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset);
int ftruncate64(int fd, off64_t size);
int sqlite3_close(void *db);

/* POSIX says that what dlsym gives can be called; ISO C only knows pointers to objects. */
static void find(void *function, const char *name)
{
	void *got = dlsym(RTLD_NEXT, name);

	memcpy(function, &got, sizeof(got));
}

__attribute__((constructor)) static void map_page(void)
{
	const char *path = getenv("SHIM_PAGE");
	struct stat st;

	find(&real_pwrite, "pwrite64");
	find(&real_write, "write");
	find(&real_ftruncate, "ftruncate64");
	find(&real_fdatasync, "fdatasync");
	find(&real_unlink, "unlink");
	find(&real_send, "send");
	find(&real_close, "sqlite3_close");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= SHIM_RECORD_AT) {
		fprintf(stderr, "shim: SHIM_PAGE names no page\n");
		_exit(98);
	}
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		_exit(98);
	capacity = (uint64_t)st.st_size - SHIM_RECORD_AT;
	page = at;
}

static enum shim_file kind_of_name(const char *name, size_t len)
{
	if (len > 3 && memcmp(name + len - 3, ".db", 3) == 0)
		return SHIM_DATABASE;
	return len > 7 && memcmp(name + len - 7, ".db-wal", 7) == 0 ? SHIM_LOG : 0;
}

static enum shim_file kind_of(int fd)
{
	char link[40], name[4096];

	if (!page)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, name, sizeof(name));
	return len > 0 ? kind_of_name(name, (size_t)len) : 0;
}

/* The place of the entry, or UINT64_MAX when the record is off or full. */
static uint64_t record(enum shim_kind kind, enum shim_file file, uint64_t offset, const void *data,
		       size_t bytes)
{
	if (!page || !atomic_load(&page->recording))
		return UINT64_MAX;
	uint64_t size = sizeof(struct entry) + ((bytes + 7) & ~(size_t)7);
	uint64_t at = atomic_fetch_add(&page->used, size);
	if (at + size > capacity)
		return UINT64_MAX;
	struct entry *e = (struct entry *)(void *)((char *)page + SHIM_RECORD_AT + at);
	e->kind = kind;
	e->file = file;
	e->offset = offset;
	e->bytes = (uint32_t)bytes;
	if (bytes)
		memcpy(e + 1, data, bytes);
	atomic_store(&e->ready, 1);
	return at;
}

static bool obey(_Atomic uint32_t *order, _Atomic uint32_t *done)
{
	uint32_t left = atomic_load(order);

	while (left && left != UINT32_MAX && !atomic_compare_exchange_weak(order, &left, left - 1))
		;
	if (left)
		atomic_fetch_add(done, 1);
	return left != 0;
}

static void count_unlocked(void)
{
	if (atomic_load(&locks) <= 0 && !closing)
		atomic_fetch_add(&page->unlocked, 1);
}

/* Below zero: it failed, errno is set. Else how many bytes to write. */
static ssize_t allowed(size_t bytes)
{
	count_unlocked();
	if (obey(&page->write_eio, &page->done_write_eio)) {
		errno = EIO;
		return -1;
	}
	if (obey(&page->write_enospc, &page->done_write_enospc)) {
		errno = ENOSPC;
		return -1;
	}
	if (bytes > 1 && obey(&page->write_short, &page->done_write_short))
		return (ssize_t)(bytes / 2);
	return (ssize_t)bytes;
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset)
{
	enum shim_file file = kind_of(fd);

	if (!file)
		return real_pwrite(fd, data, bytes, offset);
	ssize_t n = allowed(bytes);
	if (n < 0)
		return -1;
	n = real_pwrite(fd, data, (size_t)n, offset);
	if (n > 0)
		record(SHIM_WRITE, file, (uint64_t)offset, data, (size_t)n);
	return n;
}

ssize_t write(int fd, const void *data, size_t bytes)
{
	enum shim_file file = fd > 2 ? kind_of(fd) : 0;

	if (!file)
		return real_write(fd, data, bytes);
	off64_t offset = lseek64(fd, 0, SEEK_CUR);
	ssize_t n = allowed(bytes);
	if (n < 0)
		return -1;
	n = real_write(fd, data, (size_t)n);
	if (n > 0)
		record(SHIM_WRITE, file, (uint64_t)offset, data, (size_t)n);
	return n;
}

int ftruncate64(int fd, off64_t size)
{
	enum shim_file file = kind_of(fd);
	int bad = real_ftruncate(fd, size);

	if (file && !bad)
		record(SHIM_TRUNCATE, file, (uint64_t)size, NULL, 0);
	return bad;
}

int fdatasync(int fd)
{
	enum shim_file file = kind_of(fd);

	if (!file)
		return real_fdatasync(fd);
	uint32_t slow_ms = atomic_load(&page->sync_slow_ms);
	if (slow_ms) {
		atomic_fetch_add(&page->done_sync_slow, 1);
		poll(NULL, 0, (int)slow_ms);
	}
	if (obey(&page->sync_eio, &page->done_sync_eio)) {
		errno = EIO;
		return -1;
	}
	uint64_t begin = record(SHIM_SYNC_BEGIN, file, 0, NULL, 0);
	int bad = real_fdatasync(fd);
	if (!bad && begin != UINT64_MAX)
		record(SHIM_SYNC_END, file, begin, NULL, 0);
	return bad;
}

int unlink(const char *path)
{
	enum shim_file file = page ? kind_of_name(path, strlen(path)) : 0;
	int bad = real_unlink(path);

	if (file && !bad)
		record(SHIM_UNLINK, file, 0, NULL, 0);
	return bad;
}

ssize_t send(int fd, const void *data, size_t bytes, int flags)
{
	if (page && bytes > 10 && memcmp(data, "HTTP/1.1 2", 10) == 0)
		record(SHIM_ANSWER, 0, 0, data, bytes < ANSWER_BYTES_MAX ? bytes : ANSWER_BYTES_MAX);
	return real_send(fd, data, bytes, flags);
}

/* A child inherits no lock of ours: what is open is closed on exec, and each role opens its own. */
int flock(int fd, int operation)
{
	int bad = (int)syscall(SYS_flock, fd, operation);

	if (!bad && (operation & LOCK_EX))
		atomic_fetch_add(&locks, 1);
	if (!bad && (operation & LOCK_UN))
		atomic_fetch_sub(&locks, 1);
	return bad;
}

int sqlite3_close(void *db)
{
	closing = true;
	int bad = real_close(db);
	closing = false;
	return bad;
}

int clock_gettime(clockid_t which, struct timespec *out)
{
	int bad = (int)syscall(SYS_clock_gettime, which, out);

	if (!bad && page && which == CLOCK_REALTIME)
		out->tv_sec += (time_t)atomic_load(&page->clock_ahead_s);
	return bad;
}
