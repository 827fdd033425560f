/* SPDX-License-Identifier: MIT */
/* Values with holes. What has no hole is printed once, when it is compiled; the rest is a
 * tree that writes itself into the output, and takes back what it wrote when it fails. */
#include "flow/value_inner.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/expr.h"
#include "flow/hint.h"

#include <stdlib.h>
#include <string.h>

void value_free(struct value *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->count; i++) {
		if (v->pieces)
			hole_free(v->pieces[i].hole);
		if (v->children)
			value_free(v->children[i]);
		if (v->keys)
			buf_release(&v->keys[i]);
	}
	free(v->pieces);
	free(v->children);
	free(v->keys);
	free(v->text);
	buf_release(&v->json);
	free(v);
}

static struct value *value_new(enum kind kind)
{
	struct value *v = mem_new(sizeof(*v));

	v->kind = kind;
	buf_init(&v->json);
	return v;
}

/* Several pieces of text alone make a constant. */
static void make_constant(struct value *v)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < v->count; i++)
		buf_add_slice(&text, v->pieces[i].text);
	buf_add_json_text(&v->json, text.ptr, text.len);
	buf_release(&text);
	v->kind = KIND_CONSTANT;
}

static struct value *compile_string(const char *string, const struct hole_rules *rules,
				    struct err *err)
{
	struct value *v = value_new(KIND_TEXT);
	struct expr_piece piece;
	size_t holes = 0;
	int rc;

	v->text = mem_dup(string);
	struct expr_split split = {.text = {v->text, strlen(v->text)}};
	while ((rc = expr_next(&split, &piece, err)) > 0) {
		v->pieces = mem_resize(v->pieces, v->count + 1, sizeof(*v->pieces));
		struct piece *p = &v->pieces[v->count++];
		*p = (struct piece){.text = piece.text};
		if (!piece.hole)
			continue;
		holes++;
		if ((p->hole = hole_new(&piece, rules, err)) == NULL) {
			rc = -1;
			break;
		}
	}
	if (rc < 0) {
		value_free(v);
		return NULL;
	}
	if (!holes)
		make_constant(v);
	else if (v->count == 1)
		v->kind = KIND_HOLE;
	return v;
}

static struct value *compile(const cJSON *node, const struct hole_rules *rules, struct err *err);

/* A tree whose children are all constants is a constant itself. */
static void fold_constant(struct value *v)
{
	bool object = v->kind == KIND_OBJECT;

	for (size_t i = 0; i < v->count; i++)
		if (v->children[i]->kind != KIND_CONSTANT)
			return;
	buf_add_char(&v->json, object ? '{' : '[');
	for (size_t i = 0; i < v->count; i++) {
		if (i)
			buf_add_char(&v->json, ',');
		if (object)
			buf_add_slice(&v->json, buf_slice(&v->keys[i]));
		buf_add_slice(&v->json, buf_slice(&v->children[i]->json));
	}
	buf_add_char(&v->json, object ? '}' : ']');
	v->kind = KIND_CONSTANT;
}

/* The recursion is as deep as the document, which json_parse keeps shallow. */
static struct value *compile_tree(const cJSON *node, const struct hole_rules *rules,
				  struct err *err)
{
	bool object = cJSON_IsObject(node);
	struct value *v = value_new(object ? KIND_OBJECT : KIND_ARRAY);
	size_t count = 0;

	for (const cJSON *child = node->child; child; child = child->next)
		count++;
	v->children = mem_array(count, sizeof(struct value *));
	v->keys = object ? mem_array(count, sizeof(*v->keys)) : NULL;
	for (const cJSON *child = node->child; child; child = child->next) {
		struct value *one = compile(child, rules, err);
		if (!one) {
			const char *colon = child->child ? "" : ": ";
			if (object)
				err_within(err, "/%s%s", child->string, colon);
			else
				err_within(err, "/%zu%s", v->count, colon);
			value_free(v);
			return NULL;
		}
		if (object) {
			buf_init(&v->keys[v->count]);
			buf_add_json_text(&v->keys[v->count], child->string, strlen(child->string));
			buf_add_char(&v->keys[v->count], ':');
		}
		v->children[v->count++] = one;
	}
	fold_constant(v);
	return v;
}

static struct value *compile(const cJSON *node, const struct hole_rules *rules, struct err *err)
{
	if (cJSON_IsString(node))
		return compile_string(node->valuestring, rules, err);
	if (cJSON_IsObject(node) || cJSON_IsArray(node))
		return compile_tree(node, rules, err);
	struct value *v = value_new(KIND_CONSTANT);
	char *json = json_print(node); /* numbers as they stand in the document */
	buf_add_text(&v->json, json);
	free(json);
	return v;
}

