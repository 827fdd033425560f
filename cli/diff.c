/* SPDX-License-Identifier: MIT */
/* A line diff: what both texts begin and end with is set aside, the rest goes through a table of
 * longest common subsequences. */
#include "cli/diff.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define AROUND 3
/* The largest table, in cells of two bytes: 4000 lines against 4000. */
#define CELLS_MAX ((size_t)4000 * 4000)

struct lines {
	struct slice *list;
	size_t count;
};

/* One line of the result: ' ' in both, '-' only in old, '+' only in new. */
struct edit {
	char sign;
	struct slice line;
	size_t old_at, new_at;
};
struct edits {
	struct edit *list;
	size_t count;
};

static struct lines split(struct slice text)
{
	struct lines l = {0};
	size_t size = 1;

	for (size_t i = 0; i < text.len; i++)
		size += text.ptr[i] == '\n';
	l.list = mem_array(size, sizeof(*l.list));
	for (const char *p = text.ptr, *end = text.ptr + text.len; p < end;) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf ? lf + 1 : end) - p); /* the newline belongs to its line */
		l.list[l.count++] = (struct slice){p, len};
		p += len;
	}
	return l;
}

static bool same(struct slice a, struct slice b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static void add(struct edits *e, char sign, struct slice line, size_t old_at, size_t new_at)
{
	e->list[e->count++] = (struct edit){sign, line, old_at, new_at};
}

/* The middle, from line `at` on: table[i][j] is how many lines the rests from i and j share. */
static void middle(const struct lines *a, const struct lines *b, size_t at, size_t n, size_t m,
		   struct edits *e)
{
	size_t i = 0, j = 0, row = m + 1;
	uint16_t *table = n && m && n <= CELLS_MAX / m ? mem_array((n + 1) * row, sizeof(*table)) : NULL;

	for (size_t x = table ? n : 0; x-- > 0;)
		for (size_t y = m; y-- > 0;) {
			uint16_t down = table[(x + 1) * row + y], right = table[x * row + y + 1];
			table[x * row + y] = same(a->list[at + x], b->list[at + y])
						     ? (uint16_t)(table[(x + 1) * row + y + 1] + 1)
						     : down > right ? down : right;
		}
	while (i < n || j < m) {
		bool both = table && i < n && j < m;
		if (both && same(a->list[at + i], b->list[at + j])) {
			add(e, ' ', a->list[at + i], at + i, at + j);
			i++;
			j++;
		} else if (i < n && (!both || table[(i + 1) * row + j] >= table[i * row + j + 1])) {
			add(e, '-', a->list[at + i], at + i, at + j);
			i++;
		} else {
			add(e, '+', b->list[at + j], at + i, at + j);
			j++;
		}
	}
	free(table);
}

static struct edits compare(const struct lines *a, const struct lines *b)
{
	struct edits e = {.list = mem_array(a->count + b->count + 1, sizeof(struct edit))};
	size_t head = 0, tail = 0, least = a->count < b->count ? a->count : b->count;

	while (head < least && same(a->list[head], b->list[head]))
		head++;
	while (tail < least - head && same(a->list[a->count - 1 - tail], b->list[b->count - 1 - tail]))
		tail++;
	for (size_t i = 0; i < head; i++)
		add(&e, ' ', a->list[i], i, i);
	middle(a, b, head, a->count - head - tail, b->count - head - tail, &e);
	for (size_t i = tail; i > 0; i--)
		add(&e, ' ', a->list[a->count - i], a->count - i, b->count - i);
	return e;
}

/* A difference is within AROUND lines. */
static bool is_near(const struct edits *e, size_t i)
{
	size_t from = i > AROUND ? i - AROUND : 0;

	for (size_t k = from; k < e->count && k <= i + AROUND; k++)
		if (e->list[k].sign != ' ')
			return true;
	return false;
}

size_t diff_lines(struct slice old, struct slice new, struct buf *out)
{
	struct lines a = split(old), b = split(new);
	struct edits e = compare(&a, &b);
	size_t differ = 0;
	bool shown = false;

	for (size_t i = 0; i < e.count; i++) {
		const struct edit *edit = &e.list[i];
		bool near = is_near(&e, i);
		differ += edit->sign != ' ';
		if (near && !shown)
			buf_addf(out, "@@ %zu, %zu @@\n", edit->old_at + 1, edit->new_at + 1);
		shown = near;
		if (!near)
			continue;
		buf_add_char(out, edit->sign);
		buf_add_slice(out, edit->line);
		if (!edit->line.len || edit->line.ptr[edit->line.len - 1] != '\n')
			buf_add_text(out, "\n\\ no newline at the end\n");
	}
	free(e.list);
	free(a.list);
	free(b.list);
	return differ;
}
