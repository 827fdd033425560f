/* SPDX-License-Identifier: MIT */
#include "common/crypto_json.h"

#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	size_t less = x->len < y->len ? x->len : y->len;
	int order = less ? memcmp(x->ptr, y->ptr, less) : 0;

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Sorted, since an attacker chooses how many there are. */
static bool object_doubles(struct slice object)
{
	struct jsontext_walk w;
	struct slice *keys = NULL;
	struct buf text = BUF_INIT;
	size_t n = 0, at = 0;
	bool found = false;

	jsontext_walk_start(&w, object);
	while (jsontext_walk_next(&w))
		n++;
	keys = mem_array(n + 1, sizeof(*keys));
	buf_grow(&text, object.len); /* decoded is never longer, so nothing moves */
	jsontext_walk_start(&w, object);
	for (size_t i = 0; jsontext_walk_next(&w); i++) {
		jsontext_string(w.key, &text);
		keys[i] = (struct slice){text.ptr + at, text.len - at};
		at = text.len;
	}
	qsort(keys, n, sizeof(*keys), compare);
	for (size_t i = 1; i < n; i++)
		found = found || compare(&keys[i - 1], &keys[i]) == 0;
	free(keys);
	buf_release(&text);
	return found;
}

/* The check before has limited the depth. */
static bool doubles(struct slice value)
{
	enum jsontext_kind kind = jsontext_kind(value);
	struct jsontext_walk w;

	if (kind != JSONTEXT_OBJECT && kind != JSONTEXT_ARRAY)
		return false;
	if (kind == JSONTEXT_OBJECT && object_doubles(value))
		return true;
	jsontext_walk_start(&w, value);
	while (jsontext_walk_next(&w))
		if (doubles(w.value))
			return true;
	return false;
}

int crypto_json_object(struct slice text, const char *what, struct slice *out, struct err *err)
{
	size_t at = 0;
	const char *why = jsontext_fault(text, CRYPTO_JSON_DEPTH_MAX, &at);

	if (why)
		return err_set(err, ERR_INVALID, "%s is not JSON: at byte %zu %s", what, at, why);
	*out = jsontext_trim(text);
	if (jsontext_kind(*out) != JSONTEXT_OBJECT)
		return err_set(err, ERR_INVALID, "%s is not a JSON object", what);
	if (doubles(*out))
		return err_set(err, ERR_INVALID, "%s has a key twice in one object", what);
	return 0;
}

int crypto_json_text(struct slice object, const char *name, struct buf *out)
{
	struct slice value;

	buf_clear(out);
	if (jsontext_member(object, name, strlen(name), &value) != 1)
		return 0;
	if (jsontext_kind(value) != JSONTEXT_STRING)
		return -1;
	jsontext_string(value, out);
	return memchr(out->ptr, '\0', out->len) ? -1 : 1;
}

bool crypto_json_is(struct slice object, const char *name, const char *text)
{
	struct buf value = BUF_INIT;
	bool is = crypto_json_text(object, name, &value) == 1 &&
		  crypto_equal(buf_slice(&value), (struct slice){text, strlen(text)});

	buf_release(&value);
	return is;
}
