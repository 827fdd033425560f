/* SPDX-License-Identifier: MIT */
/* The secrets of one run, and the masks that keep them out of what is recorded. A secret is
 * looked for in each shape it may have taken on its way through an expression. */
#include "flow/secrets.h"

#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAPES 6 /* plain, percent-encoded, as JSON, base64 at three offsets */
#define SHORTEST 4
#define SHORTEST_IN_REPLY 8

struct secret {
	char *name;
	char *value;
	struct buf shapes[SHAPES]; /* empty: not looked for */
};

void secrets_wipe(struct buf *b)
{
	if (b->size)
		mem_wipe_free(b->ptr, b->size);
	buf_init(b);
}

const char *secrets_name_refused(const char *name)
{
	for (const char *p = name; *p; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '_' || *p == '-')
			continue;
		return "is no name of a secret: letters, digits, underscores and hyphens. "
		       "Put the value in with \"ringbolt secret set NAME\", never in the flow";
	}
	return strlen(name) > 64 ? "is too long for the name of a secret" : NULL;
}

void secrets_release(struct secrets *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->list[i].name);
		mem_wipe_free(s->list[i].value, strlen(s->list[i].value));
		for (size_t k = 0; k < SHAPES; k++)
			secrets_wipe(&s->list[i].shapes[k]);
	}
	free(s->list);
	s->list = NULL;
	s->count = 0;
}

/* The part of base64 that is the same whatever stands around the secret. offset: how many
 * bytes of a group of three stand before it. */
static void shape_base64(struct slice value, size_t offset, struct buf *out)
{
	static const size_t lead[] = {0, 2, 3};
	struct buf padded = BUF_INIT, text = BUF_INIT;

	buf_add(&padded, "\0\0", offset);
	buf_add_slice(&padded, value);
	crypto_base64(padded.ptr, padded.len, &text);
	size_t whole = padded.len / 3 * 4;
	if (whole > lead[offset] + 7)
		buf_add(out, text.ptr + lead[offset], whole - lead[offset]);
	secrets_wipe(&padded);
	secrets_wipe(&text);
}

static void shapes_make(struct secret *one)
{
	struct slice value = {one->value, strlen(one->value)};
	struct buf json = BUF_INIT;

	if (value.len < SHORTEST)
		return;
	buf_add_slice(&one->shapes[0], value);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-_.~", c))
			buf_add_char(&one->shapes[1], (char)c);
		else
			buf_addf(&one->shapes[1], "%%%02X", c);
	}
	buf_add_json_text(&json, value.ptr, value.len);
	buf_add(&one->shapes[2], json.ptr + 1, json.len - 2);
	secrets_wipe(&json);
	for (size_t offset = 0; offset < 3; offset++)
		shape_base64(value, offset, &one->shapes[3 + offset]);
}

static const struct secret *add(struct secrets *s, const char *name, char *value_take)
{
	s->list = mem_resize(s->list, s->count + 1, sizeof(*s->list));
	struct secret *one = &s->list[s->count++];
	*one = (struct secret){.name = mem_dup(name), .value = value_take};
	for (size_t k = 0; k < SHAPES; k++)
		buf_init(&one->shapes[k]);
	shapes_make(one);
	return one;
}

static const struct secret *secret_load(struct secrets *s, const char *name, struct err *err)
{
	char *value = NULL;
	int rc = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->list[i].name, name) == 0)
			return &s->list[i];
	}
	if (s->host->secret)
		rc = s->host->secret(s->host->arg, name, &value, err);
	if (rc < 0)
		return NULL;
	if (rc == 0) {
		err_set(err, ERR_MISSING, "there is no secret \"%.64s\"; set it with \"ringbolt "
			"secret set %.64s\" or in the server's environment", name, name);
		return NULL;
	}
	return add(s, name, value);
}

const char *secrets_value(struct secrets *s, const char *name, struct err *err)
{
	const struct secret *one = secret_load(s, name, err);

	return one ? one->value : NULL;
}

void secrets_keep(struct secrets *s, const char *name, const char *value)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->list[i].value, value) == 0)
			return;
	}
	add(s, name, mem_dup(value));
}

struct gather {
	struct secrets *secrets;
	struct buf *real, *shown;
	struct err *err;
	int rc;
};

static void gather_one(void *arg, const char *name)
{
	struct gather *g = arg;
	const struct secret *one = g->rc < 0 ? NULL : secret_load(g->secrets, name, g->err);
	char mask[96];

	if (!one) {
		g->rc = -1;
		return;
	}
	snprintf(mask, sizeof(mask), "[secret %.64s]", name);
	for (int i = 0; i < 2; i++) {
		struct buf *b = i ? g->shown : g->real;
		const char *value = i ? mask : one->value;
		buf_add_char(b, b->len ? ',' : '{');
		buf_add_json_text(b, name, strlen(name));
		buf_add_char(b, ':');
		buf_add_json_text(b, value, strlen(value));
	}
	g->rc = 1;
}

