/* SPDX-License-Identifier: MIT */
/* Keys of the API and the record of changes, as the store keeps them. */
#include "store_fixture.h"

#include "common/buf.h"

static void note(void *arg, const struct access_key *row)
{
	snprintf(arg, 80, "%s %s", row->name, row->rights);
}

static int check(struct world *w, const char *text, int64_t now, char found[80])
{
	found[0] = '\0';
	return store_key_check(w->store, text, now, note, found, &w->err);
}

static void test_a_key_opens_until_it_expires_or_is_removed(void **state)
{
	struct world *w = *state;
	struct access_key row = {.name = "deploy", .rights = "events:read,admin", .expires_at = NOW + 1000};
	struct buf key = BUF_INIT;
	char found[80];

	assert_ok(w, store_key_add(w->store, &row, "a test", NOW, &key, &w->err));
	assert_int_equal(check(w, key.ptr, NOW + 999, found), 1);
	assert_string_equal(found, "deploy events:read,admin");
	assert_int_equal(check(w, key.ptr, NOW + 1000, found), 0);
	assert_string_equal(found, "");
	assert_int_equal(store_key_remove(w->store, "deploy", "a test", NOW, &w->err), 1);
	assert_int_equal(store_key_remove(w->store, "deploy", "a test", NOW, &w->err), 0);
	assert_int_equal(check(w, key.ptr, NOW, found), 0);
	buf_release(&key);
}

static void test_each_changed_byte_makes_it_no_key(void **state)
{
	struct world *w = *state;
	struct access_key row = {.name = "deploy", .rights = "admin"};
	struct buf key = BUF_INIT;
	char found[80];

	assert_ok(w, store_key_add(w->store, &row, "a test", NOW, &key, &w->err));
	for (size_t i = 0; i < key.len; i++) {
		char was = key.ptr[i];
		key.ptr[i] = was == 'x' ? 'y' : 'x';
		assert_int_equal(check(w, key.ptr, NOW, found), 0);
		key.ptr[i] = was;
	}
	for (size_t len = 0; len < key.len; len++) {
		char was = key.ptr[len];
		key.ptr[len] = '\0';
		assert_int_equal(check(w, key.ptr, NOW, found), 0);
		key.ptr[len] = was;
	}
	assert_int_equal(check(w, key.ptr, NOW, found), 1);
	buf_release(&key);
}

static void test_a_name_is_given_once_and_an_id_never_again(void **state)
{
	struct world *w = *state;
	struct access_key row = {.name = "deploy", .rights = "admin"};
	struct buf first = BUF_INIT, second = BUF_INIT;

	assert_ok(w, store_key_add(w->store, &row, "a test", NOW, &first, &w->err));
	assert_int_equal(store_key_add(w->store, &row, "a test", NOW, &second, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_CONFLICT);
	assert_int_equal(second.len, 0);
	assert_int_equal(store_key_remove(w->store, "deploy", "a test", NOW, &w->err), 1);
	assert_ok(w, store_key_add(w->store, &row, "a test", NOW, &second, &w->err));
	assert_memory_equal(first.ptr, "rbk_1_", 6);
	assert_memory_equal(second.ptr, "rbk_2_", 6);
	row.name = "a name";
	assert_int_equal(store_key_add(w->store, &row, "a test", NOW, &second, &w->err), -1);
	assert_int_equal(w->err.kind, ERR_INVALID);
	buf_release(&first);
	buf_release(&second);
}

static int add_line(void *arg, const struct audit_row *row)
{
	buf_addf(arg, "%lld %s %s;", (long long)row->id, row->what, row->target);
	return 0;
}

static void test_the_record_is_read_in_pages_the_newest_first(void **state)
{
	struct world *w = *state;
	struct buf out = BUF_INIT;

	for (int i = 0; i < 3; i++) {
		const struct audit_row row = {0, NOW + i, "key x", "POST", i == 1 ? "/b" : "/a", "{}"};
		assert_ok(w, store_audit_add(w->store, &row, &w->err));
	}
	assert_ok(w, store_audit_each(w->store, 0, 2, add_line, &out, &w->err));
	assert_string_equal(out.ptr, "3 POST /a;2 POST /b;");
	buf_clear(&out);
	assert_ok(w, store_audit_each(w->store, 2, 2, add_line, &out, &w->err));
	assert_string_equal(out.ptr, "1 POST /a;");
	buf_release(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_key_opens_until_it_expires_or_is_removed),
		TEST(test_each_changed_byte_makes_it_no_key),
		TEST(test_a_name_is_given_once_and_an_id_never_again),
		TEST(test_the_record_is_read_in_pages_the_newest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
