/* SPDX-License-Identifier: MIT */
/* Columns. A listing may be of ten million rows, so only the first ones are held back to
 * find the widths; later cells that are wider push their line out. */
#include "cli/table.h"

#include "common/mem.h"
#include "common/utf8.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HELD_ROWS 200

/* ---- what a terminal may have --------------------------------------------------- */

/* The code point of a valid character of len bytes. */
static unsigned code_point(const unsigned char *p, size_t len)
{
	if (len == 1)
		return p[0];
	if (len == 2)
		return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
	if (len == 3)
		return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
	return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}

/* Controls, and the marks that make text run the other way and so lie about what it says. */
static bool speaks_to_terminal(unsigned c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
	       (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static void escape_char(unsigned c, struct buf *out)
{
	if (c == '\n')
		buf_add_text(out, "\\n");
	else if (c == '\r')
		buf_add_text(out, "\\r");
	else if (c == '\t')
		buf_add_text(out, "\\t");
	else
		buf_addf(out, c < 0x80 ? "\\x%02x" : "\\u%04x", c);
}

void table_escape(const void *bytes, size_t len, bool lines, struct buf *out)
{
	const char *p = bytes, *end = p + len;

	while (p < end) {
		size_t n = utf8_char_len(p, (size_t)(end - p));
		if (n == 0) {
			buf_addf(out, "\\x%02x", (unsigned char)*p++);
			continue;
		}
		unsigned c = code_point((const unsigned char *)p, n);
		if (!speaks_to_terminal(c) || (lines && (c == '\n' || c == '\t')))
			buf_add(out, p, n);
		else
			escape_char(c, out);
		p += n;
	}
}

void table_bytes(FILE *out, const void *bytes, size_t len)
{
	struct buf safe = BUF_INIT;

	if (!isatty(fileno(out))) {
		fwrite(bytes, 1, len, out);
		return;
	}
	table_escape(bytes, len, true, &safe);
	fwrite(safe.ptr, 1, safe.len, out);
	buf_release(&safe);
}

/* ---- rows ------------------------------------------------------------------------- */

/* Characters, not bytes; the text has been escaped, so it is UTF-8. */
static unsigned text_width(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

void table_start(struct table *t, const struct column *columns, size_t n, bool json, FILE *out)
{
	struct winsize size;

	assert(n > 0 && n <= TABLE_COLUMNS_MAX);
	*t = (struct table){.columns = columns, .n_columns = n, .json = json, .out = out};
	buf_init(&t->line);
	t->held = json ? NULL : mem_array(HELD_ROWS * n, sizeof(*t->held));
	for (size_t i = 0; i < n; i++) {
		unsigned name = (unsigned)strlen(columns[i].name);
		t->width[i] = columns[i].least > name ? columns[i].least : name;
	}
	if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
		t->screen = size.ws_col;
}

/* On a terminal the last column gives way, so that a row stays one line. */
static void add_cut(struct buf *line, const char *text, unsigned room)
{
	if (text_width(text) <= room) {
		buf_add_text(line, text);
		return;
	}
	for (unsigned n = 1; n < room; n++) {
		size_t len = utf8_char_len(text, strlen(text));
		buf_add(line, text, len ? len : 1);
		text += len ? len : 1;
	}
	buf_add_text(line, "…");
}

static void print_cell(struct table *t, size_t i, const char *text, struct buf *line)
{
	bool last = i + 1 == t->n_columns;
	unsigned width = text_width(text), used = text_width(line->ptr);
	unsigned gap = width < t->width[i] ? t->width[i] - width : 0;

	if (t->columns[i].cell == CELL_NUMBER)
		buf_addf(line, "%*s%s", (int)gap, "", text);
	else if (last && t->screen > used + 8)
		add_cut(line, text, t->screen - used);
	else
		buf_addf(line, "%s%*s", text, last ? 0 : (int)gap, "");
	buf_add_text(line, last ? "\n" : "  ");
}

static void print_row(struct table *t, char *const *cells)
{
	buf_clear(&t->line);
	for (size_t i = 0; i < t->n_columns; i++)
		print_cell(t, i, cells[i], &t->line);
	fwrite(t->line.ptr, 1, t->line.len, t->out);
}

static void print_head(struct table *t)
{
	char *names[TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < t->n_columns; i++) {
		names[i] = mem_dup(t->columns[i].name);
		for (char *p = names[i]; *p; p++)
			*p = *p == '_' ? ' ' : (char)toupper((unsigned char)*p);
	}
	print_row(t, names);
	for (size_t i = 0; i < t->n_columns; i++)
		free(names[i]);
}

static void let_out(struct table *t)
{
	if (t->json)
		return;
	if (!t->streaming && t->n_held)
		print_head(t);
	t->streaming = t->streaming || t->n_held;
	for (size_t row = 0; row < t->n_held; row++)
		print_row(t, t->held + row * t->n_columns);
	for (size_t i = 0; i < t->n_held * t->n_columns; i++) {
		free(t->held[i]);
		t->held[i] = NULL;
	}
	t->n_held = 0;
}

static void add_cell(struct table *t, char *text)
{
	unsigned width = text_width(text);

	t->held[t->n_held * t->n_columns + t->next] = text;
	if (!t->streaming && width > t->width[t->next])
		t->width[t->next] = width;
	if (++t->next < t->n_columns)
		return;
	t->next = 0;
	t->rows++;
	t->n_held++;
	if (t->streaming || t->n_held == HELD_ROWS)
		let_out(t);
}

/* One member of a JSON row; value is JSON already, or text to be made so. */
static void add_member(struct table *t, const char *json, const char *text)
{
	const char *name = t->columns[t->next].name;

	buf_add_char(&t->line, t->next ? ',' : '{');
	buf_add_json_text(&t->line, name, strlen(name));
	buf_add_char(&t->line, ':');
	if (json)
		buf_add_text(&t->line, json);
	else
		buf_add_json_text(&t->line, text, strlen(text));
	if (++t->next < t->n_columns)
		return;
	buf_add_text(&t->line, "}\n");
	fwrite(t->line.ptr, 1, t->line.len, t->out);
	buf_clear(&t->line);
	t->next = 0;
	t->rows++;
}

void table_text(struct table *t, const char *text)
{
	struct buf safe = BUF_INIT;

	if (!text)
		return table_nothing(t);
	if (t->json)
		return add_member(t, NULL, text);
	table_escape(text, strlen(text), false, &safe);
	add_cell(t, buf_take(&safe));
}

void table_number(struct table *t, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	if (t->json)
		add_member(t, text, NULL);
	else
		add_cell(t, mem_dup(text));
}

void table_nothing(struct table *t)
{
	if (t->json)
		add_member(t, "null", NULL);
	else
		add_cell(t, mem_dup("-"));
}

void table_flush(struct table *t)
{
	let_out(t);
	fflush(t->out);
}

void table_end(struct table *t)
{
	assert(t->next == 0);
	table_flush(t);
	free(t->held);
	t->held = NULL;
	buf_release(&t->line);
}
