/* SPDX-License-Identifier: MIT */
/*
 * assets: files inside the binary (migrations, schema, systems), put there by the Makefile.
 * Names are paths from the root of the source tree: "migrations/0001_first.sql".
 */
#ifndef COMMON_ASSETS_H
#define COMMON_ASSETS_H

#include "common/base.h"

struct asset {
	const char *name; /* NULL ends the table */
	const char *bytes; /* a NUL stands behind them */
	uint64_t len;
};
extern const struct asset assets_table[]; /* sorted by name */

/* assets_find: by exact name, or NULL. */
const struct asset *assets_find(const char *name);

#endif
