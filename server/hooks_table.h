/* SPDX-License-Identifier: MIT */
/* hooks_table: private to hooks.c: one more holder of a table that is known to be live. */
#ifndef SERVER_HOOKS_TABLE_H
#define SERVER_HOOKS_TABLE_H

#include "server/hooks.h"

#include <stdatomic.h>

void hooks_table_hold(struct hooks_table *table);

#endif
