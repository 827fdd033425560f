/* SPDX-License-Identifier: MIT */
/* The names in an expression: parts of the scope, steps, secrets, and names with hyphens,
 * which jq would read as subtractions. */
#include "flow/expr_token.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "common/nearest.h"

#include <stdlib.h>
#include <string.h>

bool token_is(const struct token *t, const char *word)
{
	return t->text.len == strlen(word) && memcmp(t->text.ptr, word, t->text.len) == 0;
}

bool token_sign(const struct token *t, enum token_kind kind, char sign)
{
	return t->kind == kind && t->sign == sign;
}

static void add_name(char ***list, size_t *count, const char *name, size_t len)
{
	for (size_t i = 0; i < *count; i++)
		if (strlen((*list)[i]) == len && memcmp((*list)[i], name, len) == 0)
			return;
	*list = mem_resize(*list, *count + 1, sizeof(**list));
	(*list)[(*count)++] = mem_dup_len(name, len);
}

size_t name_at(const struct token *t, struct buf *out)
{
	size_t skipped = token_sign(t, TOKEN_OPERATOR, '?') && t->text.len == 1;

	t += skipped;
	if (t[0].kind == TOKEN_FIELD) {
		buf_add_slice(out, t[0].text);
		return skipped + 1;
	}
	bool dotted = t[0].kind == TOKEN_DOT && t[1].kind == TOKEN_STRING;
	bool indexed = token_sign(&t[0], TOKEN_OPEN, '[') && t[1].kind == TOKEN_STRING &&
		       token_sign(&t[2], TOKEN_CLOSE, ']');
	if ((!dotted && !indexed) || jsontext_check(t[1].text, 1, NULL) < 0)
		return 0;
	jsontext_string(t[1].text, out);
	return skipped + (dotted ? 2 : 3);
}

int name_part(struct expr_use *use, struct slice name, const struct token *after, struct err *err)
{
	int part = scope_part_find(name.ptr, name.len);

	if (part < 0) {
		char *word = mem_dup_len(name.ptr, name.len), hint[128];
		struct nearest n = {.word = word};
		for (int i = 0; i < SCOPE_PARTS; i++)
			nearest_offer(&n, scope_part_name((enum scope_part)i));
		err_set(err, ERR_INVALID, "there is no .%s%s (there are .headers .query .path .body "
			".body_base64 .event .steps, and .item .index in a loop)", word, nearest_hint(&n, hint));
		free(word);
		return -1;
	}
	use->parts |= 1u << part;
	if (part != SCOPE_STEPS)
		return 0;
	struct buf step = BUF_INIT;
	if (name_at(after, &step) && !memchr(step.ptr, '\0', step.len))
		add_name(&use->steps, &use->n_steps, step.ptr, step.len);
	else
		use->any_step = true;
	buf_release(&step);
	return 0;
}

void name_secret(struct expr_use *use, const struct token *after)
{
	struct buf name = BUF_INIT;

	if (name_at(after, &name) && !memchr(name.ptr, '\0', name.len))
		add_name(&use->secret_names, &use->n_secrets, name.ptr, name.len);
	buf_release(&name);
}

int name_hyphen(const struct token *t, const char *term, struct err *err)
{
	const struct token *last = t;

	while (token_sign(&last[1], TOKEN_OPERATOR, '-') && last[1].text.len == 1 && last[1].glued &&
	       (last[2].kind == TOKEN_WORD || last[2].kind == TOKEN_NUMBER) && last[2].glued)
		last += last[2].kind == TOKEN_NUMBER && last[3].kind == TOKEN_WORD && last[3].glued ? 3 : 2;
	/* .a-1 is arithmetic that nobody mistakes; .a-b, .a-2nd and .a-b-1 may be names. */
	if (last == t || (last == t + 2 && last->kind == TOKEN_NUMBER))
		return 0;
	int name = (int)(last->text.ptr + last->text.len - t->text.ptr);
	int before = (int)(t->start - term);
	return err_set(err, ERR_INVALID, "%.*s.%.*s is a subtraction in jq; for the name with hyphens "
		       "write %.*s[\"%.*s\"] (or put spaces around the minus)", before, term, name,
		       t->text.ptr, before ? before : 1, before ? term : ".", name, t->text.ptr);
}

void expr_use_release(struct expr_use *use)
{
	for (size_t i = 0; i < use->n_steps; i++)
		free(use->steps[i]);
	for (size_t i = 0; i < use->n_secrets; i++)
		free(use->secret_names[i]);
	free(use->steps);
	free(use->secret_names);
	*use = (struct expr_use){0};
}
