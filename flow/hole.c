/* SPDX-License-Identifier: MIT */
/* One hole: a plain path where it is one, which never reaches libjq; else one expression of
 * the flow's program. */
#include "flow/hole.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/hint.h"
#include "flow/jq.h"
#include "flow/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hole {
	struct slice text;   /* in the value's own copy of the string */
	size_t column;       /* of the {{ in that string */
	bool front;          /* the front evaluates it, which shows no values: VALUE_PLAIN */
	struct path *path;   /* a plain path, or NULL: expression number n of program */
	struct program *program;
	int n;
	struct expr_use use; /* empty for a plain path; secrets count for both */
};

void hole_free(struct hole *h)
{
	if (!h)
		return;
	path_free(h->path);
	expr_use_release(&h->use);
	free(h);
}

/* Fills the hole: a plain path if it is one, else an expression of the program. */
static int hole_read(struct hole *h, const struct hole_rules *rules, struct err *err)
{
	if ((h->path = path_parse(h->text)) != NULL)
		return 0;
	if (expr_read(h->text, &h->use, err) < 0)
		return -1;
	if (h->use.secrets && !(rules->flags & VALUE_SECRETS))
		return err_set(err, ERR_DENIED, "$secrets may stand only in fields that leave for another "
			       "system, since everything else is recorded");
	if ((h->path = path_parse_secret(h->text)) != NULL)
		return 0;
	if ((rules->flags & VALUE_PLAIN) || !rules->program)
		return err_set(err, ERR_INVALID, "only a plain path may stand here, such as "
			       ".body.items[0][\"x-y\"]");
	h->program = rules->program;
	h->n = program_add(rules->program, h->text, err);
	return h->n < 0 ? -1 : 0;
}

struct hole *hole_new(const struct expr_piece *p, const struct hole_rules *rules,
		      struct err *err)
{
	struct hole *h = mem_new(sizeof(*h));
	char quote[EXPR_QUOTE_SIZE];

	h->text = p->text;
	h->column = p->column;
	h->front = rules->flags & VALUE_PLAIN;
	if (hole_read(h, rules, err) == 0)
		return h;
	err_within(err, "column %zu, {{ %s }}: ", p->column, expr_quote(p->text, quote));
	hole_free(h);
	return NULL;
}

void hole_uses(const struct hole *h, void (*use)(void *arg, const struct value_use *use),
	       void *arg)
{
	const struct expr_use *u = &h->use;

	if (h->path && !path_secret(h->path)) {
		use(arg, &(struct value_use){path_part(h->path), path_step(h->path), ""});
		return;
	}
	for (int part = 0; part < SCOPE_PARTS; part++)
		if (part != SCOPE_STEPS && u->parts >> part & 1)
			use(arg, &(struct value_use){(enum scope_part)part, NULL, ""});
	for (size_t i = 0; i < u->n_steps; i++)
		use(arg, &(struct value_use){SCOPE_STEPS, u->steps[i], ""});
	if (u->any_step)
		use(arg, &(struct value_use){SCOPE_STEPS, NULL, ""});
}

void hole_secrets(const struct hole *h, void (*use)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < h->use.n_secrets; i++)
		use(arg, h->use.secret_names[i]);
}

/* A secret that is missing must not leave for another system as "null". */
static int secrets_present(const struct hole *h, struct slice secrets, struct err *err)
{
	struct slice found;

	for (size_t i = 0; i < h->use.n_secrets; i++) {
		const char *name = h->use.secret_names[i];
		if (!jsontext_member(secrets, name, strlen(name), &found))
			return err_set(err, ERR_MISSING, "there is no secret \"%s\"", name);
	}
	return 0;
}

/* What a hole yields, as JSON: 1 and *out, which lies in the scope, the secrets or own. */
static int hole_cut(const struct hole *h, struct scope *s, const char *secrets, struct buf *own,
		    struct slice *out, struct err *err)
{
	struct slice all = {secrets ? secrets : "{}", secrets ? strlen(secrets) : 2};
	char quote[EXPR_QUOTE_SIZE];
	int rc;

	if (secrets_present(h, all, err) < 0)
		return -1;
	if (!h->path) {
		rc = program_eval(h->program, h->n, s, secrets, own, err);
		*out = buf_slice(own);
		return rc;
	}
	rc = path_secret(h->path) ? path_cut_from(h->path, all, out, err)
				  : path_cut(h->path, s, out, err);
	if (rc < 0)
		err_within(err, "{{ %s }}: ", expr_quote(h->text, quote));
	return rc;
}

/* `Cannot index string with "id"` puzzles whoever sent JSON with a fault: name the fault. */
static bool explain_body(const struct hole *h, struct scope *s, struct err *err)
{
	bool body = h->path ? path_part(h->path) == SCOPE_BODY : h->use.parts >> SCOPE_BODY & 1;
	const char *why = body ? scope_body_error(s) : NULL;

	if (!why)
		return false;
	char *said = mem_dup(err->text);
	err_set(err, err->kind, "%s (.body is text here, since it is %s)", said, why);
	free(said);
	return true;
}

/* What libjq or the plain path said, behind the quoted expression; NULL: it never ran. */
static const char *words_of(const struct hole *h, const struct err *err)
{
	char quote[EXPR_QUOTE_SIZE], head[EXPR_QUOTE_SIZE + 16];
	int len = snprintf(head, sizeof(head), "{{ %s }}: ", expr_quote(h->text, quote));

	return strncmp(err->text, head, (size_t)len) == 0 ? err->text + len : NULL;
}

static void explain(const struct hole *h, struct scope *s, struct err *err)
{
	const char *words = words_of(h, err);

	if (!explain_body(h, s, err) && words && !h->front)
		hint_add(&(struct hint){h->text, h->column, s, h->use.secrets}, words, err);
}

void hole_explain(const struct hole *h, struct scope *s, struct err *err)
{
	hint_add(&(struct hint){h->text, h->column, s, h->use.secrets}, err->text, err);
}

int hole_add(const struct hole *h, bool as_text, struct scope *s, const char *secrets,
	     struct buf *out, struct err *err)
{
	struct buf own = BUF_INIT;
	struct slice json;
	int rc = hole_cut(h, s, secrets, &own, &json, err);

	if (rc > 0 && as_text)
		jsontext_text(json, out);
	else if (rc > 0)
		buf_add_slice(out, json);
	else if (rc < 0 && err)
		explain(h, s, err);
	buf_release(&own);
	return rc;
}

struct slice hole_text(const struct hole *h)
{
	return h->text;
}
