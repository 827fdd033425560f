/* SPDX-License-Identifier: MIT */
/* Parts are cut at the line between them, never at a length that somebody claims. */
#include "flow/multipart.h"

#include "common/crypto.h"
#include "common/utf8.h"
#include "common/pairs.h"

#include <string.h>
#include <strings.h>

#define BOUNDARY_MAX 70      /* RFC 2046 */
#define PART_HEAD_MAX 8192

struct reading {
	size_t parts; /* so far */
	void (*each)(void *arg, const struct multipart_part *part);
	void *arg;
};

static struct slice cut(struct slice text, const char *end)
{
	return (struct slice){text.ptr, (size_t)(end - text.ptr)};
}

static struct slice after(struct slice text, size_t n)
{
	return (struct slice){text.ptr + n, text.len - n};
}

static const char *find(struct slice text, const char *what, size_t len)
{
	return text.len >= len ? memmem(text.ptr, text.len, what, len) : NULL;
}

/* A value as it stands behind "name=": within quotes, or up to a semicolon. The rest of the text. */
static struct slice read_value(struct slice text, struct buf *out)
{
	bool quoted = text.len && *text.ptr == '"';
	size_t i = quoted;

	for (; i < text.len && (quoted ? text.ptr[i] != '"' : !strchr("; \t", text.ptr[i])); i++) {
		bool escaped = quoted && text.ptr[i] == '\\' && i + 1 < text.len &&
			       (text.ptr[i + 1] == '"' || text.ptr[i + 1] == '\\');
		i += escaped;
		buf_add_char(out, text.ptr[i]);
	}
	return after(text, i + (quoted && i < text.len));
}

/* The parameter of a header's value ("form-data; name=...; filename=..."): whether it is there. */
static bool read_param(struct slice value, const char *name, struct buf *out)
{
	size_t len = strlen(name);
	struct buf other = BUF_INIT;
	bool found = false;

	const char *semicolon = memchr(value.ptr, ';', value.len);
	value = after(value, semicolon ? (size_t)(semicolon - value.ptr) : value.len);
	while (value.len && !found) {
		while (value.len && strchr("; \t", *value.ptr))
			value = after(value, 1);
		found = value.len > len && strncasecmp(value.ptr, name, len) == 0 && value.ptr[len] == '=';
		const char *equals = memchr(value.ptr, '=', value.len);
		if (!equals)
			break;
		buf_clear(&other);
		value = read_value(after(value, (size_t)(equals + 1 - value.ptr)), found ? out : &other);
	}
	buf_release(&other);
	return found;
}

/* Browsers write quotes and line ends in names as %22, %0D and %0A, and nothing else so. */
static void unescape(struct buf *name)
{
	static const char *const escapes[] = {"%22\"", "%0D\r", "%0A\n"};
	char *to = name->ptr;

	for (size_t i = 0; i < name->len; i++) {
		*to = name->ptr[i];
		for (size_t k = 0; name->ptr[i] == '%' && k < ARRAY_LEN(escapes); k++) {
			if (strncasecmp(name->ptr + i, escapes[k], 3) == 0) {
				*to = escapes[k][3];
				i += 2;
				break;
			}
		}
		to++;
	}
	if (name->len) {
		name->len = (size_t)(to - name->ptr);
		*to = '\0';
	}
}

/* The value of a header of the part, or an empty slice. */
static struct slice header(struct slice head, const char *name)
{
	size_t len = strlen(name);

	while (head.len) {
		const char *end = find(head, "\r\n", 2);
		struct slice line = end ? cut(head, end) : head;
		if (line.len > len && strncasecmp(line.ptr, name, len) == 0 && line.ptr[len] == ':') {
			line = after(line, len + 1);
			while (line.len && strchr(" \t", *line.ptr))
				line = after(line, 1);
			return line;
		}
		head = end ? after(head, (size_t)(end + 2 - head.ptr)) : (struct slice){head.ptr, 0};
	}
	return (struct slice){head.ptr, 0};
}

