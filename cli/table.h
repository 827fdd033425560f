/* SPDX-License-Identifier: MIT */
/*
 * table: rows, as columns for people or as one JSON object a line for programs. Whatever
 * stands in a cell, a row is one line, and no payload can speak to the terminal: control
 * bytes and escape sequences are shown escaped.
 *
 *     struct table t;
 *     table_start(&t, columns, ARRAY_LEN(columns), json, stdout);
 *     table_number(&t, 7); table_text(&t, "x"); ...one cell for each column, in order...
 *     table_end(&t);
 *
 * The first rows are held back until the widths are known; table_flush lets them out.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "common/base.h"
#include "common/buf.h"

#include <stdio.h>

#define TABLE_COLUMNS_MAX 12

enum cell { CELL_TEXT, CELL_NUMBER }; /* numbers stand to the right */

struct column {
	const char *name;  /* "received_at": the JSON key; people see RECEIVED AT */
	enum cell cell;
	unsigned least;    /* width at least; for tables that come line by line */
};

struct table {
	const struct column *columns;
	size_t n_columns;
	bool json;
	FILE *out;
	size_t rows;       /* so far */
	/* private */
	size_t next;
	unsigned width[TABLE_COLUMNS_MAX], screen;
	bool streaming;
	char **held;
	size_t n_held;
	struct buf line;
};

void table_start(struct table *t, const struct column *columns, size_t n, bool json, FILE *out);
void table_text(struct table *t, const char *text); /* NULL: "-", or null */
void table_number(struct table *t, int64_t n);
void table_nothing(struct table *t);                /* "-", or null, in any column */
void table_flush(struct table *t);
void table_end(struct table *t);

/* table_escape adds bytes as a terminal may have them: control bytes, escape sequences and
 * what is not UTF-8 become \n, \x1b, \u009b. Line feeds and tabs stay when lines is set. */
void table_escape(const void *bytes, size_t len, bool lines, struct buf *out);

/* table_bytes writes bytes as they are, or escaped when out is a terminal. */
void table_bytes(FILE *out, const void *bytes, size_t len);

#endif
