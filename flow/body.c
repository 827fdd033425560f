/* SPDX-License-Identifier: MIT */
#include "flow/body.h"

#include "common/crypto.h"
#include "common/jsontext.h"
#include "flow/document.h"
#include "common/pairs.h"
#include "flow/secrets.h"
#include "flow/walk.h"

#include <stdio.h>
#include <string.h>

static const char *part_name_refused(const char *name)
{
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			return "holds a control character";
	return NULL;
}

const struct param body_part_params[] = {
	{.name = "name", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 200,
	 .refuse = part_name_refused, .text = "The name of the field."},
	{.name = "value", .type = PARAM_VALUE, .flags = PARAM_SECRETS,
	 .text = "Its content: text as it is, anything else as JSON; null leaves the part out."},
	{.name = "base64", .type = PARAM_TEXT_VALUE, .flags = PARAM_SECRETS,
	 .text = "Instead of value: bytes, written in base64."},
	{.name = "filename", .type = PARAM_TEXT_VALUE,
	 .text = "Makes the part a file of this name."},
	{.name = "content_type", .type = PARAM_TEXT_VALUE, .text = "The media type of the part."},
	{0},
};

void body_release(struct body *b)
{
	secrets_wipe(&b->bytes);
	b->given = false;
}

/* ---- the forms; each: 1 built, 0 absent or empty, -1 ---- */

static int build_value(struct walk *w, const struct step *s, struct body *out, struct err *err)
{
	struct buf json = BUF_INIT;
	int rc = walk_json(w, &s->args, "body", &json, err);

	if (rc > 0) {
		bool text = jsontext_kind(buf_slice(&json)) == JSONTEXT_STRING;
		snprintf(out->type, sizeof(out->type), "%s",
			 text ? "text/plain; charset=utf-8" : "application/json");
		jsontext_text(buf_slice(&json), &out->bytes);
	}
	secrets_wipe(&json);
	return rc;
}

static int build_form(struct walk *w, const struct step *s, struct body *out, struct err *err)
{
	struct buf json = BUF_INIT;
	int rc = walk_json(w, &s->args, "form", &json, err);

	snprintf(out->type, sizeof(out->type), "application/x-www-form-urlencoded");
	if (rc > 0 && pairs_encode_object(buf_slice(&json), true, &out->bytes, err) < 0)
		rc = err_within(err, "form: ");
	secrets_wipe(&json);
	return rc;
}

static int build_raw(struct walk *w, const struct step *s, struct body *out, struct err *err)
{
	snprintf(out->type, sizeof(out->type), "text/plain; charset=utf-8");
	return walk_text(w, &s->args, "raw", &out->bytes, err);
}

static int add_base64(struct walk *w, const struct args *args, const char *name, struct buf *out,
		      struct err *err)
{
	struct buf text = BUF_INIT;
	int rc = walk_text(w, args, name, &text, err);

	if (rc > 0 && crypto_base64_decode(buf_slice(&text), out) <= 0)
		rc = err_set(err, ERR_INVALID, "%s: it is not base64 (RFC 4648, with its padding)",
			     name);
	secrets_wipe(&text);
	return rc;
}

static int build_raw_base64(struct walk *w, const struct step *s, struct body *out,
			    struct err *err)
{
	snprintf(out->type, sizeof(out->type), "application/octet-stream");
	return add_base64(w, &s->args, "raw_base64", &out->bytes, err);
}

/* ---- multipart ---- */

struct part {
	struct buf content, filename, type;
	bool file;
};

/* A name within quotes, as browsers write it. */
static void add_quoted(struct buf *out, const char *text, size_t len)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\r' || text[i] == '\n')
			buf_addf(out, "%%%02X", (unsigned char)text[i]);
		else if (text[i])
			buf_add_char(out, text[i]);
	}
	buf_add_char(out, '"');
}

static int read_content(struct walk *w, const struct args *args, struct part *p, struct err *err)
{
	struct buf json = BUF_INIT;

	if (arg_given(args, "base64"))
		return add_base64(w, args, "base64", &p->content, err);
	int rc = walk_json(w, args, "value", &json, err);
	enum jsontext_kind kind = rc > 0 ? jsontext_kind(buf_slice(&json)) : JSONTEXT_NULL;
	if (rc > 0 && kind == JSONTEXT_NULL)
		rc = 0;
	if (rc > 0) {
		jsontext_text(buf_slice(&json), &p->content);
		if (kind == JSONTEXT_OBJECT || kind == JSONTEXT_ARRAY)
			buf_add_text(&p->type, "application/json");
	}
	secrets_wipe(&json);
	return rc;
}

