/* SPDX-License-Identifier: MIT */
/* The key file: made once, read at opening, and put in its place again by a rotation. */
#include "common/store/inside.h"

#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *key_path(const char *dir, const char *key_file)
{
	return key_file ? mem_dup(key_file) : store_path(dir, "ringbolt.key");
}

static char *beside(const char *path, const char *suffix)
{
	return mem_format("%s.%s", path, suffix);
}

void key_mark(const unsigned char key[CRYPTO_KEY_BYTES], char out[KEY_MARK_SIZE])
{
	static const char purpose[] = "ringbolt/key-mark";
	unsigned char mac[CRYPTO_DIGEST_MAX];
	struct buf hex = BUF_INIT;

	if (crypto_hmac("sha256", (struct slice){(const char *)key, CRYPTO_KEY_BYTES},
			(struct slice){purpose, sizeof(purpose) - 1}, mac) < 0)
		memset(mac, 0, sizeof(mac));
	crypto_hex(mac, 8, &hex);
	memcpy(out, hex.ptr, KEY_MARK_SIZE);
	buf_release(&hex);
}

static int write_key(const char *path, int flags, const unsigned char *key, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600), result = 0;

	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0)
		return err_set(err, ERR_SYSTEM, "cannot make the key file %s: %s", path, strerror(errno));
	if (fchmod(fd, 0600) < 0 || write(fd, key, CRYPTO_KEY_BYTES) != CRYPTO_KEY_BYTES || fsync(fd) < 0)
		result = err_set(err, ERR_SYSTEM, "cannot write the key file %s: %s", path, strerror(errno));
	close(fd);
	if (result < 0)
		unlink(path);
	return result;
}

int key_make(const char *dir, const char *key_file, struct err *err)
{
	unsigned char key[CRYPTO_KEY_BYTES];
	char *path = key_path(dir, key_file);

	crypto_random(key, sizeof(key));
	int result = write_key(path, O_EXCL, key, err);
	explicit_bzero(key, sizeof(key));
	free(path);
	return result;
}

static int read_key(const char *path, unsigned char out[CRYPTO_KEY_BYTES], struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC), result = 0;

	if (fd < 0)
		return err_set(err, ERR_SYSTEM, "cannot read the key file %s: %s; the stored secrets need it",
			       path, strerror(errno));
	if (fstat(fd, &st) == 0 && (st.st_mode & 077))
		result = err_set(err, ERR_DENIED, "the key file %s can be read by others: chmod 600 it", path);
	else if (read(fd, out, CRYPTO_KEY_BYTES) != CRYPTO_KEY_BYTES)
		result = err_set(err, ERR_INVALID, "the key file %s does not hold %d bytes: restore it from where "
				 "you keep it", path, CRYPTO_KEY_BYTES);
	close(fd);
	return result;
}

int key_open(struct store *s, const char *key_file, struct err *err)
{
	s->key_path = key_path(s->dir, key_file);
	return read_key(s->key_path, s->key, err);
}

int key_at(struct store *s, enum key_place place, unsigned char out[CRYPTO_KEY_BYTES])
{
	struct err unread;

	if (place == KEY_HELD) {
		pthread_mutex_lock(&s->key_lock);
		memcpy(out, s->key, CRYPTO_KEY_BYTES);
		pthread_mutex_unlock(&s->key_lock);
		return 1;
	}
	char *path = place == KEY_FILE ? mem_dup(s->key_path) : beside(s->key_path, "new");
	int result = read_key(path, out, &unread);
	free(path);
	return result == 0;
}

void key_adopt(struct store *s, const unsigned char key[CRYPTO_KEY_BYTES])
{
	pthread_mutex_lock(&s->key_lock);
	memcpy(s->key, key, CRYPTO_KEY_BYTES);
	pthread_mutex_unlock(&s->key_lock);
}

