/* SPDX-License-Identifier: MIT */
/*
 * Secrets: AES-256-GCM under the key file, the name as associated data so that rows cannot be
 * swapped. A secret in the environment stands before a stored one; the environment is read
 * when the store is opened, since workers empty theirs afterwards.
 */
#include "common/store/inside.h"

#include "common/mem.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

struct env_secret {
	char *name; /* as the environment has it, without the prefix: upper case */
	char *value;
	size_t len;
};

static const char prefix[] = "RINGBOLT_SECRET_";

static char *key_path(const char *dir, const char *key_file)
{
	return key_file ? mem_dup(key_file) : store_path(dir, "ringbolt.key");
}

int secrets_make_key(const char *dir, const char *key_file, struct err *err)
{
	unsigned char key[CRYPTO_KEY_BYTES];
	char *path = key_path(dir, key_file);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), result = 0;

	if (fd < 0 && errno != EEXIST)
		result = err_set(err, ERR_SYSTEM, "cannot make the key file %s: %s", path, strerror(errno));
	if (fd >= 0) {
		crypto_random(key, sizeof(key));
		if (write(fd, key, sizeof(key)) != sizeof(key) || fsync(fd) < 0)
			result = err_set(err, ERR_SYSTEM, "cannot write the key file %s: %s", path,
					 strerror(errno));
		close(fd);
		explicit_bzero(key, sizeof(key));
		if (result < 0)
			unlink(path);
	}
	free(path);
	return result;
}

static int read_key(struct store *s, const char *path, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC), result = 0;

	if (fd < 0)
		return err_set(err, ERR_SYSTEM, "cannot read the key file %s: %s; the stored secrets need it",
			       path, strerror(errno));
	if (fstat(fd, &st) == 0 && (st.st_mode & 077))
		result = err_set(err, ERR_DENIED, "the key file %s can be read by others: chmod 600 it", path);
	else if (read(fd, s->key, sizeof(s->key)) != (ssize_t)sizeof(s->key))
		result = err_set(err, ERR_INVALID, "the key file %s does not hold %d bytes: restore it from where "
				 "you keep it", path, CRYPTO_KEY_BYTES);
	close(fd);
	return result;
}

static void read_environment(struct store *s)
{
	for (char **e = environ; e && *e; e++) {
		const char *equals = strchr(*e, '=');
		if (!equals || strncmp(*e, prefix, sizeof(prefix) - 1) != 0)
			continue;
		const char *name = *e + sizeof(prefix) - 1;
		s->env_secrets = mem_resize(s->env_secrets, s->n_env_secrets + 1, sizeof(*s->env_secrets));
		s->env_secrets[s->n_env_secrets++] = (struct env_secret){
			mem_dup_len(name, (size_t)(equals - name)), mem_dup(equals + 1), strlen(equals + 1)};
	}
}

int secrets_open(struct store *s, const char *key_file, struct err *err)
{
	char *path = key_path(s->dir, key_file);
	int result = read_key(s, path, err);

	free(path);
	if (result == 0)
		read_environment(s);
	return result;
}

void secrets_close(struct store *s)
{
	for (size_t i = 0; i < s->n_env_secrets; i++) {
		free(s->env_secrets[i].name);
		mem_wipe_free(s->env_secrets[i].value, s->env_secrets[i].len);
	}
	free(s->env_secrets);
	explicit_bzero(s->key, sizeof(s->key));
}

static const struct env_secret *find_in_environment(const struct store *s, const char *name)
{
	for (size_t i = 0; i < s->n_env_secrets; i++) {
		const char *have = s->env_secrets[i].name, *want = name;
		while (*have && *want &&
		       *have == (*want == '-' ? '_' : (char)toupper((unsigned char)*want)))
			have++, want++;
		if (!*have && !*want)
			return &s->env_secrets[i];
	}
	return NULL;
}

/* The place a sealed value is bound to. */
static struct slice place(const char *name, struct buf *out)
{
	buf_addf(out, "secrets/%s/1", name);
	return buf_slice(out);
}

static bool name_is_fine(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == len;
}

struct set {
	const char *name;
	struct slice sealed;
	int64_t now;
};

static int set_secret(struct conn *c, void *arg, struct err *err)
{
	struct set *set = arg;

	if (sql_do(c, err, "INSERT INTO secrets (name, sealed, updated_at) VALUES (?, ?, ?) "
		   "ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at",
		   "tbi", set->name, set->sealed, set->now) < 0)
		return -1;
	return config_changed(c, err);
}

