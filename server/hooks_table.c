/* SPDX-License-Identifier: MIT */
/* One generation of hooks: sorted by the parts of their suffixes, literals before {name}, so
 * that each further part of a path narrows a range by two binary searches. */
#include "server/hooks_table.h"

#include "common/mem.h"
#include "server/query.h"
#include "server/verify_system.h"

#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 32 /* a longer path matches nothing */

struct entry {
	struct slice parts[PARTS_MAX]; /* ptr NULL: a {name} */
	size_t n_parts;
	size_t hook;
};

struct hooks_table {
	atomic_int holders;
	struct hook *hooks;
	size_t count;
	struct entry *entries; /* sorted */
};

/* Cuts "/a/b" into "a", "b". How many, or PARTS_MAX + 1 when there are more. */
static size_t cut(const char *path, struct slice parts[PARTS_MAX])
{
	size_t n = 0;

	while (*path == '/') {
		size_t len = strcspn(++path, "/");
		if (n == PARTS_MAX)
			return PARTS_MAX + 1;
		parts[n++] = (struct slice){path, len};
		path += len;
	}
	return n;
}

static int compare_slices(struct slice a, struct slice b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_parts(struct slice a, struct slice b)
{
	if (!a.ptr || !b.ptr)
		return !a.ptr - !b.ptr;
	return compare_slices(a, b);
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	for (size_t i = 0; i < a->n_parts && i < b->n_parts; i++) {
		int order = compare_parts(a->parts[i], b->parts[i]);
		if (order)
			return order;
	}
	return (a->n_parts > b->n_parts) - (a->n_parts < b->n_parts);
}

struct hooks_table *hooks_table_new(struct hook *hooks_take, size_t count)
{
	struct hooks_table *t = mem_new(sizeof(*t));

	t->hooks = hooks_take;
	t->entries = mem_array(count ? count : 1, sizeof(*t->entries));
	atomic_init(&t->holders, 1);
	for (size_t i = 0; i < count; i++) {
		struct entry *e = &t->entries[t->count];
		e->hook = i;
		e->n_parts = cut(hooks_take[i].webhook->url_suffix, e->parts);
		if (e->n_parts == 0 || e->n_parts > PARTS_MAX)
			continue; /* no path leads there */
		for (size_t k = 0; k < e->n_parts; k++)
			if (e->parts[k].len && e->parts[k].ptr[0] == '{')
				e->parts[k] = (struct slice){NULL, 0};
		t->count++;
	}
	qsort(t->entries, t->count, sizeof(*t->entries), compare_entries);
	return t;
}

void hooks_table_hold(struct hooks_table *t)
{
	atomic_fetch_add_explicit(&t->holders, 1, memory_order_relaxed);
}

/* hooks_refresh put NULL in place of hooks it could not use, so count is of entries; the
 * array itself knows its end by a flow that is NULL. */
void hooks_drop(struct hooks_table *t)
{
	if (!t || atomic_fetch_sub_explicit(&t->holders, 1, memory_order_acq_rel) != 1)
		return;
	for (struct hook *h = t->hooks; h && h->webhook; h++) {
		verify_system_free(h->proof);
		for (size_t i = 0; i < h->n_keys; i++)
			verify_key_release(&h->keys[i]);
		free(h->keys);
		flow_free(h->flow);
	}
	free(t->hooks);
	free(t->entries);
	free(t);
}

size_t hooks_count(const struct hooks_table *t)
{
	return t->count;
}

/* ---- lookup ---- */

struct range {
	size_t from, to;
};

/* The first entry of the range whose part at depth is not before (or, after: is behind) this
 * one. All entries of the range share the parts before depth; those that end there come first. */
static size_t bound(const struct hooks_table *t, struct range r, size_t depth, struct slice part,
		    bool after)
{
	while (r.from < r.to) {
		size_t middle = r.from + (r.to - r.from) / 2;
		const struct entry *e = &t->entries[middle];
		int order = e->n_parts <= depth ? -1 : compare_parts(e->parts[depth], part);
		if (order < 0 || (after && order == 0))
			r.from = middle + 1;
		else
			r.to = middle;
	}
	return r.from;
}

static struct range narrow(const struct hooks_table *t, struct range r, size_t depth,
			   struct slice part)
{
	return (struct range){bound(t, r, depth, part, false), bound(t, r, depth, part, true)};
}

/* The range of entries with exactly this shape; literal parts are tried before {name}. */
static struct range find(const struct hooks_table *t, struct range r, const struct slice *parts,
			 size_t n, size_t depth)
{
	if (r.from == r.to)
		return r;
	if (depth == n) {
		while (r.to > r.from && t->entries[r.to - 1].n_parts > n)
			r.to--;
		return r;
	}
	struct range found = find(t, narrow(t, r, depth, parts[depth]), parts, n, depth + 1);
	if (found.from < found.to || !parts[depth].len)
		return found;
	return find(t, narrow(t, r, depth, (struct slice){NULL, 0}), parts, n, depth + 1);
}

static void collect(const struct hooks_table *t, struct range r, unsigned method,
		    struct hooks_match *out)
{
	for (size_t i = r.from; i < r.to; i++) {
		const struct hook *hook = &t->hooks[t->entries[i].hook];
		/* Of several flows at one suffix the one that knows its sender: he may greet by any method. */
		if (!out->any || (!out->any->proof && hook->proof))
			out->any = hook;
		out->methods |= hook->webhook->methods;
		if (hook->webhook->methods & method)
			out->hook = hook;
	}
}

/* Decoded parts are kept one behind the other; the buffer has its whole size before the first
 * slice into it is taken. */
static void decode(struct slice *parts, size_t n, size_t path_len, struct buf *decoded)
{
	buf_grow(decoded, path_len);
	for (size_t i = 0; i < n; i++) {
		size_t start = decoded->len;
		url_decode(parts[i], false, decoded);
		parts[i] = (struct slice){decoded->ptr + start, decoded->len - start};
	}
}

void hooks_find(const struct hooks_table *t, const char *path, unsigned method,
		struct hooks_match *out)
{
	struct slice parts[PARTS_MAX];
	struct buf decoded = BUF_INIT;
	size_t n = cut(path, parts);

	*out = (struct hooks_match){0};
	if (n == 0 || n > PARTS_MAX)
		return;
	if (strchr(path, '%'))
		decode(parts, n, strlen(path), &decoded);
	collect(t, find(t, (struct range){0, t->count}, parts, n, 0), method, out);
	buf_release(&decoded);
}
