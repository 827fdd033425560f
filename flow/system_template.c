/* SPDX-License-Identifier: MIT */
/* Text with {source|filter} in it. */
#include "flow/system_inner.h"

#include "common/crypto.h"
#include "common/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* THE table of filters. */
static const struct {
	const char *name;
	enum filter filter;
} filters[] = {
	{"md5", FILTER_DIGEST},       {"sha1", FILTER_DIGEST},     {"sha256", FILTER_DIGEST},
	{"sha384", FILTER_DIGEST},    {"sha512", FILTER_DIGEST},   {"hex", FILTER_HEX},
	{"base64", FILTER_BASE64},    {"base64url", FILTER_BASE64URL}, {"crc32", FILTER_CRC32},
	{"lower", FILTER_LOWER},      {"upper", FILTER_UPPER},
};

/* ---- reading ---- */

static bool read_filter(struct maker *m, const char *pointer, struct piece *piece, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (strcmp(filters[i].name, name) != 0)
			continue;
		if (piece->n_filters == FILTERS_MAX)
			break;
		piece->filters[piece->n_filters].filter = filters[i].filter;
		piece->filters[piece->n_filters++].algorithm = filters[i].name;
		return true;
	}
	fault_add(m->faults, pointer, NULL, "\"|%.40s\" is no filter, or one too many; filters are md5, "
		  "sha1, sha256, sha384, sha512, hex, base64, base64url, crc32, lower and upper", name);
	return false;
}

/* What stands between the braces; text is ours to cut. */
static bool read_hole(struct maker *m, const char *pointer, struct piece *piece, char *text, unsigned place)
{
	char *bar = strchr(text, '|');

	if (bar)
		*bar++ = '\0';
	piece->source = make_source(m, pointer, text, place);
	while (piece->source && bar) {
		char *next = strchr(bar, '|');
		if (next)
			*next++ = '\0';
		if (!read_filter(m, pointer, piece, bar))
			return false;
		bar = next;
	}
	return piece->source != NULL;
}

const struct system_template *make_template(struct maker *m, const char *pointer, const char *text,
					    unsigned place)
{
	struct system_template *t = make_own(m, mem_new(sizeof(*t)));
	char *p = make_own(m, mem_dup(text));

	t->pieces = make_own(m, mem_array(strlen(text) + 1, sizeof(*t->pieces)));
	while (*p) {
		struct piece *piece = &t->pieces[t->n++];
		if (*p != '{' || p[1] == '{') {
			size_t len = *p == '{' ? 1 : strcspn(p, "{");
			*piece = (struct piece){.text = p, .len = len};
			p += *p == '{' ? 2 : len;
			continue;
		}
		char *end = strchr(p, '}');
		if (!end) {
			fault_add(m->faults, pointer, NULL, "\"{\" is not closed in \"%.80s\"; a literal one is "
				  "written {{", text);
			return NULL;
		}
		*end = '\0';
		if (!read_hole(m, pointer, piece, p + 1, place))
			return NULL;
		p = end + 1;
	}
	return t;
}

/* ---- adding ---- */

static void change_case(struct buf *b, char from, char to)
{
	for (size_t i = 0; i < b->len; i++)
		if (b->ptr[i] >= from && b->ptr[i] <= from + 25)
			b->ptr[i] = (char)(b->ptr[i] - from + to);
}

static void apply(enum filter filter, const char *algorithm, struct buf *value)
{
	unsigned char digest[CRYPTO_DIGEST_MAX];
	struct buf made = BUF_INIT;
	int len;

	switch (filter) {
	case FILTER_DIGEST:
		len = crypto_digest(algorithm, buf_slice(value), digest);
		buf_add(&made, digest, len > 0 ? (size_t)len : 0);
		break;
	case FILTER_HEX: crypto_hex(value->ptr, value->len, &made); break;
	case FILTER_BASE64: crypto_base64(value->ptr, value->len, &made); break;
	case FILTER_BASE64URL: crypto_base64url(value->ptr, value->len, &made); break;
	case FILTER_CRC32: buf_addf(&made, "%" PRIu32, crypto_crc32(buf_slice(value))); break;
	case FILTER_LOWER: change_case(value, 'A', 'a'); return;
	case FILTER_UPPER: change_case(value, 'a', 'A'); return;
	}
	buf_release(value);
	*value = made;
}

static bool add_piece(const struct piece *piece, struct system_view *v, struct buf *out)
{
	struct buf value = BUF_INIT;

	if (!piece->source)
		return buf_add(out, piece->text, piece->len), true;
	if (!piece->n_filters)
		return system_source_add(piece->source, v, out) == 1;
	bool there = system_source_add(piece->source, v, &value) == 1;
	for (size_t i = 0; there && i < piece->n_filters; i++)
		apply(piece->filters[i].filter, piece->filters[i].algorithm, &value);
	buf_add_slice(out, buf_slice(&value));
	buf_release(&value);
	return there;
}

bool system_template_add(const struct system_template *t, struct system_view *v, struct buf *out)
{
	bool whole = true;

	buf_grow(out, v->request->body.len + 128);
	for (size_t i = 0; i < t->n; i++)
		whole = add_piece(&t->pieces[i], v, out) && whole;
	return whole;
}

struct slice system_template_slice(const struct system_template *t, struct system_view *v,
				   struct buf *scratch)
{
	if (t->n == 1 && t->pieces[0].source && t->pieces[0].source->kind == SOURCE_BODY &&
	    !t->pieces[0].n_filters)
		return v->request->body;
	buf_clear(scratch);
	system_template_add(t, v, scratch);
	return buf_slice(scratch);
}

bool system_template_uses_url(const struct system_template *t)
{
	for (size_t i = 0; t && i < t->n; i++)
		if (t->pieces[i].source && (t->pieces[i].source->kind == SOURCE_URL ||
					    t->pieces[i].source->kind == SOURCE_URL_PATH))
			return true;
	return false;
}
