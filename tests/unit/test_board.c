/* SPDX-License-Identifier: MIT */
/* The board that supervisor and workers share, and the files inside the binary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/assets.h"
#include "common/board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void what_one_process_writes_the_next_one_reads(void **state)
{
	char dir[] = "/tmp/ringbolt-test-XXXXXX", path[64];
	struct board *mine, *yours;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(board_map(dir, &mine, &err), 0);
	assert_int_equal(atomic_load(&mine->slots[BOARD_SLOTS - 1].owner), 0);
	atomic_store(&mine->slots[3].event_id, 1042);
	assert_int_equal(board_map(dir, &yours, &err), 0);
	assert_int_equal(atomic_load(&yours->slots[3].event_id), 1042);
	snprintf(path, sizeof(path), "%s/ringbolt.board", dir);
	unlink(path);
	rmdir(dir);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	struct board *board;
	struct err err;

	(void)state;
	assert_int_equal(board_map("/tmp/ringbolt-no-such-folder", &board, &err), -1);
	assert_non_null(strstr(err.text, "/tmp/ringbolt-no-such-folder"));
}

static void files_inside_the_binary_are_found_by_name(void **state)
{
	const struct asset *first = assets_find("migrations/0001_first.sql");

	(void)state;
	assert_non_null(first);
	assert_int_equal(strlen(first->bytes), first->len);
	assert_non_null(strstr(first->bytes, "CREATE TABLE events"));
	assert_null(assets_find("migrations/0000_none.sql"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_process_writes_the_next_one_reads),
		cmocka_unit_test(a_folder_that_is_not_there_is_named),
		cmocka_unit_test(files_inside_the_binary_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
