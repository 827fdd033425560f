/* SPDX-License-Identifier: MIT */
/*
 * secret rotate: a new key file, and every secret under it. In order: the new key is written
 * and synced beside the old one; one transaction re-seals all and notes the new key's mark; the
 * files change places. Cut short before the transaction, the old key opens everything and
 * FILE.new nothing; after it, FILE.new opens everything, and is looked for there.
 */
#include "common/store/inside.h"

#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct rotation {
	struct store *store;
	unsigned char key[CRYPTO_KEY_BYTES]; /* the new one */
};

static int reseal(struct conn *c, const struct rotation *r, const unsigned char *old, const char *name,
		  struct slice sealed, struct err *err)
{
	struct buf plain = BUF_INIT, fresh = BUF_INIT, aad = BUF_INIT;
	int result;

	buf_grow(&plain, sealed.len); /* never moved, so no copy stays behind unwiped */
	secret_place(name, &aad);
	result = crypto_open(old, sealed, buf_slice(&aad), &plain, err);
	if (result < 0)
		err_set(err, ERR_DENIED, "the secret \"%s\" does not open with this key file, so nothing was "
			"changed: restore the right key file, or remove the secret", name);
	if (result == 0)
		result = crypto_seal(r->key, buf_slice(&plain), buf_slice(&aad), &fresh, err);
	if (result == 0)
		result = sql_do(c, err, "UPDATE secrets SET sealed = ? WHERE name = ?", "bt", buf_slice(&fresh), name);
	mem_wipe_free(plain.ptr, plain.size);
	buf_release(&fresh);
	buf_release(&aad);
	return result < 0 ? -1 : 0;
}

struct row {
	char *name;
	struct buf sealed;
};

static int read_rows(struct conn *c, struct row **rows, size_t *n, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err, "SELECT name, sealed FROM secrets", "");
	int got = st ? 1 : -1;

	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		*rows = mem_resize(*rows, *n + 1, sizeof(**rows));
		struct row *row = &(*rows)[(*n)++];
		*row = (struct row){sql_column_dup(st, 0), BUF_INIT};
		buf_add_slice(&row->sealed, sql_column_slice(st, 1));
	}
	return got;
}

static int reseal_all(struct conn *c, void *arg, struct err *err)
{
	const struct rotation *r = arg;
	unsigned char old[CRYPTO_KEY_BYTES];
	char mark[KEY_MARK_SIZE];
	struct row *rows = NULL;
	size_t n = 0;

	int result = key_in_use(r->store, c, old, err);
	if (result == 0)
		result = read_rows(c, &rows, &n, err);
	for (size_t i = 0; i < n; i++) {
		if (result == 0)
			result = reseal(c, r, old, rows[i].name, buf_slice(&rows[i].sealed), err);
		free(rows[i].name);
		buf_release(&rows[i].sealed);
	}
	free(rows);
	explicit_bzero(old, sizeof(old));
	key_mark(r->key, mark);
	if (result < 0 || sql_do(c, err, "UPDATE config SET key_mark = ?", "t", mark) < 0 ||
	    config_changed(c, err) < 0)
		return -1;
	return (int)n;
}

/* One rotation at a time: two would overwrite each other's FILE.new. */
static int hold(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, ERR_SYSTEM, "cannot read the key file %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return err_set(err, ERR_CONFLICT, "another `ringbolt secret rotate` is under way: wait for its end");
}

static int rotate(struct store *s, struct err *err)
{
	struct rotation r = {.store = s};
	struct conn *c = reader_take(s, err);

	/* FILE.new may be the key of the last rotation, cut short. */
	int result = c ? key_finish(c, s->dir, s->key_path, err) : -1;
	if (result == 0)
		result = key_file_in_use(s, c, err);
	if (c)
		reader_give(s, c);
	if (result < 0)
		return -1;
	crypto_random(r.key, sizeof(r.key));
	result = key_write_next(s->key_path, r.key, err);
	if (result == 0)
		result = commit(s, SYNC_AFTER, reseal_all, &r, err);
	if (result >= 0) {
		key_adopt(s, r.key);
		bell_ring_config(s->bell);
		if (key_replace(s->key_path, err) < 0)
			result = -1;
	}
	explicit_bzero(r.key, sizeof(r.key));
	return result;
}

int store_secrets_rotate(struct store *s, struct err *err)
{
	int fd = hold(s->key_path, err);

	if (fd < 0)
		return -1;
	int result = rotate(s, err);
	close(fd);
	return result;
}
