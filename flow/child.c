/* SPDX-License-Identifier: MIT */
/* fork and exec by hand: posix_spawn sets no limits. Between the two the child may only do
 * what is safe after a fork (signal-safety(7)), since a thread of libcurl may hold a lock. */
#include "flow/child.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <linux/close_range.h>
#include <unistd.h>

#define FILES_MAX 64             /* descriptors a program may have */
#define FILE_BYTES_MAX (64 << 20) /* the largest file it may write */

enum end { IN, OUT, ERR, STATUS, ENDS };

struct child {
	const struct child_request *q;
	int ours[ENDS], theirs[ENDS];
	pid_t pid, parent;
	int pid_fd;
	size_t written;
	struct child_result *result;
};

/* What went wrong before the program was there, as it comes through the status pipe. */
struct trouble {
	int code;
	char what[24];
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int open_pipes(struct child *c, struct err *err)
{
	for (int i = 0; i < ENDS; i++)
		c->ours[i] = c->theirs[i] = -1;
	for (int i = 0; i < ENDS; i++) {
		int fds[2];
		if (pipe2(fds, O_CLOEXEC) < 0)
			return err_set(err, ERR_SYSTEM, "no pipe for the program: %s", strerror(errno));
		c->ours[i] = fds[i == IN];
		c->theirs[i] = fds[i != IN];
		if (i != STATUS)
			fcntl(c->ours[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

/* ---- in the child ---- */

static void __attribute__((noreturn)) give_up(int fd, const char *what)
{
	struct trouble t = {.code = errno};

	strncpy(t.what, what, sizeof(t.what) - 1);
	ssize_t ignored = write(fd, &t, sizeof(t));
	(void)ignored;
	_exit(127);
}

static int limit(int what, rlim_t most)
{
	struct rlimit old, fresh = {most, most};

	if (getrlimit((__rlimit_resource_t)what, &old) < 0)
		return -1;
	if (fresh.rlim_max > old.rlim_max) /* never above our own */
		fresh.rlim_cur = fresh.rlim_max = old.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &fresh);
}

static int set_limits(const struct child_request *q)
{
	return limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_NOFILE, FILES_MAX) < 0 ||
			       limit(RLIMIT_FSIZE, FILE_BYTES_MAX) < 0 ||
			       limit(RLIMIT_CPU, (rlim_t)q->timeout_ms / 1000 + 1) < 0 ||
			       limit(RLIMIT_AS, q->memory_bytes) < 0
		       ? -1
		       : 0;
}

/* As the program is to find them, whatever the worker made of them. */
static void reset_signals(void)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn)) become(const struct child *c)
{
	int status = c->theirs[STATUS];

	setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		give_up(status, "prctl");
	if (getppid() != c->parent)
		_exit(127); /* it died before it could take us along */
	for (int i = IN; i <= ERR; i++)
		if (dup2(c->theirs[i], i) < 0)
			give_up(status, "dup2");
	/* Everything else ends with exec; the status pipe must live until then. */
	if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		give_up(status, "close_range");
	reset_signals();
	umask(077);
	if (chdir(c->q->folder) < 0)
		give_up(status, "chdir");
	if (set_limits(c->q) < 0)
		give_up(status, "setrlimit");
	execve(c->q->path, c->q->argv, c->q->envp);
	give_up(status, "exec");
}

/* ---- in the parent ---- */

static int start(struct child *c, struct err *err)
{
	struct trouble t;

	c->parent = getpid();
	c->pid = fork();
	if (c->pid == 0)
		become(c);
	if (c->pid < 0)
		return err_set(err, ERR_SYSTEM, "no process for the program: %s", strerror(errno));
	setpgid(c->pid, c->pid); /* whoever is first */
	for (int i = 0; i < ENDS; i++)
		close_end(&c->theirs[i]);
	c->pid_fd = pidfd_open(c->pid, 0);
	ssize_t got;
	while ((got = read(c->ours[STATUS], &t, sizeof(t))) < 0 && errno == EINTR)
		;
	if (got != sizeof(t))
		return 0;
	if (t.code == ENOEXEC)
		return err_set(err, ERR_INVALID, "%s is no program: a script begins with #! and its interpreter",
			       c->q->path);
	return err_set(err, t.code == EACCES ? ERR_DENIED : ERR_SYSTEM, "%s cannot be run: %s (%s)%s",
		       c->q->path, strerror(t.code), t.what,
		       t.code == EACCES ? "; is it executable (chmod +x)?" : "");
}

static void feed(struct child *c)
{
	struct slice rest = {c->q->input.ptr + c->written, c->q->input.len - c->written};
	ssize_t n = rest.len ? write(c->ours[IN], rest.ptr, rest.len) : 0;

	if (n > 0)
		c->written += (size_t)n;
	/* A program that does not read its input is not wrong. */
	if (c->written == c->q->input.len || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_end(&c->ours[IN]);
}

static void drain(int *fd, struct buf *into)
{
	char chunk[8192];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n > 0)
		buf_add(into, chunk, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_end(fd);
}

/* Whatever the pipes still hold once the program has ended. */
static void drain_rest(struct child *c)
{
	struct child_result *r = c->result;

	for (int i = OUT; i <= ERR; i++) {
		struct buf *into = i == OUT ? &r->out : &r->err;
		size_t before;
		do {
			before = into->len;
			if (c->ours[i] >= 0)
				drain(&c->ours[i], into);
		} while (into->len > before && r->out.len + r->err.len <= c->q->max_output_bytes);
	}
}

/* Until the program has ended: 0; or must be ended: -1. */
static int attend(struct child *c, struct err *err)
{
	struct child_result *r = c->result;
	int64_t until = clock_mono_ms() + c->q->timeout_ms;

	for (;;) {
		int64_t left = until - clock_mono_ms();
		struct pollfd fds[] = {{c->ours[IN], POLLOUT, 0}, {c->ours[OUT], POLLIN, 0},
				       {c->ours[ERR], POLLIN, 0}, {c->pid_fd, POLLIN, 0}};
		if (left <= 0)
			return err_set(err, ERR_TIMEOUT, "it took longer than %lld ms (\"timeout_ms\") and was "
				       "ended", (long long)c->q->timeout_ms);
		if (poll(fds, ARRAY_LEN(fds), (int)left) < 0 && errno != EINTR)
			return err_set(err, ERR_SYSTEM, "poll: %s", strerror(errno));
		if (fds[0].revents)
			feed(c);
		if (fds[1].revents)
			drain(&c->ours[OUT], &r->out);
		if (fds[2].revents)
			drain(&c->ours[ERR], &r->err);
		bool ended = fds[3].revents;
		if (ended)
			drain_rest(c);
		if (r->out.len + r->err.len > c->q->max_output_bytes)
			return err_set(err, ERR_TOO_BIG, "it printed more than %zu bytes "
				       "(\"max_output_bytes\") and was ended", c->q->max_output_bytes);
		if (ended)
			return 0;
	}
}

/* The group goes while its leader is still there to own the number; then the leader is
 * buried. */
static void end(struct child *c)
{
	struct child_result *r = c->result;
	int status = 0;

	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	r->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int child_run(const struct child_request *q, struct child_result *result, struct err *err)
{
	struct child c = {.q = q, .result = result, .pid = -1, .pid_fd = -1};

	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

	*result = (struct child_result){.exit = -1, .out = BUF_INIT, .err = BUF_INIT};
	sigaction(SIGPIPE, &ignore, &before); /* it need not read its input */
	int rc = open_pipes(&c, err);
	if (rc == 0)
		rc = start(&c, err);
	if (rc == 0 && c.pid_fd < 0)
		rc = err_set(err, ERR_SYSTEM, "pidfd_open: %s", strerror(errno));
	if (rc == 0)
		rc = attend(&c, err);
	if (c.pid > 0)
		end(&c);
	for (int i = 0; i < ENDS; i++) {
		close_end(&c.ours[i]);
		close_end(&c.theirs[i]);
	}
	close_end(&c.pid_fd);
	sigaction(SIGPIPE, &before, NULL);
	return rc;
}

void child_result_release(struct child_result *r)
{
	buf_release(&r->out);
	buf_release(&r->err);
}
