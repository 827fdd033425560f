/* SPDX-License-Identifier: MIT */
/* list: events chosen by a filter, as rows of the view event_history; inside the store. */
#ifndef COMMON_STORE_LIST_H
#define COMMON_STORE_LIST_H

#include "common/store/inside.h"

/* list_each calls back with a statement that stands on a row of the named columns; below
 * zero ends the walk. Read through a connection of its own, so the callback may write. */
int list_each(struct store *s, const char *columns, const struct event_filter *f,
	      int (*each)(void *arg, sqlite3_stmt *st), void *arg, struct err *err) MUSTCHECK;

#endif
