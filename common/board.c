/* SPDX-License-Identifier: MIT */
/* Who is doing what right now: a small shared file. See board.h. */
#include "common/board.h"

#include "common/page.h"

int board_map(const char *dir, struct board **out, struct err *err)
{
	*out = page_map(dir, "ringbolt.board", sizeof(struct board), err);
	return *out ? 0 : -1;
}
