/* SPDX-License-Identifier: MIT */
/* JSON as text: the check. One loop and a stack of bits, so no nesting uses stack; the
 * walking and cutting of text that passed is in jsontext_cut.c. */
#include "common/jsontext.h"

#include "common/jsontext_scan.h"
#include "common/utf8.h"

#include <string.h>

#define DEPTH_CEILING 1024

static const char too_deep[] = "it is nested too deeply";

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* At a quote: the byte after the closing quote, or NULL with *at on the fault. */
static const char *check_string(const char *p, const char *end, const char **at, const char **what)
{
	p++;
	for (;;) {
		p = jsontext_skip_plain(p, end);
		*at = p;
		if (p == end) {
			*what = "the text ends inside a string";
			return NULL;
		}
		unsigned char c = (unsigned char)*p;
		if (c == '"')
			return p + 1;
		if (c == '\\') {
			size_t len = 2;
			if (end - p >= 2 && p[1] == 'u') {
				while (len < 6 && p + len < end && strchr("0123456789abcdefABCDEF", p[len]) && p[len])
					len++;
				if (len < 6)
					c = 0;
			} else if (end - p < 2 || !p[1] || !strchr("\"\\/bfnrt", p[1])) {
				c = 0;
			}
			if (!c) {
				*what = "this is no escape that JSON knows";
				return NULL;
			}
			p += len;
			continue;
		}
		if (c < 0x20) {
			*what = "a control character inside a string has to be escaped";
			return NULL;
		}
		size_t n = utf8_char_len(p, (size_t)(end - p));
		if (!n) {
			*what = "this is not UTF-8";
			return NULL;
		}
		p += n;
	}
}

/* At '-' or a digit: the byte after the number, or NULL. */
static const char *check_number(const char *p, const char *end, const char **at)
{
	if (*p == '-')
		p++;
	*at = p;
	if (p == end || !is_digit(*p))
		return NULL;
	if (*p++ == '0' && p < end && is_digit(*p))
		return NULL;
	while (p < end && is_digit(*p))
		p++;
	if (p < end && *p == '.') {
		*at = ++p;
		if (p == end || !is_digit(*p))
			return NULL;
		while (p < end && is_digit(*p))
			p++;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		*at = p;
		if (p == end || !is_digit(*p))
			return NULL;
		while (p < end && is_digit(*p))
			p++;
	}
	return p;
}

/* A value that is neither array nor object: the byte after it, or NULL. */
static const char *check_scalar(const char *p, const char *end, const char **at, const char **what)
{
	size_t left = (size_t)(end - p);

	*at = p;
	if (*p == '"')
		return check_string(p, end, at, what);
	if (*p == '-' || is_digit(*p)) {
		p = check_number(p, end, at);
		if (!p)
			*what = "this is no number in JSON";
		return p;
	}
	if (left >= 4 && (memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0))
		return p + 4;
	if (left >= 5 && memcmp(p, "false", 5) == 0)
		return p + 5;
	*what = "a value was expected";
	return NULL;
}

struct checker {
	const char *p, *end;
	const char *at;   /* where a fault is */
	const char *what; /* the fault */
	unsigned depth, max_depth;
	bool in_object;
	/* One bit a level, 1 for an object: a million '[' cost no stack and no memory. */
	uint64_t objects[DEPTH_CEILING / 64 + 1];
};

static bool fault(struct checker *c, const char *what)
{
	c->at = c->p;
	c->what = what;
	return false;
}

static bool enter(struct checker *c)
{
	if (c->depth == c->max_depth)
		return fault(c, too_deep);
	c->in_object = *c->p++ == '{';
	c->depth++;
	uint64_t bit = (uint64_t)1 << (c->depth % 64), *word = &c->objects[c->depth / 64];
	*word = c->in_object ? *word | bit : *word & ~bit;
	return true;
}

static void leave(struct checker *c)
{
	c->p++;
	c->depth--;
	c->in_object = c->objects[c->depth / 64] >> (c->depth % 64) & 1;
}

