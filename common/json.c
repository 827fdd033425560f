/* SPDX-License-Identifier: MIT */
/* Our own documents as cJSON trees. The trees are built and printed here, not by cJSON: its
 * parser cuts numbers at 63 characters and strings at \u0000, its printer rounds. */
#include "common/json.h"

#include "common/buf.h"
#include "common/jsontext.h"
#include "common/mem.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct builder {
	struct slice text;
	struct err *err;
};

static cJSON *must(cJSON *node)
{
	if (!node)
		abort(); /* out of memory, as in mem.h */
	return node;
}

/* Says at which line and column. Returns NULL for the convenience of builders. */
static cJSON *refuse(struct builder *b, const char *at, const char *what)
{
	unsigned line = 1;
	const char *start = b->text.ptr;

	for (const char *p = start; p < at; p++) {
		if (*p == '\n') {
			line++;
			start = p + 1;
		}
	}
	unsigned column = 1;
	for (const char *p = start; p < at; p++)
		column += ((unsigned char)*p & 0xC0) != 0x80;
	err_set(b->err, ERR_INVALID, "line %u, column %u: %s", line, column, what);
	return NULL;
}

/* A decimal as digits without zeros around them, and the place of its point: so that two
 * spellings of one number compare equal. Takes at most 18 digits: more never survive. */
struct decimal {
	char digits[20];
	int count;
	long point;
};

static bool decimal_read(const char *p, struct decimal *d)
{
	bool seen_point = false;
	int zeros = 0;

	*d = (struct decimal){0};
	for (p += *p == '-'; (*p >= '0' && *p <= '9') || *p == '.'; p++) {
		if (*p == '.') {
			seen_point = true;
			continue;
		}
		if (!seen_point && (d->count || *p != '0'))
			d->point++;
		if (seen_point && !d->count && *p == '0')
			d->point--;
		if (*p == '0' && (zeros++, true))
			continue;
		for (; zeros && d->count; zeros--) {
			if (d->count == 18)
				return false;
			d->digits[d->count++] = '0';
		}
		zeros = 0;
		if (d->count == 18)
			return false;
		d->digits[d->count++] = *p;
	}
	if (*p == 'e' || *p == 'E')
		d->point += strtol(p + 1, NULL, 10);
	if (!d->count)
		d->point = 0;
	return true;
}

/* Would a double give this number back? */
static bool double_holds(const char *token, double number)
{
	struct decimal a, b;
	char shown[32];

	if (!isfinite(number) || !decimal_read(token, &a))
		return false;
	snprintf(shown, sizeof(shown), "%.17g", number);
	if (a.count <= 15)
		snprintf(shown, sizeof(shown), "%.15g", number);
	return decimal_read(shown, &b) && a.count == b.count && a.point == b.point &&
	       memcmp(a.digits, b.digits, (size_t)a.count) == 0;
}

static cJSON *number_node(char *token_take)
{
	double number = strtod(token_take, NULL);
	cJSON *node = must(cJSON_CreateNumber(number));

	if (!double_holds(token_take, number))
		node->type = cJSON_Raw;
	node->valuestring = token_take;
	return node;
}

/* The decoded text of a JSON string, the caller's; NULL when it holds a NUL. */
static char *decode(struct builder *b, struct slice string)
{
	struct buf text = BUF_INIT;

	jsontext_string(string, &text);
	if (memchr(text.ptr, '\0', text.len)) {
		refuse(b, string.ptr, "\\u0000 has no place in a text of ours");
		buf_release(&text);
		return NULL;
	}
	return buf_take(&text);
}

struct key {
	const char *name;
	const char *at;
};

static int key_order(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Sorted, the two of a pair stand side by side: no object is too big to be looked through. */
static bool refuse_twins(struct builder *b, struct key *keys, size_t count)
{
	if (count > 1)
		qsort(keys, count, sizeof(*keys), key_order);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(keys[i - 1].name, keys[i].name) != 0)
			continue;
		char *what = mem_format("the key \"%s\" stands twice in one object", keys[i].name);
		refuse(b, keys[i].at, what);
		free(what);
		return false;
	}
	return true;
}

static cJSON *build(struct builder *b, struct slice value);

/* The recursion is as deep as the document, which was checked to be shallow. */
static cJSON *build_members(struct builder *b, struct slice value, bool object)
{
	cJSON *node = must(object ? cJSON_CreateObject() : cJSON_CreateArray());
	struct jsontext_walk w;
	struct key *keys = NULL;
	size_t count = 0, room = 0;
	bool fine = true;

	for (jsontext_walk_start(&w, value); fine && jsontext_walk_next(&w);) {
		char *name = object ? decode(b, w.key) : NULL;
		cJSON *child = object && !name ? NULL : build(b, w.value);
		if (!child) {
			free(name);
			fine = false;
			break;
		}
		child->string = name; /* cJSON_Delete frees it */
		cJSON_AddItemToArray(node, child);
		if (!object)
			continue;
		if (count == room)
			keys = mem_resize(keys, room = room ? room * 2 : 8, sizeof(*keys));
		keys[count++] = (struct key){name, w.key.ptr};
	}
	fine = fine && refuse_twins(b, keys, count);
	free(keys);
	if (fine)
		return node;
	cJSON_Delete(node);
	return NULL;
}

