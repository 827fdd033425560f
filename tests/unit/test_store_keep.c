/* SPDX-License-Identifier: MIT */
/* What operators give the store to keep: connections, and secrets whose key is changed, also
 * when that is cut short at any point. */
#include "store_fixture.h"

static char *secret(struct world *w, struct store *s, const char *name)
{
	char *value = NULL;
	size_t len;

	int got = store_secret_get(s, name, &value, &len, &w->err);
	return got > 0 ? value : got < 0 ? mem_dup(w->err.text) : NULL;
}

static void is(struct world *w, struct store *s, const char *name, const char *want)
{
	char *got = secret(w, s, name);

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

static void set(struct world *w, const char *name, const char *value)
{
	assert_ok(w, store_secret_set(w->store, name, (struct slice){value, strlen(value)}, NOW, &w->err));
}

static void move(struct world *w, const char *from, const char *to)
{
	char *a = mem_format("%s/%s", w->dir, from), *b = mem_format("%s/%s", w->dir, to);

	assert_int_equal(rename(a, b), 0);
	free(a);
	free(b);
}

static void copy(struct world *w, const char *from, const char *to)
{
	char *a = mem_format("%s/%s", w->dir, from), *b = mem_format("%s/%s", w->dir, to);
	char bytes[64];
	FILE *in = fopen(a, "rb"), *out = fopen(b, "wb");

	assert_non_null(in);
	assert_non_null(out);
	fwrite(bytes, 1, fread(bytes, 1, sizeof(bytes), in), out);
	fclose(in);
	fclose(out);
	chmod(b, 0600);
	free(a);
	free(b);
}

static bool there(struct world *w, const char *name)
{
	char *path = mem_format("%s/%s", w->dir, name);
	bool found = access(path, F_OK) == 0;

	free(path);
	return found;
}

static struct store *other(struct world *w)
{
	struct store *s;

	assert_ok(w, store_open(w->dir, STORE_WRITE, &s, &w->err));
	return s;
}

static void after_a_rotation_everything_opens(void **state)
{
	struct world *w = *state;
	struct store *running = other(w); /* a server, with the old key in hand */
	char before[33], after[33];

	set(w, "a", "one");
	set(w, "b", "two");
	is(w, running, "a", "one");
	store_token(w->store, "status", 7, before);
	assert_int_equal(store_secrets_rotate(w->store, &w->err), 2);
	assert_true(there(w, "ringbolt.key.old"));
	assert_false(there(w, "ringbolt.key.new"));
	is(w, w->store, "a", "one");
	is(w, running, "a", "one");
	is(w, running, "b", "two");
	struct store *fresh = other(w);
	is(w, fresh, "b", "two");
	store_token(fresh, "status", 7, after);
	assert_string_not_equal(before, after);
	/* And again. */
	assert_int_equal(store_secrets_rotate(fresh, &w->err), 2);
	is(w, running, "a", "one");
	store_close(fresh);
	store_close(running);
}

static void who_held_the_old_key_sets_under_the_new_one(void **state)
{
	struct world *w = *state;
	struct store *running = other(w);

	set(w, "a", "one");
	assert_int_equal(store_secrets_rotate(running, &w->err), 1);
	set(w, "b", "two"); /* this store has not looked since */
	struct store *fresh = other(w);
	is(w, fresh, "a", "one");
	is(w, fresh, "b", "two");
	store_close(fresh);
	store_close(running);
}

static void cut_short_before_the_transaction(void **state)
{
	struct world *w = *state;

	set(w, "a", "one");
	copy(w, "ringbolt.db", "ringbolt.key.new"); /* any key but the right one */
	char *path = mem_format("%s/ringbolt.key.new", w->dir);
	assert_int_equal(truncate(path, 32), 0);
	free(path);
	assert_ok(w, store_prepare(w->dir, &w->err));
	struct store *fresh = other(w);
	is(w, fresh, "a", "one");
	set(w, "b", "two");
	is(w, fresh, "b", "two");
	assert_int_equal(store_secrets_rotate(fresh, &w->err), 2);
	is(w, fresh, "a", "one");
	assert_false(there(w, "ringbolt.key.new"));
	store_close(fresh);
}

/* The transaction is there, the files have not changed places. */
static void cut_here(struct world *w)
{
	assert_int_equal(store_secrets_rotate(w->store, &w->err), 1);
	move(w, "ringbolt.key", "ringbolt.key.new");
	move(w, "ringbolt.key.old", "ringbolt.key");
}

static void cut_short_after_the_transaction(void **state)
{
	struct world *w = *state;

	set(w, "a", "one");
	cut_here(w);
	struct store *fresh = other(w);
	is(w, fresh, "a", "one");
	struct store *setter = other(w);
	assert_ok(w, store_secret_set(setter, "b", (struct slice){"two", 3}, NOW, &w->err));
	is(w, fresh, "b", "two");
	store_close(setter);
	store_close(fresh);
	/* The next start puts the files in their places. */
	assert_ok(w, store_prepare(w->dir, &w->err));
	assert_false(there(w, "ringbolt.key.new"));
	fresh = other(w);
	is(w, fresh, "a", "one");
	is(w, fresh, "b", "two");
	store_close(fresh);
}

static void a_rotation_finishes_the_one_before(void **state)
{
	struct world *w = *state;

	set(w, "a", "one");
	cut_here(w);
	struct store *fresh = other(w);
	assert_int_equal(store_secrets_rotate(fresh, &w->err), 1);
	is(w, fresh, "a", "one");
	store_close(fresh);
	fresh = other(w);
	is(w, fresh, "a", "one");
	store_close(fresh);
}

static void a_wrong_key_changes_nothing(void **state)
{
	struct world *w = *state;

	set(w, "a", "one");
	assert_int_equal(store_secrets_rotate(w->store, &w->err), 1);
	copy(w, "ringbolt.key", "right");
	copy(w, "ringbolt.key.old", "ringbolt.key"); /* somebody restored the wrong one */
	struct store *fresh = other(w);
	assert_int_equal(store_secrets_rotate(fresh, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_DENIED);
	assert_int_equal(store_secret_set(fresh, "b", (struct slice){"x", 1}, NOW, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_DENIED);
	store_close(fresh);
	move(w, "right", "ringbolt.key");
	fresh = other(w);
	is(w, fresh, "a", "one");
	store_close(fresh);
}

static int note_name(void *arg, const struct connection_row *row)
{
	char *names = arg;

	snprintf(names + strlen(names), 100 - strlen(names), "%s:%s ", row->name, row->document);
	return 0;
}

static void connections_are_kept_by_name(void **state)
{
	struct world *w = *state;
	char *document = NULL, names[100] = "";
	uint32_t ticket = store_config_ticket(w->store);

	assert_int_equal(store_connection_load(w->store, "crm", &document, &w->err), 0);
	assert_ok(w, store_connection_set(w->store, "shop", "{2}", NOW, &w->err));
	assert_ok(w, store_connection_set(w->store, "crm", "{ 1 }", NOW, &w->err));
	assert_ok(w, store_connection_set(w->store, "crm", "{3}", NOW, &w->err));
	assert_int_not_equal(store_config_ticket(w->store), ticket);
	assert_int_equal(store_connection_load(w->store, "crm", &document, &w->err), 1);
	assert_string_equal(document, "{3}");
	free(document);
	assert_int_equal(store_connections_each(w->store, note_name, names, &w->err), 2);
	assert_string_equal(names, "crm:{3} shop:{2} ");
	assert_int_equal(store_connection_remove(w->store, "crm", &w->err), 1);
	assert_int_equal(store_connection_remove(w->store, "crm", &w->err), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(after_a_rotation_everything_opens),
		TEST(who_held_the_old_key_sets_under_the_new_one),
		TEST(cut_short_before_the_transaction),
		TEST(cut_short_after_the_transaction),
		TEST(a_rotation_finishes_the_one_before),
		TEST(a_wrong_key_changes_nothing),
		TEST(connections_are_kept_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