/* A member's key and its colon, so that a value is due. */
static bool check_key(struct checker *c)
{
	c->p = jsontext_skip_space(c->p, c->end);
	if (c->p == c->end || *c->p != '"')
		return fault(c, "a key in quotes was expected");
	if ((c->p = check_string(c->p, c->end, &c->at, &c->what)) == NULL)
		return false;
	c->p = jsontext_skip_space(c->p, c->end);
	if (c->p == c->end || *c->p != ':')
		return fault(c, "a colon was expected");
	c->p++;
	return true;
}

/* After a value: past all that closes, to where the next value is due. False when the text
 * is at its end, rightly or with a fault. */
static bool check_after(struct checker *c)
{
	for (;;) {
		c->p = jsontext_skip_space(c->p, c->end);
		if (c->depth == 0)
			return c->p == c->end ? false : fault(c, "there is more after the value");
		if (c->p == c->end)
			return fault(c, "the text ends before all is closed");
		if (*c->p == ',') {
			c->p++;
			return c->in_object ? check_key(c) : true;
		}
		if (*c->p != (c->in_object ? '}' : ']'))
			return fault(c, c->in_object ? "a comma or } was expected"
						     : "a comma or ] was expected");
		leave(c);
	}
}

const char *jsontext_fault(struct slice text, unsigned max_depth, size_t *at)
{
	struct checker c = {.p = text.len ? text.ptr : "", .max_depth = max_depth};
	const char *start = c.p;

	c.end = start + text.len;
	if (c.max_depth > DEPTH_CEILING)
		c.max_depth = DEPTH_CEILING;
	do {
		c.p = jsontext_skip_space(c.p, c.end);
		if (c.p == c.end) {
			fault(&c, "a value was expected, but the text ends");
			break;
		}
		if (*c.p == '{' || *c.p == '[') {
			if (!enter(&c))
				break;
			c.p = jsontext_skip_space(c.p, c.end);
			if (c.p == c.end || *c.p != (c.in_object ? '}' : ']')) {
				if (c.in_object && !check_key(&c))
					break;
				continue;
			}
			leave(&c);
		} else if ((c.p = check_scalar(c.p, c.end, &c.at, &c.what)) == NULL) {
			break;
		}
		if (!check_after(&c))
			break;
	} while (true);
	if (c.what)
		*at = (size_t)(c.at - start);
	return c.what;
}

int jsontext_check(struct slice text, unsigned max_depth, struct err *err)
{
	size_t at;
	const char *what = jsontext_fault(text, max_depth, &at);

	if (!what)
		return 0;
	if (what == too_deep)
		return err_set(err, ERR_INVALID, "not taken as JSON: byte %zu is nested deeper than %u levels",
			       at, max_depth);
	return err_set(err, ERR_INVALID, "not JSON at byte %zu: %s", at, what);
}

struct slice jsontext_trim(struct slice text)
{
	while (text.len && jsontext_is_space(*text.ptr)) {
		text.ptr++;
		text.len--;
	}
	while (text.len && jsontext_is_space(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

enum jsontext_kind jsontext_kind(struct slice value)
{
	switch (value.len ? *value.ptr : 'n') {
	case '{': return JSONTEXT_OBJECT;
	case '[': return JSONTEXT_ARRAY;
	case '"': return JSONTEXT_STRING;
	case 't': return JSONTEXT_TRUE;
	case 'f': return JSONTEXT_FALSE;
	case 'n': return JSONTEXT_NULL;
	}
	return JSONTEXT_NUMBER;
}

const char *jsontext_kind_name(enum jsontext_kind kind)
{
	switch (kind) {
	case JSONTEXT_NULL: return "null";
	case JSONTEXT_FALSE:
	case JSONTEXT_TRUE: return "boolean";
	case JSONTEXT_NUMBER: return "number";
	case JSONTEXT_STRING: return "string";
	case JSONTEXT_ARRAY: return "array";
	case JSONTEXT_OBJECT: return "object";
	}
	return "unknown";
}
