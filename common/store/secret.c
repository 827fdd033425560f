/* SPDX-License-Identifier: MIT */
/*
 * Secrets: AES-256-GCM under the key file, the name as associated data so that rows cannot be
 * swapped. A secret in the environment stands before a stored one; the environment is read
 * when the store is opened, since workers empty theirs afterwards.
 */
#include "common/store/inside.h"

#include "common/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

struct env_secret {
	char *name; /* as the environment has it, without the prefix: upper case */
	char *value;
	size_t len;
};

static const char prefix[] = "RINGBOLT_SECRET_";

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

void secrets_forget_environment(void)
{
	for (char **e = environ; e && *e; e++) {
		char *equals = strchr(*e, '=');
		if (equals && strncmp(*e, prefix, sizeof(prefix) - 1) == 0)
			explicit_bzero(equals + 1, strlen(equals + 1));
	}
}

int secrets_open(struct store *s, const char *key_file, struct err *err)
{
	if (key_open(s, key_file, err) < 0)
		return -1;
	read_environment(s);
	return 0;
}

void secrets_close(struct store *s)
{
	for (size_t i = 0; i < s->n_env_secrets; i++) {
		free(s->env_secrets[i].name);
		mem_wipe_free(s->env_secrets[i].value, s->env_secrets[i].len);
	}
	free(s->env_secrets);
	free(s->key_path);
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

struct slice secret_place(const char *name, struct buf *out)
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
	struct store *store;
	const char *name;
	struct slice value;
	int64_t now;
};

/* Sealed inside the transaction: a rotation may have come just before it. */
static int set_secret(struct conn *c, void *arg, struct err *err)
{
	struct set *set = arg;
	struct buf sealed = BUF_INIT, aad = BUF_INIT;
	unsigned char key[CRYPTO_KEY_BYTES];
	int result = key_in_use(set->store, c, key, err);

	if (result == 0)
		result = crypto_seal(key, set->value, secret_place(set->name, &aad), &sealed, err);
	if (result == 0)
		result = sql_do(c, err, "INSERT INTO secrets (name, sealed, updated_at) VALUES (?, ?, ?) "
				"ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, "
				"updated_at = excluded.updated_at",
				"tbi", set->name, buf_slice(&sealed), set->now);
	explicit_bzero(key, sizeof(key));
	buf_release(&sealed);
	buf_release(&aad);
	return result < 0 ? -1 : config_changed(c, err);
}

int store_secret_set(struct store *s, const char *name, struct slice value, int64_t now, struct err *err)
{
	struct set set = {s, name, value, now};

	if (!name_is_fine(name))
		return err_set(err, ERR_INVALID, "\"%s\" is no secret's name: use letters, digits, - and _", name);
	if (!value.len)
		return err_set(err, ERR_INVALID, "the secret \"%s\" is empty: give its value on standard input", name);
	int result = commit(s, SYNC_AFTER, set_secret, &set, err);
	if (result >= 0)
		bell_ring_config(s->bell);
	return result;
}

/* Looked for inside the transaction: two who bring one at the same moment are not both believed. */
static int learn_secret(struct conn *c, void *arg, struct err *err)
{
	struct set *set = arg;
	sqlite3_stmt *st = sql_ask(c, err, "SELECT 1 FROM secrets WHERE name = ?", "t", set->name);
	int got = st ? sql_row(c, st, err) : -1;

	if (got > 0)
		sql_done(st);
	if (got != 0)
		return got < 0 ? -1 : 0;
	return set_secret(c, arg, err) < 0 ? -1 : 1;
}

int store_secret_learn(struct store *s, const char *name, struct slice value, int64_t now, struct err *err)
{
	struct set set = {s, name, value, now};

	if (!name_is_fine(name) || !value.len)
		return err_set(err, ERR_INVALID, "\"%.64s\" is no secret's name, or its value is empty", name);
	int result = commit(s, SYNC_AFTER, learn_secret, &set, err);
	if (result > 0)
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

/* With the key in hand, or with the one that a rotation has put in its place meanwhile. */
static int open_sealed(struct store *s, const char *name, struct slice sealed, struct buf *plain)
{
	unsigned char key[CRYPTO_KEY_BYTES];
	struct buf aad = BUF_INIT;
	struct err unread;
	int result = -1;

	secret_place(name, &aad);
	for (enum key_place at = KEY_HELD; at < KEY_PLACES && result < 0; at++) {
		if (!key_at(s, at, key) ||
		    crypto_open(key, sealed, buf_slice(&aad), plain, &unread) < 0)
			continue;
		if (at != KEY_HELD)
			key_adopt(s, key);
		result = 0;
	}
	explicit_bzero(key, sizeof(key));
	buf_release(&aad);
	return result;
}

int store_secret_get(struct store *s, const char *name, char **value, size_t *len, struct err *err)
{
	const struct env_secret *env = find_in_environment(s, name);
	struct buf plain = BUF_INIT;

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
		if (open_sealed(s, name, sql_column_slice(st, 0), &plain) < 0)
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
	return got;
}

/* The HMAC-SHA-256 of a text under the key in hand, as hex digits, of which the first are taken. */
static void digest(struct store *s, const struct buf *text, char *out, size_t bytes)
{
	unsigned char mac[CRYPTO_DIGEST_MAX], key[CRYPTO_KEY_BYTES];
	struct buf hex = BUF_INIT;

	if (!key_at(s, KEY_HELD, key))
		memset(key, 0, sizeof(key));
	if (crypto_hmac("sha256", (struct slice){(const char *)key, sizeof(key)}, buf_slice(text), mac) < 0)
		memset(mac, 0, sizeof(mac));
	explicit_bzero(key, sizeof(key));
	crypto_hex(mac, bytes, &hex);
	memcpy(out, hex.ptr, 2 * bytes + 1);
	buf_release(&hex);
}

void store_token(struct store *s, const char *purpose, int64_t id, char out[33])
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "token/%s/%lld", purpose, (long long)id);
	digest(s, &text, out, 16);
	buf_release(&text);
}

void store_digest(struct store *s, const char *purpose, struct slice text, char out[65])
{
	struct buf all = BUF_INIT;

	buf_addf(&all, "digest/%s/", purpose);
	buf_add_slice(&all, text);
	digest(s, &all, out, 32);
	buf_release(&all);
}