static int read_part(struct reading *r, struct slice part, struct err *err)
{
	const char *blank = part.len >= 2 && memcmp(part.ptr, "\r\n", 2) == 0 ? part.ptr - 2
									   : find(part, "\r\n\r\n", 4);
	struct buf name = BUF_INIT, filename = BUF_INIT;
	int rc = 0;

	if (++r->parts > MULTIPART_PARTS_MAX)
		return err_set(err, ERR_TOO_BIG, "it has more than %d parts", MULTIPART_PARTS_MAX);
	if (!blank || blank - part.ptr > PART_HEAD_MAX)
		return err_set(err, ERR_INVALID, "part %zu has no end of its headers", r->parts);
	struct slice head = blank > part.ptr ? cut(part, blank) : (struct slice){part.ptr, 0};
	struct slice content = after(part, (size_t)(blank + 4 - part.ptr));
	struct slice disposition = header(head, "Content-Disposition");
	if (!read_param(disposition, "name", &name))
		rc = err_set(err, ERR_INVALID, "part %zu has no name", r->parts);
	bool named = read_param(disposition, "filename", &filename);
	unescape(&name);
	unescape(&filename);
	bool text = !memchr(content.ptr, '\0', content.len) && utf8_valid(content.ptr, content.len);
	const struct multipart_part read = {
		.name = buf_slice(&name),
		.filename = named ? buf_slice(&filename) : (struct slice){NULL, 0},
		.type = header(head, "Content-Type"),
		.content = content,
		.file = named || !text,
	};
	if (rc == 0)
		r->each(r->arg, &read);
	buf_release(&name);
	buf_release(&filename);
	return rc;
}

/* From the first line between parts to the one that ends them. */
static int read_parts(struct reading *r, struct slice body, const struct buf *line, struct err *err)
{
	/* The line begins with a CRLF, which the first one may lack. */
	size_t len = line->len;
	const char *end = body.ptr + body.len, *at = find(body, line->ptr, len), *p = at ? at + len : NULL;

	if (body.len >= len - 2 && memcmp(body.ptr, line->ptr + 2, len - 2) == 0)
		p = body.ptr + len - 2;
	bool begun = p != NULL;
	while (p) {
		if (end - p >= 2 && memcmp(p, "--", 2) == 0)
			return 0;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (end - p < 2 || memcmp(p, "\r\n", 2) != 0)
			return err_set(err, ERR_INVALID, "the line before part %zu does not end", r->parts + 1);
		struct slice rest = {p + 2, (size_t)(end - p - 2)};
		at = find(rest, line->ptr, len);
		if (at && read_part(r, cut(rest, at), err) < 0)
			return -1;
		p = at ? at + len : NULL;
	}
	return err_set(err, ERR_INVALID, begun ? "it ends in the middle of a part"
						  : "the line between its parts is not in it");
}

int multipart_each(const char *content_type, struct slice body,
		   void (*each)(void *arg, const struct multipart_part *part), void *arg, struct err *err)
{
	struct reading r = {.each = each, .arg = arg};
	struct buf line = BUF_INIT;
	int rc;

	buf_add_text(&line, "\r\n--");
	bool given = read_param((struct slice){content_type, strlen(content_type)}, "boundary", &line);
	if (!given || line.len == 4 || line.len > 4 + BOUNDARY_MAX)
		rc = err_set(err, ERR_INVALID, "its Content-Type has no boundary of 1 to %d characters", BOUNDARY_MAX);
	else
		rc = read_parts(&r, body, &line, err);
	buf_release(&line);
	return rc < 0 ? err_within(err, "a multipart body: ") : 0;
}

/* ---- as JSON ---- */

struct writing {
	struct buf fields; /* as a form, for pairs_form */
	struct buf files;  /* JSON objects with commas between */
};

static void add_text_member(struct buf *out, const char *name, struct slice text)
{
	buf_addf(out, "\"%s\":", name);
	if (text.ptr)
		buf_add_json_text(out, text.ptr, text.len);
	else
		buf_add_text(out, "null");
	buf_add_char(out, ',');
}

static void write_part(void *arg, const struct multipart_part *part)
{
	struct writing *w = arg;

	if (!part->file) {
		buf_add(&w->fields, "&", w->fields.len > 0);
		pairs_encode(part->name, false, &w->fields);
		buf_add_char(&w->fields, '=');
		pairs_encode(part->content, false, &w->fields);
		return;
	}
	buf_add_text(&w->files, w->files.len ? ",{" : "{");
	add_text_member(&w->files, "name", part->name);
	add_text_member(&w->files, "filename", part->filename);
	add_text_member(&w->files, "content_type", part->type.len ? part->type : (struct slice){NULL, 0});
	buf_addf(&w->files, "\"bytes\":%zu,\"base64\":\"", part->content.len);
	crypto_base64(part->content.ptr, part->content.len, &w->files);
	buf_add_text(&w->files, "\"}");
}

int multipart_json(const char *content_type, struct slice body, struct buf *out, struct err *err)
{
	struct writing w = {BUF_INIT, BUF_INIT};
	int rc = multipart_each(content_type, body, write_part, &w, err);

	if (rc == 0) {
		buf_add_text(out, "{\"fields\":");
		pairs_form(buf_slice(&w.fields), out);
		buf_add_text(out, ",\"files\":[");
		buf_add_slice(out, buf_slice(&w.files));
		buf_add_text(out, "]}");
	}
	buf_release(&w.fields);
	buf_release(&w.files);
	return rc;
}