static int read_part(struct walk *w, const struct args *args, struct part *p, struct err *err)
{
	struct buf type = BUF_INIT;
	int rc = read_content(w, args, p, err);

	if (rc <= 0)
		return rc;
	int file = walk_text(w, args, "filename", &p->filename, err);
	int typed = file < 0 ? -1 : walk_text(w, args, "content_type", &type, err);
	p->file = file > 0;
	if (p->file && !p->type.len)
		buf_add_text(&p->type, "application/octet-stream");
	if (typed > 0) {
		buf_clear(&p->type);
		buf_add_slice(&p->type, buf_slice(&type));
	}
	buf_release(&type);
	for (size_t i = 0; i < p->type.len && typed >= 0; i++)
		if (p->type.ptr[i] < ' ' || p->type.ptr[i] > '~')
			typed = err_set(err, ERR_INVALID, "content_type: it holds a character that is "
					"not printable ASCII");
	return typed < 0 ? -1 : 1;
}

static void write_part(struct buf *out, const char *name, const struct part *p)
{
	buf_add_text(out, "Content-Disposition: form-data; name=");
	add_quoted(out, name, strlen(name));
	if (p->file) {
		buf_add_text(out, "; filename=");
		add_quoted(out, p->filename.ptr, p->filename.len);
	}
	if (p->type.len)
		buf_addf(out, "\r\nContent-Type: %s", p->type.ptr);
	buf_add_text(out, "\r\n\r\n");
	buf_add_slice(out, buf_slice(&p->content));
}

/* The line between the parts is made of what they hold: the same parts give the same bytes,
 * and no part can hold it. */
static void join_parts(const struct buf *parts, size_t n, struct body *out)
{
	struct buf all = BUF_INIT;
	char digest[65];

	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%zu:", parts[i].len), buf_add_slice(&all, buf_slice(&parts[i]));
	crypto_sha256_hex(buf_slice(&all), digest);
	secrets_wipe(&all);
	snprintf(out->type, sizeof(out->type), "multipart/form-data; boundary=ringbolt-%.32s",
		 digest);
	for (size_t i = 0; i < n; i++) {
		buf_addf(&out->bytes, "--ringbolt-%.32s\r\n", digest);
		buf_add_slice(&out->bytes, buf_slice(&parts[i]));
		buf_add_text(&out->bytes, "\r\n");
	}
	buf_addf(&out->bytes, "--ringbolt-%.32s--\r\n", digest);
}

#define PARTS_MAX 100

static int build_multipart(struct walk *w, const struct step *s, struct body *out,
			   struct err *err)
{
	const struct arg *list = arg_find(&s->args, "multipart");
	struct buf parts[PARTS_MAX];
	size_t n = 0;
	int rc = list->node ? 1 : 0;

	for (size_t i = 0; i < list->n_items && rc > 0; i++) {
		const struct args *args = &list->items[i];
		struct part p = {.content = BUF_INIT, .filename = BUF_INIT, .type = BUF_INIT};
		int got = read_part(w, args, &p, err);
		if (got < 0)
			rc = err_within(err, "multipart, \"%s\": ", arg_text(args, "name"));
		if (got > 0) {
			buf_init(&parts[n]);
			write_part(&parts[n++], arg_text(args, "name"), &p);
		}
		secrets_wipe(&p.content);
		buf_release(&p.filename);
		buf_release(&p.type);
	}
	if (rc > 0)
		join_parts(parts, n, out);
	for (size_t i = 0; i < n; i++)
		secrets_wipe(&parts[i]);
	return rc;
}

/* ---- the table ---- */

static const struct form {
	const char *name;
	int (*build)(struct walk *w, const struct step *s, struct body *out, struct err *err);
} forms[] = {
	{"body", build_value},
	{"form", build_form},
	{"multipart", build_multipart},
	{"raw", build_raw},
	{"raw_base64", build_raw_base64},
};

int body_build(struct walk *w, const struct step *s, struct body *out, struct err *err)
{
	*out = (struct body){.bytes = BUF_INIT};
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (!arg_given(&s->args, forms[i].name))
			continue;
		int rc = forms[i].build(w, s, out, err);
		out->given = rc > 0;
		if (rc <= 0)
			out->type[0] = '\0';
		return rc < 0 ? -1 : 0;
	}
	return 0;
}

void body_check(const struct step *s, struct faults *faults)
{
	const struct arg *parts = arg_find(&s->args, "multipart");
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		const struct arg *a = arg_find(&s->args, forms[i].name);
		if (a->node && first)
			fault_add(faults, a->pointer, NULL, "\"%s\" stands beside \"%s\"; a call has one "
				  "body", forms[i].name, first);
		if (a->node && !first)
			first = forms[i].name;
	}
	if (parts->n_items > PARTS_MAX)
		fault_add(faults, parts->pointer, NULL, "\"multipart\" has %zu parts; at most %d are "
			  "allowed", parts->n_items, PARTS_MAX);
	for (size_t i = 0; i < parts->n_items; i++) {
		const struct args *args = &parts->items[i];
		bool value = arg_given(args, "value"), base64 = arg_given(args, "base64");
		char at[32];
		if (value != base64)
			continue;
		snprintf(at, sizeof(at), "%zu", i);
		fault_add(faults, parts->pointer, at, "a part has either \"value\" or \"base64\"%s",
			  value ? ", not both" : "");
	}
}
