/* SPDX-License-Identifier: MIT */
/* Bytes as JSON: the check agrees with a second reader written from the grammar of RFC 8259, and
 * of what passed every verb keeps its word. */
#include "tests/fuzz/fuzz.h"

#include "common/jsontext.h"
#include "common/utf8.h"

#define DEPTH 20

struct reader {
	const char *p, *end;
	unsigned depth;
};

static bool value(struct reader *r);

static void blanks(struct reader *r)
{
	while (r->p < r->end && memchr(" \t\r\n", *r->p, 4))
		r->p++;
}

static bool take(struct reader *r, char c)
{
	return r->p < r->end && *r->p == c && r->p++;
}

static bool word(struct reader *r, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(r->end - r->p) < len || memcmp(r->p, text, len) != 0)
		return false;
	r->p += len;
	return true;
}

static bool digits(struct reader *r)
{
	const char *start = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return r->p > start;
}

static bool number(struct reader *r)
{
	take(r, '-');
	if (!take(r, '0') && !digits(r))
		return false;
	if (take(r, '.') && !digits(r))
		return false;
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '+'))
			take(r, '-');
		return digits(r);
	}
	return true;
}

static bool string(struct reader *r)
{
	if (!take(r, '"'))
		return false;
	while (r->p < r->end) {
		unsigned char c = (unsigned char)*r->p++;
		if (c == '"')
			return true;
		if (c < 0x20 || (c == '\\' && r->p == r->end))
			return false;
		if (c != '\\')
			continue;
		c = (unsigned char)*r->p++;
		if (c == 'u') {
			for (int i = 0; i < 4; i++, r->p++)
				if (r->p == r->end || !memchr("0123456789abcdefABCDEF", *r->p, 22))
					return false;
		} else if (!memchr("\"\\/bfnrt", c, 8)) {
			return false;
		}
	}
	return false;
}

static bool members(struct reader *r, char close, bool named)
{
	if (++r->depth > DEPTH)
		return false;
	blanks(r);
	if (!take(r, close)) {
		do {
			blanks(r);
			if (named && !string(r))
				return false;
			blanks(r);
			if ((named && !take(r, ':')) || !value(r))
				return false;
		} while (take(r, ','));
		if (!take(r, close))
			return false;
	}
	r->depth--;
	return true;
}

/* A value and the white space around it. */
static bool value(struct reader *r)
{
	bool is;

	blanks(r);
	if (r->p == r->end)
		return false;
	if (*r->p == '"')
		is = string(r);
	else if (take(r, '['))
		is = members(r, ']', false);
	else if (take(r, '{'))
		is = members(r, '}', true);
	else
		is = word(r, "null") || word(r, "true") || word(r, "false") || number(r);
	blanks(r);
	return is;
}

static void walk(struct slice whole)
{
	struct jsontext_walk w;
	size_t n = 0;
	struct slice found;
	struct buf key = BUF_INIT;

	jsontext_walk_start(&w, whole);
	for (; jsontext_walk_next(&w); n++) {
		REQUIRE(w.value.ptr >= whole.ptr && w.value.ptr + w.value.len <= whole.ptr + whole.len);
		REQUIRE(jsontext_check(w.value, DEPTH, NULL) == 0);
		if (w.object) {
			buf_clear(&key);
			jsontext_string(w.key, &key);
			REQUIRE(jsontext_member(whole, key.ptr ? key.ptr : "", key.len, &found) == 1);
		} else {
			REQUIRE(jsontext_item(whole, (int64_t)n, &found) == 1 && found.ptr == w.value.ptr);
		}
	}
	if (!w.object)
		REQUIRE(jsontext_item(whole, (int64_t)n, &found) == 0);
	buf_release(&key);
}

static void use(struct slice whole)
{
	struct buf compact = BUF_INIT, again = BUF_INIT, text = BUF_INIT;
	enum jsontext_kind kind = jsontext_kind(whole);

	jsontext_compact(whole, &compact);
	REQUIRE(compact.len <= whole.len && jsontext_check(buf_slice(&compact), DEPTH, NULL) == 0);
	jsontext_compact(buf_slice(&compact), &again);
	REQUIRE(again.len == compact.len && memcmp(again.ptr, compact.ptr, again.len) == 0);
	REQUIRE(jsontext_kind(buf_slice(&compact)) == kind);
	jsontext_text(whole, &text);
	REQUIRE(!text.len || utf8_valid(text.ptr, text.len));
	if (kind == JSONTEXT_ARRAY || kind == JSONTEXT_OBJECT)
		walk(whole);
	buf_release(&compact);
	buf_release(&again);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct slice text = {(const char *)data, len};
	struct reader r = {text.ptr, text.ptr + len, 0};
	struct err err = {0};
	size_t at = 0;

	int rc = jsontext_check(text, DEPTH, &err);
	bool should = len && utf8_valid(text.ptr, len) && value(&r) && r.p == r.end;
	REQUIRE((rc == 0) == should);
	REQUIRE((rc < 0) == (err.text[0] != '\0'));
	REQUIRE((rc < 0) == (jsontext_fault(text, DEPTH, &at) != NULL) && at <= len);
	if (rc == 0)
		use(jsontext_trim(text));
	return 0;
}
