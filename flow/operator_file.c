/* SPDX-License-Identifier: MIT */
/* Files of the operator, found without being opened (O_PATH holds no locks to drop). */
#include "flow/operator_file.h"

#include "common/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *operator_file_refuse(const char *name)
{
	if (!*name || *name == '.' || *name == '-')
		return "must be a plain name that begins with a letter, a digit or _";
	if (name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")])
		return "must be a plain name of letters, digits and . _ -, without a folder: the operator "
		       "says in which folder it lies";
	return NULL;
}

/* Is it one of the files in our own data directory? 1, 0, or -1 when that cannot be told. */
static int is_ours(const char *data, const struct stat *st)
{
	DIR *dir = data ? opendir(data) : NULL;
	const struct dirent *entry;
	struct stat own;
	int found = 0;

	if (!dir)
		return data && errno != ENOENT ? -1 : 0;
	while (!found && (entry = readdir(dir)))
		found = fstatat(dirfd(dir), entry->d_name, &own, 0) == 0 && own.st_dev == st->st_dev &&
			own.st_ino == st->st_ino;
	closedir(dir);
	return found;
}

static int look(int dir_fd, const char *dir, const char *name, const char *data,
		struct operator_file *out, struct err *err)
{
	struct stat st;
	int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fstat(fd, &st);

	if (fd >= 0)
		close(fd);
	if (rc < 0)
		return err_set(err, errno == ENOENT ? ERR_MISSING : ERR_DENIED, "%s/%s: %s", dir, name,
			       errno == ENOENT ? "there is no such file; the operator puts it there"
					       : strerror(errno));
	if (S_ISLNK(st.st_mode))
		return err_set(err, ERR_DENIED, "%s/%s is a symbolic link; the file itself must lie there",
			       dir, name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_DENIED, "%s/%s is not a regular file", dir, name);
	if (is_ours(data, &st))
		return err_set(err, ERR_DENIED, "%s/%s is a file of Ringbolt's own data directory, which no "
			       "flow may touch", dir, name);
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	return 0;
}

int operator_file_find(const char *dir, const char *name, const char *data,
		       struct operator_file *out, struct err *err)
{
	char *real = realpath(dir, NULL);
	int fd = real ? open(real, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	const char *why = operator_file_refuse(name);
	int rc = -1;

	*out = (struct operator_file){0};
	if (why)
		err_set(err, ERR_DENIED, "\"%.80s\" %s", name, why);
	else if (fd < 0)
		err_set(err, ERR_SYSTEM, "%s: %s; the server was started with this folder", dir,
			strerror(errno));
	else
		rc = look(fd, dir, name, data, out, err);
	if (rc == 0)
		out->path = mem_format("%s/%s", real, name);
	if (fd >= 0)
		close(fd);
	free(real);
	return rc;
}

bool operator_file_same(const struct operator_file *f)
{
	struct stat st;

	return lstat(f->path, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino;
}
