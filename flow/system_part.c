/* SPDX-License-Identifier: MIT */
/* Parts, which cut a source into candidates. */
#include "flow/system_inner.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

enum system_encoding make_encoding(const char *word)
{
	if (!word)
		return ENCODING_NONE;
	return strcmp(word, "hex") == 0 ? ENCODING_HEX : strcmp(word, "base64") == 0 ? ENCODING_BASE64
									   : ENCODING_BASE64URL;
}

static void add_source(struct maker *m, const struct arg *a, const struct system_source **list, size_t *n,
		       const cJSON *node, unsigned place)
{
	const struct system_source *s =
		cJSON_IsString(node) ? make_source(m, a->pointer, node->valuestring, place) : NULL;

	if (s)
		list[(*n)++] = s;
}

const struct system_sources *make_sources(struct maker *m, const struct arg *a, unsigned place)
{
	struct system_sources *s = make_own(m, mem_new(sizeof(*s)));
	const cJSON *item;

	if (!a->node)
		return s;
	s->list = make_own(m, mem_array(1 + (size_t)cJSON_GetArraySize(a->node), sizeof(*s->list)));
	if (!cJSON_IsArray(a->node))
		add_source(m, a, s->list, &s->n, a->node, place);
	else
		cJSON_ArrayForEach(item, a->node)
			add_source(m, a, s->list, &s->n, item, place);
	return s;
}

const struct system_part *make_part(struct maker *m, const struct arg *a, unsigned place)
{
	if (!a->n_items)
		return NULL;
	const struct args *args = &a->items[0];
	struct system_part *p = make_own(m, mem_new(sizeof(*p)));
	const struct system_sources *from = make_sources(m, arg_find(args, "from"), place);
	const char *unit = arg_text(args, "unit");

	p->sources = from->list;
	p->n_sources = from->n;
	p->split = arg_text(args, "split");
	p->prefix = arg_text(args, "prefix");
	p->after = arg_text(args, "after");
	p->index = arg_given(args, "index") ? arg_int(args, "index") : -1;
	p->from_index = arg_given(args, "from_index") ? arg_int(args, "from_index") : -1;
	p->encoding = make_encoding(arg_text(args, "encoding"));
	p->decode = make_encoding(arg_text(args, "decode"));
	if (arg_given(args, "json")) {
		char *path = make_own(m, mem_format("json:%s", arg_text(args, "json")));
		p->json = make_source(m, a->pointer, path, 0);
	}
	p->unit = !unit || strcmp(unit, "s") == 0 ? UNIT_S : strcmp(unit, "ms") == 0 ? UNIT_MS : UNIT_ISO;
	if (p->split && !*p->split)
		fault_add(m->faults, a->pointer, "split", "\"split\" is empty; name what stands between the elements");
	if (p->index >= 0 && p->from_index >= 0)
		fault_add(m->faults, a->pointer, "from_index", "\"index\" and \"from_index\" both say which "
			  "elements count: give one of them");
	return p;
}

/* ---- parts ---- */

void system_candidates_release(struct system_candidates *c)
{
	buf_release(&c->bytes);
	c->n = 0;
}

struct slice system_candidate(const struct system_candidates *c, size_t i)
{
	return (struct slice){c->bytes.ptr + c->at[i], c->len[i]};
}

const char *system_part_text(const struct system_part *p)
{
	return p->n_sources ? p->sources[0]->text : "";
}

const char *system_part_encoding(const struct system_part *p)
{
	static const char *const words[] = {"", "hex", "base64", "base64url"};

	return words[p->encoding];
}

const char *system_part_prefix(const struct system_part *p)
{
	return p->prefix ? p->prefix : "";
}

bool system_part_early(const struct system_part *p)
{
	for (size_t i = 0; i < p->n_sources; i++)
		if (!source_early(p->sources[i]))
			return false;
	return true;
}

enum system_unit system_part_unit(const struct system_part *p)
{
	return p->unit;
}

size_t system_part_sources(const struct system_part *p, const struct system_source *const **out)
{
	*out = (const struct system_source *const *)p->sources;
	return p->n_sources;
}

int source_decode(enum system_encoding encoding, struct slice text, struct buf *out)
{
	switch (encoding) {
	case ENCODING_NONE: return buf_add_slice(out, text), 1;
	case ENCODING_HEX: return crypto_hex_decode(text, out);
	case ENCODING_BASE64: return crypto_base64_decode(text, out);
	case ENCODING_BASE64URL:
		while (text.len && text.ptr[text.len - 1] == '=') /* some senders pad it */
			text.len--;
		return crypto_base64url_decode(text, out);
	}
	return 0;
}

struct finding {
	const struct system_part *part;
	struct system_candidates *out;
	size_t values, elements; /* seen, whether they count or not */
	int64_t position;        /* of the next element that counts, within its value */
};

