/* SPDX-License-Identifier: MIT */
/* The list of faults and the places they stand at. A word in a fault is always the
 * document's own, so it is cut where it is quoted, never trusted to be short. */
#include "flow/fault.h"

#include "common/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void pointer_token(struct buf *out, const char *name)
{
	buf_add_char(out, '/');
	for (; *name; name++) {
		if (*name == '~')
			buf_add_text(out, "~0");
		else if (*name == '/')
			buf_add_text(out, "~1");
		else
			buf_add_char(out, *name);
	}
}

static void where_add(const struct where *at, struct buf *out)
{
	if (!at)
		return;
	where_add(at->up, out);
	if (at->name)
		pointer_token(out, at->name);
	else
		buf_addf(out, "/%zu", at->index);
}

char *where_pointer(const struct where *at)
{
	struct buf out = BUF_INIT;

	where_add(at, &out);
	return buf_take(&out);
}

static void note(struct faults *f, char *pointer_take, bool warning, const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		text = mem_dup("a fault that could not be put into words");
	f->list = mem_resize(f->list, f->count + 1, sizeof(*f->list));
	f->list[f->count++] = (struct fault){pointer_take, text, warning};
	if (!warning)
		f->errors++;
}

void fault_at(struct faults *f, const struct where *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(f, where_pointer(at), false, fmt, ap);
	va_end(ap);
}

void warn_at(struct faults *f, const struct where *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(f, where_pointer(at), true, fmt, ap);
	va_end(ap);
}

static char *pointer_below(const char *pointer, const char *name)
{
	struct buf out = BUF_INIT;

	buf_add_text(&out, pointer);
	if (name)
		pointer_token(&out, name);
	return buf_take(&out);
}

void fault_add(struct faults *f, const char *pointer, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(f, pointer_below(pointer, name), false, fmt, ap);
	va_end(ap);
}

void warn_add(struct faults *f, const char *pointer, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(f, pointer_below(pointer, name), true, fmt, ap);
	va_end(ap);
}

void faults_release(struct faults *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->list[i].pointer);
		free(f->list[i].text);
	}
	free(f->list);
	*f = (struct faults){0};
}