/* 1 and the mark, 0 when no rotation ever was. */
static int read_mark(struct conn *c, char out[KEY_MARK_SIZE], struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err, "SELECT key_mark FROM config WHERE key_mark IS NOT NULL", "");
	int got = st ? sql_row(c, st, err) : -1;

	if (got > 0) {
		struct slice mark = sql_column_slice(st, 0);
		memset(out, 0, KEY_MARK_SIZE);
		memcpy(out, mark.ptr, mark.len < KEY_MARK_SIZE ? mark.len : KEY_MARK_SIZE - 1);
		sql_done(st);
	}
	return got;
}

int key_in_use(struct store *s, struct conn *c, unsigned char out[CRYPTO_KEY_BYTES], struct err *err)
{
	char want[KEY_MARK_SIZE], have[KEY_MARK_SIZE];
	int got = read_mark(c, want, err);

	if (got < 0)
		return -1;
	for (enum key_place at = KEY_HELD; at < KEY_PLACES; at++) {
		if (!key_at(s, at, out))
			continue;
		key_mark(out, have);
		if (got == 0 || strcmp(have, want) == 0)
			return 0;
	}
	return err_set(err, ERR_DENIED, "%s is not the key of this database's secrets: restore the right one, or "
		       "name it with --key-file", s->key_path);
}

int key_file_in_use(struct store *s, struct conn *c, struct err *err)
{
	char want[KEY_MARK_SIZE], have[KEY_MARK_SIZE] = "";
	unsigned char key[CRYPTO_KEY_BYTES];
	int got = read_mark(c, want, err);

	if (got > 0 && key_at(s, KEY_FILE, key))
		key_mark(key, have);
	explicit_bzero(key, sizeof(key));
	if (got <= 0 || strcmp(want, have) == 0)
		return got < 0 ? -1 : 0;
	return err_set(err, ERR_DENIED, "%s is not the key of this database's secrets: restore the right one first "
		       "(it may be %s.new)", s->key_path, s->key_path);
}

static int sync_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? mem_dup_len(path, (size_t)(slash - path) + 1) : mem_dup(".");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;

	if (fd < 0 || fsync(fd) < 0)
		result = err_set(err, ERR_SYSTEM, "cannot sync the folder %s: %s", dir, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(dir);
	return result;
}

int key_write_next(const char *path, const unsigned char key[CRYPTO_KEY_BYTES], struct err *err)
{
	char *next = beside(path, "new");
	int result = write_key(next, O_TRUNC, key, err);

	if (result == 0)
		result = sync_folder(next, err);
	free(next);
	return result;
}

int key_replace(const char *path, struct err *err)
{
	char *next = beside(path, "new"), *old = beside(path, "old");
	int result = 0;

	/* Someone else may have finished it meanwhile. */
	if (access(next, F_OK) < 0)
		goto out;
	unlink(old);
	if (link(path, old) < 0)
		log_line(LOG_WARN, "the old key could not be kept", "file", old, "error", strerror(errno), NULL);
	if (rename(next, path) < 0 && errno != ENOENT)
		result = err_set(err, ERR_SYSTEM, "the secrets are under the new key, but %s could not be put in the "
				 "place of %s: %s; do it by hand", next, path, strerror(errno));
	if (result == 0)
		result = sync_folder(path, err);
out:
	free(next);
	free(old);
	return result;
}

int key_finish(struct conn *c, const char *dir, const char *key_file, struct err *err)
{
	char *path = key_path(dir, key_file), *next = beside(path, "new");
	char want[KEY_MARK_SIZE], have[KEY_MARK_SIZE];
	unsigned char key[CRYPTO_KEY_BYTES];
	struct err unread;
	int result = read_mark(c, want, err);

	if (result > 0 && access(next, F_OK) == 0 && read_key(next, key, &unread) == 0) {
		key_mark(key, have);
		explicit_bzero(key, sizeof(key));
		result = strcmp(have, want) == 0 ? key_replace(path, err) : 0;
	}
	free(path);
	free(next);
	return result < 0 ? -1 : 0;
}
