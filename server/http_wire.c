/* SPDX-License-Identifier: MIT */
/* The C library as CivetWeb sees it. poll and recv are made from ppoll and recvfrom, which do
 * the same in libc, so that only the stack size needs the loader's help. */
#include "server/http_wire.h"

#include "common/clock.h"
#include "server/http.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINGER_MS 1000
#define LINGER_QUIET_MS 300
#define LINGER_BYTES (1024 * 1024)

_Thread_local struct http_wire http_wire = {.fd = -1};

static atomic_int stop_fd = -1; /* readable from the stop on */

static int plain_poll(struct pollfd *fds, nfds_t n, int64_t timeout_ms)
{
	struct timespec ts = {timeout_ms / 1000, timeout_ms % 1000 * 1000000};

	return ppoll(fds, n, timeout_ms < 0 ? NULL : &ts, NULL);
}

static int stop_fd_get(void)
{
	int fd = atomic_load(&stop_fd), none = -1;

	if (fd >= 0)
		return fd;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd >= 0 && !atomic_compare_exchange_strong(&stop_fd, &none, fd)) {
		close(fd);
		fd = none;
	}
	return fd;
}

/* One descriptor of CivetWeb's and ours. -1 at the stop: CivetWeb takes an error for the end
 * of the connection, and then looks at its own stop flag. */
static int poll_with_stop(struct pollfd *fd, int64_t timeout_ms)
{
	struct pollfd both[2] = {*fd, {.fd = stop_fd_get(), .events = POLLIN}};
	int n = plain_poll(both, 2, timeout_ms);

	fd->revents = both[0].revents;
	if (n <= 0 || both[0].revents)
		return n > 0 ? 1 : n;
	errno = ECANCELED;
	return -1;
}

/* A wait under a deadline of ours; CivetWeb's own slices of two seconds are not kept, since
 * some of its loops take the end of a slice for the end of the stream. */
static int poll_until(struct pollfd *fd, int64_t until_mono_ms, bool writing)
{
	for (;;) {
		int64_t left = until_mono_ms - clock_mono_ms();
		int n = left > 0 ? poll_with_stop(fd, left) : 0;

		if (n > 0)
			return n;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !writing)
			return -1;
		if (n == 0 && left > 0)
			continue;
		if (!writing) {
			http_wire.timed_out = true;
			errno = ETIMEDOUT;
			return -1;
		}
		/* CivetWeb would go on after an error here; a send on a cut connection fails. */
		shutdown(fd->fd, SHUT_RDWR);
		fd->revents = POLLOUT;
		return 1;
	}
}

/* glibc declares the array write-only, which its own contract contradicts. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	const struct http_wire *w = &http_wire;

	if (!w->ours || n != 1)
		return plain_poll(fds, n, timeout_ms);
	fds->revents = 0; /* CivetWeb reads it after an error too */
	if (w->read_until_mono_ms && (fds->events & POLLIN))
		return poll_until(fds, w->read_until_mono_ms, false);
	if (w->write_until_mono_ms && (fds->events & POLLOUT))
		return poll_until(fds, w->write_until_mono_ms, true);
	int got = poll_with_stop(fds, timeout_ms);
	if (got == 0)
		http_wire.timed_out = true;
	return got;
}
#pragma GCC diagnostic pop

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
	struct http_wire *w = &http_wire;
	ssize_t n = recvfrom(fd, bytes, len, flags, NULL, NULL);

	if (!w->ours)
		return n;
	w->fd = fd;
	if (n == 0)
		w->ended = true;
	if (n > 0)
		w->timed_out = false;
	w->filled = n > 0 && (size_t)n == len;
	/* An empty buffer for a head is asked to be filled whole, and only that one is so large
	 * while no body is being read. */
	if (len == HTTP_HEAD_BYTES && !w->read_until_mono_ms)
		w->head = bytes;
	return n;
}

int pthread_attr_setstacksize(pthread_attr_t *attr, size_t bytes)
{
	static int (*_Atomic real)(pthread_attr_t *, size_t);
	int (*next)(pthread_attr_t *, size_t) = atomic_load(&real);

	if (!next) {
		*(void **)&next = dlsym(RTLD_NEXT, "pthread_attr_setstacksize");
		if (!next)
			return ENOSYS;
		atomic_store(&real, next);
	}
	return next(attr, bytes < HTTP_STACK_BYTES ? HTTP_STACK_BYTES : bytes);
}

void http_wire_body(int64_t until_mono_ms)
{
	http_wire.read_until_mono_ms = until_mono_ms;
	if (until_mono_ms)
		http_wire.timed_out = http_wire.ended = false;
}

void http_wire_answer(int64_t until_mono_ms)
{
	http_wire.write_until_mono_ms = until_mono_ms;
}

void http_wire_linger(void)
{
	int64_t until = clock_mono_ms() + LINGER_MS;
	struct pollfd fd = {.fd = http_wire.fd, .events = POLLIN};
	char dropped[4096];
	size_t total = 0;

	if (fd.fd < 0)
		return;
	shutdown(fd.fd, SHUT_WR);
	while (total < LINGER_BYTES && clock_mono_ms() < until) {
		if (poll_with_stop(&fd, LINGER_QUIET_MS) <= 0)
			return;
		ssize_t n = recvfrom(fd.fd, dropped, sizeof(dropped), MSG_DONTWAIT, NULL, NULL);
		if (n <= 0)
			return;
		total += (size_t)n;
	}
}

size_t http_wire_stack_bytes(void)
{
	pthread_attr_t attr;
	size_t bytes = 0;

	if (pthread_getattr_np(pthread_self(), &attr) != 0)
		return 0;
	pthread_attr_getstacksize(&attr, &bytes);
	pthread_attr_destroy(&attr);
	return bytes;
}

void http_wire_stop(void)
{
	int fd = stop_fd_get();

	if (fd >= 0)
		eventfd_write(fd, 1);
}