/* The element, or what a JSON object in it holds at a path. */
static int add_decoded(const struct system_part *p, struct slice text, struct buf *out)
{
	struct buf around = BUF_INIT, inner = BUF_INIT;
	struct slice value;
	int rc = 0;

	if (!p->json)
		return source_decode(p->encoding, text, out);
	if (source_decode(p->decode, text, &around) == 1 &&
	    jsontext_check(buf_slice(&around), JSONTEXT_DEPTH_MAX, NULL) == 0 &&
	    source_within(p->json, jsontext_trim(buf_slice(&around)), &value)) {
		jsontext_text(value, &inner);
		rc = source_decode(p->encoding, buf_slice(&inner), out);
	}
	buf_release(&around);
	buf_release(&inner);
	return rc;
}

static void add_element(struct finding *f, struct slice text)
{
	const struct system_part *p = f->part;
	struct system_candidates *c = f->out;
	size_t start = c->bytes.len;

	if (p->index >= 0 && f->position != p->index)
		return;
	if (p->from_index >= 0 && f->position < p->from_index)
		return;
	if (c->n == SYSTEM_CANDIDATES_MAX)
		return;
	int rc = add_decoded(p, text, &c->bytes);
	if (rc != 1) {
		c->bytes.len = start;
		c->undecoded++;
		return;
	}
	c->at[c->n] = start;
	c->len[c->n++] = c->bytes.len - start;
}

static struct slice trim(struct slice s)
{
	while (s.len && (*s.ptr == ' ' || *s.ptr == '\t'))
		s.ptr++, s.len--;
	while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* The element without what stands before it; false when it does not count. */
static bool cut(const struct system_part *p, struct slice *text)
{
	if (p->prefix) {
		size_t len = strlen(p->prefix);
		if (text->len < len || memcmp(text->ptr, p->prefix, len) != 0)
			return false;
		*text = (struct slice){text->ptr + len, text->len - len};
	}
	if (p->after) {
		size_t len = strlen(p->after);
		const char *found = text->len ? memmem(text->ptr, text->len, p->after, len) : NULL;
		if (!found)
			return false;
		found += len;
		*text = (struct slice){found, text->len - (size_t)(found - text->ptr)};
	}
	return true;
}

static void add_value(void *arg, struct slice value)
{
	struct finding *f = arg;
	const struct system_part *p = f->part;
	size_t len = p->split ? strlen(p->split) : 0;

	f->values++;
	f->position = 0;
	for (;;) {
		const char *end = len && value.len ? memmem(value.ptr, value.len, p->split, len) : NULL;
		struct slice one = {value.ptr, end ? (size_t)(end - value.ptr) : value.len};
		/* What is not cut is taken as it stands: a blank may belong to a secret. */
		struct slice element = len ? trim(one) : one;
		f->elements++;
		if (cut(p, &element)) {
			add_element(f, element);
			f->position++;
		}
		if (!end)
			return;
		value = (struct slice){end + len, value.len - one.len - len};
	}
}

/* Why nothing was found, for the operator. */
static void say_missing(const struct finding *f, struct system_view *v)
{
	const struct system_part *p = f->part;
	struct system_candidates *c = f->out;
	struct buf ignored = BUF_INIT;
	const char *text = system_part_text(p);
	int times = p->n_sources == 1 && !p->sources[0]->wild ? system_source_add(p->sources[0], v, &ignored) : 0;

	if (times > 1)
		snprintf(c->missing, sizeof(c->missing), "%.80s was sent %d times", text, times);
	else if (!f->values)
		snprintf(c->missing, sizeof(c->missing), "%.80s is missing", text);
	else if (c->undecoded)
		snprintf(c->missing, sizeof(c->missing), "%.80s (%zu characters) is not %s", text, ignored.len,
			 system_part_encoding(p));
	else if (p->prefix)
		snprintf(c->missing, sizeof(c->missing), "%.80s has nothing that begins with \"%.40s\"", text,
			 p->prefix);
	else
		snprintf(c->missing, sizeof(c->missing), "%.80s has not the parts that are expected", text);
	explicit_bzero(ignored.ptr, ignored.len); /* it may be a secret */
	buf_release(&ignored);
}

void system_part_find(const struct system_part *p, struct system_view *v, struct system_candidates *out)
{
	struct finding f = {.part = p, .out = out};

	*out = (struct system_candidates){.bytes = BUF_INIT};
	for (size_t i = 0; i < p->n_sources; i++)
		source_each(p->sources[i], v, add_value, &f);
	if (!out->n)
		say_missing(&f, v);
}

static bool digits_only(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
	return text.len > 0;
}

int system_part_time(const struct system_part *p, struct slice text, int64_t *ms)
{
	char copy[40];

	if (text.len == 0 || text.len >= sizeof(copy))
		return 0;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (p->unit == UNIT_ISO) /* clock_parse would take an age such as "0s" as well */
		return text.len > 10 && copy[4] == '-' && copy[7] == '-' && (copy[10] == 'T' || copy[10] == ' ') &&
		       clock_parse(copy, 0, ms);
	if (!digits_only(text) || text.len > 15)
		return 0;
	*ms = strtoll(copy, NULL, 10) * (p->unit == UNIT_S ? 1000 : 1);
	return 1;
}