static cJSON *build(struct builder *b, struct slice value)
{
	cJSON *node;
	char *text;

	switch (jsontext_kind(value)) {
	case JSONTEXT_NULL: return must(cJSON_CreateNull());
	case JSONTEXT_FALSE: return must(cJSON_CreateFalse());
	case JSONTEXT_TRUE: return must(cJSON_CreateTrue());
	case JSONTEXT_NUMBER: return number_node(mem_dup_len(value.ptr, value.len));
	case JSONTEXT_STRING:
		if ((text = decode(b, value)) == NULL)
			return NULL;
		node = must(cJSON_CreateNull());
		node->type = cJSON_String;
		node->valuestring = text;
		return node;
	case JSONTEXT_ARRAY: return build_members(b, value, false);
	case JSONTEXT_OBJECT: return build_members(b, value, true);
	}
	return NULL;
}

cJSON *json_parse(const char *text, size_t len, struct err *err)
{
	struct builder b = {{text, len}, err};
	size_t at;
	const char *what = jsontext_fault(b.text, JSONTEXT_DEPTH_MAX, &at);

	if (what)
		return refuse(&b, text + at, what);
	return build(&b, jsontext_trim(b.text));
}

static void new_line(struct buf *out, int depth)
{
	if (depth < 0)
		return;
	buf_add_char(out, '\n');
	for (; depth > 0; depth--)
		buf_add_text(out, "  ");
}

/* A number that was built, not read: the shortest text that gives it back. */
static void print_double(double d, struct buf *out)
{
	char text[32];

	if (!isfinite(d)) {
		buf_add_text(out, "null");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_add_text(out, text);
}

/* depth below zero prints compactly. */
static void print(const cJSON *node, int depth, struct buf *out)
{
	bool object = cJSON_IsObject(node);
	int inner = depth < 0 ? -1 : depth + 1;

	if (!node || cJSON_IsNull(node) || cJSON_IsInvalid(node)) {
		buf_add_text(out, "null");
	} else if (cJSON_IsBool(node)) {
		buf_add_text(out, cJSON_IsTrue(node) ? "true" : "false");
	} else if (cJSON_IsString(node)) {
		buf_add_json_text(out, node->valuestring, strlen(node->valuestring));
	} else if (node->valuestring) {
		buf_add_text(out, node->valuestring); /* a number's text, or raw JSON */
	} else if (cJSON_IsNumber(node)) {
		print_double(node->valuedouble, out);
	} else {
		buf_add_char(out, object ? '{' : '[');
		for (const cJSON *child = node->child; child; child = child->next) {
			new_line(out, inner);
			if (object) {
				buf_add_json_text(out, child->string, strlen(child->string));
				buf_add_text(out, depth < 0 ? ":" : ": ");
			}
			print(child, inner, out);
			if (child->next)
				buf_add_char(out, ',');
		}
		if (node->child)
			new_line(out, depth);
		buf_add_char(out, object ? '}' : ']');
	}
}

char *json_print(const cJSON *node)
{
	struct buf out = BUF_INIT;

	print(node, -1, &out);
	return buf_take(&out);
}

char *json_print_pretty(const cJSON *node)
{
	struct buf out = BUF_INIT;

	print(node, 0, &out);
	buf_add_char(&out, '\n');
	return buf_take(&out);
}

bool json_is_number(const cJSON *node)
{
	if (cJSON_IsNumber(node))
		return true;
	return cJSON_IsRaw(node) && node->valuestring &&
	       (*node->valuestring == '-' || (*node->valuestring >= '0' && *node->valuestring <= '9'));
}

const cJSON *json_get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_text(const cJSON *object, const char *name, const char *fallback)
{
	const cJSON *node = json_get(object, name);

	return cJSON_IsString(node) ? node->valuestring : fallback;
}

int64_t json_int(const cJSON *object, const char *name, int64_t fallback)
{
	const cJSON *node = json_get(object, name);
	char *end;

	if (!json_is_number(node))
		return fallback;
	/* The text first: a double would round what is beyond 2^53. */
	if (node->valuestring) {
		long long n = strtoll(node->valuestring, &end, 10);
		if (!*end && n != LLONG_MAX && n != LLONG_MIN)
			return n;
	}
	double d = node->valuedouble;
	return d == floor(d) && fabs(d) < 9e15 ? (int64_t)d : fallback;
}

bool json_bool(const cJSON *object, const char *name, bool fallback)
{
	const cJSON *node = json_get(object, name);

	return cJSON_IsBool(node) ? cJSON_IsTrue(node) : fallback;
}

static cJSON *add(cJSON *object, const char *name, cJSON *node)
{
	must(node);
	cJSON_AddItemToObject(object, name, node);
	return node;
}

cJSON *json_add_text(cJSON *object, const char *name, const char *text)
{
	return add(object, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

cJSON *json_add_int(cJSON *object, const char *name, int64_t n)
{
	return add(object, name, number_node(mem_format("%" PRId64, n)));
}

cJSON *json_add_raw(cJSON *object, const char *name, const char *json)
{
	return add(object, name, cJSON_CreateRaw(json));
}