struct value *value_compile(const cJSON *node, struct program *program, unsigned flags,
			    struct err *err)
{
	return compile(node, &(struct hole_rules){program, flags}, err);
}

bool value_is_constant(const struct value *v)
{
	return v->kind == KIND_CONSTANT;
}

/* Texts and holes together; one empty hole makes all of it empty. */
static int add_pieces(const struct value *v, struct scope *s, const char *secrets, struct buf *out,
		      struct err *err)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct piece *p = &v->pieces[i];
		int rc = 1;
		if (p->hole)
			rc = hole_add(p->hole, true, s, secrets, out, err);
		else
			buf_add_slice(out, p->text);
		if (rc <= 0)
			return rc;
	}
	return 1;
}

static void take_back(struct buf *out, size_t len)
{
	out->len = len;
	if (out->size)
		out->ptr[len] = '\0';
}

static int add_json(const struct value *v, struct scope *s, const char *secrets, struct buf *out,
		    struct err *err);

/* Puts the place of child i before err's sentence: ".total: ", and within that ".items[0]". */
static int within_child(const struct value *v, size_t i, struct err *err)
{
	const char *colon = v->children[i]->children ? "" : ": ";
	struct buf key = BUF_INIT, step = BUF_INIT;

	if (v->keys) {
		jsontext_string((struct slice){v->keys[i].ptr, v->keys[i].len - 1}, &key); /* no colon */
		hint_step(key.ptr, key.len, &step);
	} else {
		buf_addf(&step, "[%zu]", i);
	}
	err_within(err, "%s%s", step.ptr, colon);
	buf_release(&key);
	buf_release(&step);
	return -1;
}

static int add_tree(const struct value *v, struct scope *s, const char *secrets, struct buf *out,
		    struct err *err)
{
	bool object = v->kind == KIND_OBJECT, first = true;

	buf_add_char(out, object ? '{' : '[');
	for (size_t i = 0; i < v->count; i++) {
		size_t before = out->len;
		if (!first)
			buf_add_char(out, ',');
		if (object)
			buf_add_slice(out, buf_slice(&v->keys[i]));
		int rc = add_json(v->children[i], s, secrets, out, err);
		if (rc < 0)
			return within_child(v, i, err);
		if (rc == 0)
			take_back(out, before);
		else
			first = false;
	}
	buf_add_char(out, object ? '}' : ']');
	return 1;
}

static int add_json(const struct value *v, struct scope *s, const char *secrets, struct buf *out,
		    struct err *err)
{
	struct buf text = BUF_INIT;
	int rc = 1;

	switch (v->kind) {
	case KIND_CONSTANT:
		buf_add_slice(out, buf_slice(&v->json));
		break;
	case KIND_HOLE:
		return hole_add(v->pieces[0].hole, false, s, secrets, out, err);
	case KIND_TEXT:
		rc = add_pieces(v, s, secrets, &text, err);
		if (rc > 0)
			buf_add_json_text(out, text.ptr, text.len);
		buf_release(&text);
		break;
	case KIND_ARRAY:
	case KIND_OBJECT:
		return add_tree(v, s, secrets, out, err);
	}
	return rc;
}

int value_json(const struct value *v, struct scope *s, const char *secrets, struct buf *out,
	       struct err *err)
{
	size_t before = out->len;
	int rc = add_json(v, s, secrets, out, err);

	if (rc <= 0)
		take_back(out, before);
	return rc;
}

int value_text(const struct value *v, struct scope *s, const char *secrets, struct buf *out,
	       struct err *err)
{
	size_t before = out->len;
	int rc = 1;

	switch (v->kind) {
	case KIND_CONSTANT:
		jsontext_text(buf_slice(&v->json), out);
		break;
	case KIND_HOLE:
	case KIND_TEXT:
		rc = add_pieces(v, s, secrets, out, err);
		break;
	case KIND_ARRAY:
	case KIND_OBJECT: {
		struct buf json = BUF_INIT;
		rc = add_tree(v, s, secrets, &json, err);
		if (rc > 0)
			jsontext_compact(buf_slice(&json), out);
		buf_release(&json);
		break;
	}
	}
	if (rc <= 0)
		take_back(out, before);
	return rc;
}

int value_truth(const struct value *v, struct scope *s, struct err *err)
{
	struct buf json = BUF_INIT;
	int rc = value_json(v, s, NULL, &json, err);

	if (rc > 0) {
		enum jsontext_kind kind = jsontext_kind(buf_slice(&json));
		rc = kind != JSONTEXT_FALSE && kind != JSONTEXT_NULL;
	}
	buf_release(&json);
	return rc;
}
