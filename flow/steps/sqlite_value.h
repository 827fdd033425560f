/* SPDX-License-Identifier: MIT */
/* sqlite_value: JSON values as SQLite's, for the step sqlite_query alone. */
#ifndef FLOW_STEPS_SQLITE_VALUE_H
#define FLOW_STEPS_SQLITE_VALUE_H

#include "common/base.h"
#include "common/buf.h"

#include <sqlite3.h>

/* sqlite_value_bind binds a JSON value to parameter i: SQLite's code, or SQLITE_MISMATCH for a
 * {"base64": text} that is none. true is 1; objects and lists go in as their JSON text. */
int sqlite_value_bind(sqlite3_stmt *stmt, int i, struct slice value);

/* sqlite_value_row adds the row in hand as an object: a blob as {"base64": text}, what JSON has
 * no number for (an infinity) as null. */
void sqlite_value_row(sqlite3_stmt *stmt, struct buf *out);

#endif
