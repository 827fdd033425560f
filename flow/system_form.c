/* SPDX-License-Identifier: MIT */
/* The parameters of a query or a form, as a sender of webhooks signs them. */
#include "flow/system_inner.h"

#include "common/mem.h"
#include "common/pairs.h"

#include <stdlib.h>
#include <string.h>

struct pair {
	struct slice name, value; /* raw */
};

static bool next_pair(struct slice *rest, struct pair *out)
{
	while (rest->len) {
		const char *amp = memchr(rest->ptr, '&', rest->len);
		size_t len = amp ? (size_t)(amp - rest->ptr) : rest->len;
		struct slice one = {rest->ptr, len};
		rest->ptr += len + (amp != NULL);
		rest->len -= len + (amp != NULL);
		if (!len)
			continue;
		const char *equals = memchr(one.ptr, '=', one.len);
		size_t name = equals ? (size_t)(equals - one.ptr) : one.len;
		out->name = (struct slice){one.ptr, name};
		out->value = (struct slice){one.ptr + name + (equals != NULL),
					    one.len - name - (equals != NULL)};
		return true;
	}
	return false;
}

int source_pair(struct slice text, const char *name, struct buf *out)
{
	struct buf decoded = BUF_INIT;
	size_t start = out->len;
	struct pair pair;
	int n = 0;

	while (next_pair(&text, &pair)) {
		buf_clear(&decoded);
		pairs_decode(pair.name, true, &decoded);
		if (decoded.len != strlen(name) || memcmp(decoded.ptr, name, decoded.len) != 0)
			continue;
		if (n++ == 0)
			pairs_decode(pair.value, true, out);
	}
	if (n > 1)
		out->len = start;
	buf_release(&decoded);
	return n;
}

struct decoded_pair {
	size_t name, name_len, value, value_len;
	const struct buf *bytes;
};

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_pairs(const void *left, const void *right)
{
	const struct decoded_pair *a = left, *b = right;
	const char *bytes = a->bytes->ptr;
	int order = compare_bytes(bytes + a->name, a->name_len, bytes + b->name, b->name_len);

	return order ? order : compare_bytes(bytes + a->value, a->value_len, bytes + b->value, b->value_len);
}

/* Names and values, sorted by name; of a name that repeats each different value once, sorted: as
 * Twilio's own libraries do it. */
void source_form_sorted(struct slice text, struct buf *out)
{
	struct decoded_pair *list = NULL;
	struct buf bytes = BUF_INIT;
	struct pair pair;
	size_t n = 0, size = 0;

	while (next_pair(&text, &pair)) {
		if (n == size)
			list = mem_resize(list, size = size ? 2 * size : 32, sizeof(*list));
		struct decoded_pair *d = &list[n++];
		*d = (struct decoded_pair){.name = bytes.len, .bytes = &bytes};
		pairs_decode(pair.name, true, &bytes);
		d->name_len = bytes.len - d->name;
		d->value = bytes.len;
		pairs_decode(pair.value, true, &bytes);
		d->value_len = bytes.len - d->value;
	}
	if (n)
		qsort(list, n, sizeof(*list), compare_pairs);
	for (size_t i = 0; i < n; i++) {
		if (i && compare_pairs(&list[i - 1], &list[i]) == 0)
			continue;
		buf_add(out, bytes.ptr + list[i].name, list[i].name_len);
		buf_add(out, bytes.ptr + list[i].value, list[i].value_len);
	}
	free(list);
	buf_release(&bytes);
}
