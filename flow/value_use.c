/* SPDX-License-Identifier: MIT */
/* What stands in a value's holes, for the checker and for whoever explains a failure. */
#include "flow/value_inner.h"

#include "common/jsontext.h"

/* A walk that keeps the pointer of where it is. */
struct hole_walk {
	void (*each)(const struct hole_walk *w, const struct hole *h);
	void (*use)(void *arg, const struct value_use *use);
	void (*expression)(void *arg, struct slice expression, const char *pointer);
	void *arg;
	struct buf pointer;
};

static void add_to_pointer(const struct value *v, size_t i, struct buf *pointer)
{
	struct buf key = BUF_INIT;

	buf_add_char(pointer, '/');
	if (!v->keys) {
		buf_addf(pointer, "%zu", i);
		return;
	}
	jsontext_string((struct slice){v->keys[i].ptr, v->keys[i].len - 1}, &key); /* no colon */
	for (size_t at = 0; at < key.len; at++) {
		if (key.ptr[at] == '~' || key.ptr[at] == '/')
			buf_add_text(pointer, key.ptr[at] == '~' ? "~0" : "~1");
		else
			buf_add_char(pointer, key.ptr[at]);
	}
	buf_release(&key);
}

static void walk_holes(const struct value *v, struct hole_walk *w)
{
	for (size_t i = 0; i < v->count; i++) {
		if (!v->children) {
			if (v->pieces[i].hole)
				w->each(w, v->pieces[i].hole);
			continue;
		}
		size_t len = w->pointer.len;
		add_to_pointer(v, i, &w->pointer);
		walk_holes(v->children[i], w);
		w->pointer.len = len;
		w->pointer.ptr[len] = '\0';
	}
}

static void use_here(void *arg, const struct value_use *use)
{
	const struct hole_walk *w = arg;

	w->use(w->arg, &(struct value_use){use->part, use->step, w->pointer.ptr});
}

static void uses_of(const struct hole_walk *w, const struct hole *h)
{
	struct hole_walk here = *w;

	hole_uses(h, use_here, &here);
}

void value_uses(const struct value *v, void (*use)(void *arg, const struct value_use *use),
		void *arg)
{
	struct hole_walk w = {.each = uses_of, .use = use, .arg = arg, .pointer = BUF_INIT};

	walk_holes(v, &w);
	buf_release(&w.pointer);
}

static void expression_of(const struct hole_walk *w, const struct hole *h)
{
	w->expression(w->arg, hole_text(h), w->pointer.ptr);
}

void value_expressions(const struct value *v,
		       void (*each)(void *arg, struct slice expression, const char *pointer), void *arg)
{
	struct hole_walk w = {.each = expression_of, .expression = each, .arg = arg,
			      .pointer = BUF_INIT};

	walk_holes(v, &w);
	buf_release(&w.pointer);
}

void value_secrets(const struct value *v, void (*use)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < v->count; i++) {
		if (v->children)
			value_secrets(v->children[i], use, arg);
		else if (v->pieces[i].hole)
			hole_secrets(v->pieces[i].hole, use, arg);
	}
}

void value_explain(const struct value *v, struct scope *s, struct err *err)
{
	if (v->kind == KIND_HOLE)
		hole_explain(v->pieces[0].hole, s, err);
}

bool value_is_tree(const struct value *v)
{
	return v->children != NULL;
}