int store_secret_set(struct store *s, const char *name, struct slice value, int64_t now, struct err *err)
{
	struct buf sealed = BUF_INIT, aad = BUF_INIT;
	int result;

	if (!name_is_fine(name))
		return err_set(err, ERR_INVALID, "\"%s\" is no secret's name: use letters, digits, - and _", name);
	if (!value.len)
		return err_set(err, ERR_INVALID, "the secret \"%s\" is empty: give its value on standard input", name);
	result = crypto_seal(s->key, value, place(name, &aad), &sealed, err);
	if (result == 0) {
		struct set set = {name, buf_slice(&sealed), now};
		result = commit(s, SYNC_AFTER, set_secret, &set, err);
	}
	buf_release(&sealed);
	buf_release(&aad);
	if (result >= 0)
		bell_ring_config(s->bell);
	return result;
}

static int remove_secret(struct conn *c, void *arg, struct err *err)
{
	int changed = sql_do(c, err, "DELETE FROM secrets WHERE name = ?", "t", (const char *)arg);

	return changed <= 0 ? changed : config_changed(c, err) < 0 ? -1 : 1;
}

int store_secret_remove(struct store *s, const char *name, struct err *err)
{
	int got = commit(s, SYNC_AFTER, remove_secret, (void *)(uintptr_t)name, err);

	if (got > 0)
		bell_ring_config(s->bell);
	return got;
}

int store_secrets_load(struct store *s, struct secret_row **rows, size_t *count, struct err *err)
{
	struct conn *c = reader_take(s, err);

	*rows = NULL;
	*count = 0;
	if (!c)
		return -1;
	for (size_t i = 0; i < s->n_env_secrets; i++) {
		*rows = mem_resize(*rows, *count + 1, sizeof(**rows));
		struct secret_row *row = &(*rows)[(*count)++];
		*row = (struct secret_row){mem_dup(s->env_secrets[i].name), 0, true};
		for (char *p = row->name; *p; p++)
			*p = (char)tolower((unsigned char)*p);
	}
	sqlite3_stmt *st = sql_ask(c, err, "SELECT name, updated_at FROM secrets ORDER BY name", "");
	int got = st ? 1 : -1;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		*rows = mem_resize(*rows, *count + 1, sizeof(**rows));
		(*rows)[(*count)++] = (struct secret_row){sql_column_dup(st, 0), sqlite3_column_int64(st, 1), false};
	}
	reader_give(s, c);
	return got;
}

void secret_rows_free(struct secret_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(rows[i].name);
	free(rows);
}

int store_secret_get(struct store *s, const char *name, char **value, size_t *len, struct err *err)
{
	const struct env_secret *env = find_in_environment(s, name);
	struct buf plain = BUF_INIT, aad = BUF_INIT;

	if (env) {
		*value = mem_dup_len(env->value, env->len);
		*len = env->len;
		return 1;
	}
	struct conn *c = reader_take(s, err);
	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err, "SELECT sealed FROM secrets WHERE name = ?", "t", name);
	int got = st ? sql_row(c, st, err) : -1;
	if (got > 0) {
		if (crypto_open(s->key, sql_column_slice(st, 0), place(name, &aad), &plain, err) < 0)
			got = err_set(err, ERR_DENIED, "the secret \"%s\" does not open with this key file: restore "
				      "the right one, or set the secret again", name);
		sql_done(st);
	}
	reader_give(s, c);
	if (got > 0) {
		*len = plain.len;
		*value = buf_take(&plain);
	}
	buf_release(&plain);
	buf_release(&aad);
	return got;
}

void store_token(struct store *s, const char *purpose, int64_t id, char out[33])
{
	unsigned char mac[CRYPTO_DIGEST_MAX];
	struct buf text = BUF_INIT, hex = BUF_INIT;

	buf_addf(&text, "token/%s/%lld", purpose, (long long)id);
	if (crypto_hmac("sha256", (struct slice){(const char *)s->key, sizeof(s->key)}, buf_slice(&text), mac) < 0)
		memset(mac, 0, sizeof(mac));
	crypto_hex(mac, 16, &hex);
	memcpy(out, hex.ptr, 33);
	buf_release(&text);
	buf_release(&hex);
}