int secrets_for(struct secrets *s, const struct value *v, struct buf *real, struct buf *shown,
		struct err *err)
{
	struct gather g = {s, real, shown, err, 0};

	value_secrets(v, gather_one, &g);
	if (g.rc > 0) {
		buf_add_char(real, '}');
		buf_add_char(shown, '}');
	}
	return g.rc;
}

/* How much of a shape begins text that was cut there: "..." follows (before it perhaps what libjq
 * makes of half a character), or the end of a sentence that was full. 0 when it was not cut. */
static size_t cut_shape(const struct buf *shape, struct slice text, bool full)
{
	static const char half[] = "\xEF\xBF\xBD";
	size_t n = 0, at;

	while (n < shape->len && n < text.len && text.ptr[n] == shape->ptr[n])
		n++;
	if (n < SHORTEST)
		return 0;
	at = n;
	if (text.len - at >= 3 && memcmp(text.ptr + at, half, 3) == 0)
		at += 3;
	bool dots = text.len - at >= 3 && memcmp(text.ptr + at, "...", 3) == 0;
	return dots || (full && n == text.len) ? n : 0;
}

/* The secret of which some shape starts text, and how long that is; in a sentence, which may have
 * been cut, also of a part of it. */
static const struct secret *found_at(const struct secrets *s, size_t shortest, struct slice text,
				     bool sentence, bool full, size_t *len)
{
	const char *p = text.ptr;
	size_t left = text.len;
	const struct secret *best = NULL;

	*len = 0;
	for (size_t i = 0; i < s->count; i++) {
		if (strlen(s->list[i].value) < shortest)
			continue;
		for (size_t k = 0; k < SHAPES; k++) {
			const struct buf *shape = &s->list[i].shapes[k];
			size_t n = 0;
			if (shape->len && shape->len <= left && memcmp(p, shape->ptr, shape->len) == 0)
				n = shape->len;
			else if (sentence && shape->len)
				n = cut_shape(shape, text, full);
			if (n <= *len)
				continue;
			best = &s->list[i];
			*len = n;
		}
	}
	return best;
}

/* Adds text with the secrets replaced; false when there was none (out is then a copy). */
static bool mask(const struct secrets *s, size_t shortest, struct slice text, bool sentence,
		 bool full, struct buf *out)
{
	bool any = false;
	size_t len;

	for (size_t i = 0; i < text.len;) {
		const struct secret *one = found_at(s, shortest, (struct slice){text.ptr + i, text.len - i},
						    sentence, full, &len);
		if (!one) {
			buf_add_char(out, text.ptr[i++]);
			continue;
		}
		buf_addf(out, "[secret %.64s]", one->name);
		i += len;
		any = true;
	}
	return any;
}

void secrets_mask_text(const struct secrets *s, char *text, size_t size)
{
	struct buf out = BUF_INIT;

	/* A sentence that was cut at its end may lack as much as one character there. */
	bool full = strlen(text) + 4 >= size;
	if (s->count && mask(s, SHORTEST, (struct slice){text, strlen(text)}, true, full, &out)) {
		struct err cut;
		err_set(&cut, ERR_NONE, "%s", out.ptr);
		snprintf(text, size, "%s", cut.text);
	}
	buf_release(&out);
}

/* One token: a string is looked at decoded, since another system may have escaped it in its
 * own way; a number that holds a secret becomes text. */
static void mask_token(const struct secrets *s, size_t shortest, struct slice token, struct buf *out)
{
	struct buf text = BUF_INIT, masked = BUF_INIT;

	if (token.ptr[0] == '"')
		jsontext_string(token, &text);
	else
		buf_add_slice(&text, token);
	if (mask(s, shortest, buf_slice(&text), false, false, &masked))
		buf_add_json_text(out, masked.ptr, masked.len);
	else
		buf_add_slice(out, token);
	buf_release(&text);
	buf_release(&masked);
}

static void mask_json(const struct secrets *s, size_t shortest, struct slice json, struct buf *out)
{
	const char *p = json.ptr, *end = json.ptr + json.len;

	if (!s->count) {
		buf_add_slice(out, json);
		return;
	}
	while (p < end) {
		const char *start = p;
		if (*p == '"') {
			for (p++; p < end && *p != '"'; p++)
				p += *p == '\\';
			p++;
		} else if (strchr("-0123456789", *p)) {
			while (p < end && strchr("-+.0123456789eE", *p))
				p++;
		} else {
			buf_add_char(out, *p++);
			continue;
		}
		mask_token(s, shortest, (struct slice){start, (size_t)(p - start)}, out);
	}
}

void secrets_mask_json(const struct secrets *s, struct slice json, struct buf *out)
{
	mask_json(s, SHORTEST, json, out);
}

void secrets_mask_reply(const struct secrets *s, bool is_json, struct slice text, struct buf *out)
{
	if (is_json)
		mask_json(s, SHORTEST_IN_REPLY, text, out);
	else
		mask(s, SHORTEST_IN_REPLY, text, false, false, out);
}
