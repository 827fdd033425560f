/* SPDX-License-Identifier: MIT */
/* Keys of the API and the record of changes. The secret of a key has 256 random bits, so a plain
 * digest keeps it: there is nothing to guess. */
#include "common/store/inside.h"

#include <string.h>

#define SECRET_BYTES 32
#define SECRET_TEXT 43 /* of it in base64url */
#define PREFIX "rbk_"

static bool key_name_is_fine(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == len;
}

static int write_audit(struct conn *c, const struct audit_row *row, struct err *err)
{
	return sql_do(c, err, "INSERT INTO audit (at, who, what, target, details) VALUES (?, ?, ?, ?, ?)",
		      "itttt", row->at, row->who, row->what, row->target, row->details);
}

struct key_change {
	const struct access_key *row;
	const char *digest;
	struct audit_row audit;
	int64_t id;
};

static int add_key(struct conn *c, void *arg, struct err *err)
{
	struct key_change *k = arg;
	int64_t there;
	int got = sql_int(c, err, &there, "SELECT id FROM api_keys WHERE name = ?", "t", k->row->name);

	if (got != 0)
		return got < 0 ? -1
			       : err_set(err, ERR_CONFLICT, "there is a key \"%s\" already: remove it first, or take "
					 "another name", k->row->name);
	if (sql_do(c, err, "INSERT INTO api_keys (name, rights, digest, created_at, expires_at) "
		   "VALUES (?, ?, ?, ?, nullif(?, 0))",
		   "tttii", k->row->name, k->row->rights, k->digest, k->audit.at, k->row->expires_at) < 0 ||
	    sql_int(c, err, &k->id, "SELECT id FROM api_keys WHERE name = ?", "t", k->row->name) < 0)
		return -1;
	return write_audit(c, &k->audit, err) < 0 ? -1 : 0;
}

int store_key_add(struct store *s, const struct access_key *row, const char *who, int64_t now,
		  struct buf *out, struct err *err)
{
	unsigned char random[SECRET_BYTES];
	char digest[65];
	struct buf secret = BUF_INIT;
	struct key_change k = {row, digest, {0, now, who, "key add", row->name, row->rights}, 0};

	if (!key_name_is_fine(row->name))
		return err_set(err, ERR_INVALID, "\"%.64s\" is no name of a key: use up to 64 letters, digits, "
			       "-, _ and .", row->name);
	buf_grow(&secret, SECRET_TEXT + 1);
	crypto_random(random, sizeof(random));
	crypto_base64url(random, sizeof(random), &secret);
	crypto_sha256_hex(buf_slice(&secret), digest);
	int got = commit(s, SYNC_AFTER, add_key, &k, err);
	if (got >= 0) {
		buf_grow(out, 128);
		buf_addf(out, PREFIX "%lld_%s", (long long)k.id, secret.ptr);
	}
	explicit_bzero(random, sizeof(random));
	explicit_bzero(secret.ptr, secret.len);
	buf_release(&secret);
	return got < 0 ? -1 : 0;
}

static int remove_key(struct conn *c, void *arg, struct err *err)
{
	struct key_change *k = arg;
	int changed = sql_do(c, err, "DELETE FROM api_keys WHERE name = ?", "t", k->audit.target);

	return changed <= 0 ? changed : write_audit(c, &k->audit, err) < 0 ? -1 : 1;
}

int store_key_remove(struct store *s, const char *name, const char *who, int64_t now, struct err *err)
{
	struct key_change k = {.audit = {0, now, who, "key remove", name, ""}};

	return commit(s, SYNC_AFTER, remove_key, &k, err);
}

#define KEY_COLUMNS "id, name, rights, created_at, coalesce(expires_at, 0), digest"

static struct access_key key_row(sqlite3_stmt *st)
{
	return (struct access_key){sqlite3_column_int64(st, 0), (const char *)sqlite3_column_text(st, 1),
				   (const char *)sqlite3_column_text(st, 2), sqlite3_column_int64(st, 3),
				   sqlite3_column_int64(st, 4)};
}

int store_keys_each(struct store *s, int (*each)(void *arg, const struct access_key *row), void *arg,
		    struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err, "SELECT " KEY_COLUMNS " FROM api_keys ORDER BY name", "");
	int got = st ? 1 : -1, count = 0;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		struct access_key row = key_row(st);
		count++;
		if (each(arg, &row) < 0) {
			sql_done(st);
			got = 0;
		}
	}
	reader_give(s, c);
	return got < 0 ? -1 : count;
}

/* "rbk_12_<43 characters>": 1 with its parts. */
static int cut_key(const char *text, int64_t *id, struct slice *secret)
{
	const char *p = text + strlen(PREFIX), *start;

	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	for (*id = 0, start = p; *p >= '0' && *p <= '9' && p - start < 18; p++)
		*id = *id * 10 + (*p - '0');
	if (p == start || *p++ != '_')
		return 0;
	*secret = (struct slice){p, strlen(p)};
	return secret->len == SECRET_TEXT;
}

int store_key_check(struct store *s, const char *text, int64_t now,
		    void (*found)(void *arg, const struct access_key *row), void *arg, struct err *err)
{
	struct slice secret;
	char digest[65];
	int64_t id;

	if (!cut_key(text, &id, &secret))
		return 0;
	crypto_sha256_hex(secret, digest);
	struct conn *c = reader_take(s, err);
	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err, "SELECT " KEY_COLUMNS " FROM api_keys WHERE id = ?", "i", id);
	int got = st ? sql_row(c, st, err) : -1;
	if (got > 0) {
		struct access_key row = key_row(st);
		bool same = crypto_equal(sql_column_slice(st, 5), (struct slice){digest, 64});
		got = same && (row.expires_at == 0 || row.expires_at > now);
		if (got)
			found(arg, &row);
		sql_done(st);
	}
	reader_give(s, c);
	return got;
}

static int add_audit(struct conn *c, void *arg, struct err *err)
{
	return write_audit(c, arg, err) < 0 ? -1 : 0;
}

int store_audit_add(struct store *s, const struct audit_row *row, struct err *err)
{
	struct audit_row copy = *row;

	return commit(s, SYNC_AFTER, add_audit, &copy, err) < 0 ? -1 : 0;
}

int store_audit_each(struct store *s, int64_t before_id, size_t limit,
		     int (*each)(void *arg, const struct audit_row *row), void *arg, struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err, "SELECT id, at, who, what, target, details FROM audit "
				   "WHERE id < ? ORDER BY id DESC LIMIT ?", "ii",
				   before_id ? before_id : INT64_MAX, limit ? (int64_t)limit : -1);
	int got = st ? 1 : -1;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		struct audit_row row = {sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
					(const char *)sqlite3_column_text(st, 2),
					(const char *)sqlite3_column_text(st, 3),
					(const char *)sqlite3_column_text(st, 4),
					(const char *)sqlite3_column_text(st, 5)};
		if (each(arg, &row) < 0) {
			sql_done(st);
			got = 0;
		}
	}
	reader_give(s, c);
	return got < 0 ? -1 : 0;
}
