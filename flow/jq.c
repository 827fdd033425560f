/* SPDX-License-Identifier: MIT */
/* The jq expressions of one flow version as one libjq program. Its input is [n, what the
 * expression may see, secrets]; it is a tree of ifs over n, so that any of a thousand
 * expressions is ten comparisons away. */
#include "flow/jq.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/expr.h"
#include "flow/functions.h"
#include "flow/jq_native.h"
#include "flow/jqtext.h"

#include <jq.h>
#include <jv.h>

#include <stdlib.h>
#include <string.h>

struct expression {
	char *text;
	size_t len;
	struct expr_use use;
};

/* A parsed part of the scope, good for as long as its version stands. */
struct parsed {
	char *step; /* one step's output; NULL: a whole part */
	uint64_t version; /* 0: none */
	jv value;
};

struct program {
	struct expression *list;
	size_t count;
	jq_state *jq;    /* NULL: not compiled */
	size_t compiled; /* how many of the list are in it */
	struct jq_native native;
	struct parsed parts[SCOPE_PARTS];
	struct parsed *steps;
	size_t n_steps;
};

struct program *program_new(void)
{
	return mem_new(sizeof(struct program));
}

static void parsed_drop(struct parsed *c)
{
	if (c->version)
		jv_free(c->value);
	c->version = 0;
}

void program_forget(struct program *p)
{
	for (int i = 0; i < SCOPE_PARTS; i++)
		parsed_drop(&p->parts[i]);
	for (size_t i = 0; i < p->n_steps; i++) {
		parsed_drop(&p->steps[i]);
		free(p->steps[i].step);
	}
	free(p->steps);
	p->steps = NULL;
	p->n_steps = 0;
	if (p->jq)
		jq_start(p->jq, jv_null(), 0); /* libjq lets go of the last input */
}

void program_free(struct program *p)
{
	if (!p)
		return;
	program_forget(p);
	for (size_t i = 0; i < p->count; i++) {
		free(p->list[i].text);
		expr_use_release(&p->list[i].use);
	}
	free(p->list);
	if (p->jq)
		jq_teardown(&p->jq);
	jq_native_release(&p->native);
	free(p);
}

int program_add(struct program *p, struct slice expression, struct err *err)
{
	struct expression e = {0};

	expression = jsontext_trim(expression);
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].len == expression.len &&
		    memcmp(p->list[i].text, expression.ptr, expression.len) == 0)
			return (int)i;
	if (expr_read(expression, &e.use, err) < 0)
		return -1;
	e.text = mem_dup_len(expression.ptr, expression.len);
	e.len = expression.len;
	p->list = mem_resize(p->list, p->count + 1, sizeof(*p->list));
	p->list[p->count] = e;
	return (int)p->count++;
}

/* Expressions from .. to - 1 as ifs; a line of its own each, so that no comment that our
 * tokens missed could swallow a bracket. */
static void write_tree(const struct program *p, size_t from, size_t to, struct buf *out)
{
	if (to - from == 1) {
		buf_add_text(out, "(\n");
		expr_clean((struct slice){p->list[from].text, p->list[from].len}, out);
		buf_add_text(out, "\n)");
		return;
	}
	size_t middle = from + (to - from) / 2;
	buf_addf(out, "if $__n < %zu then ", middle);
	write_tree(p, from, middle, out);
	buf_add_text(out, " else ");
	write_tree(p, middle, to, out);
	buf_add_text(out, " end");
}

/* libjq's first message; the later ones only count. */
static void keep_message(void *arg, jv message)
{
	struct buf *words = arg;

	if (!words->len && jv_get_kind(message) == JV_KIND_STRING)
		buf_add_text(words, jv_string_value(message));
	jv_free(message);
}

/* Compiles expressions from .. to - 1; NULL and libjq's words when it would not. */
static jq_state *compile(const struct program *p, size_t from, size_t to, struct buf *words)
{
	struct buf source = BUF_INIT;
	jq_state *jq = jq_init();
	uint64_t functions = 0;

	if (!jq)
		abort(); /* out of memory, as in mem.h */
	for (size_t i = from; i < to; i++)
		functions |= p->list[i].use.functions;
	buf_add_text(&source, ".[0] as $__n | .[2] as $secrets | .[1] | ");
	functions_prelude(functions, &source);
	write_tree(p, from, to, &source);
	jq_set_error_cb(jq, keep_message, words);
	/* libjq would prepend the definitions in ~/.jq: not in a flow. Workers have no HOME;
	 * this is for the command line. */
	char *home = mem_dup(getenv("HOME"));
	if (home)
		unsetenv("HOME");
	int fine = jq_compile(jq, source.ptr);
	if (home)
		setenv("HOME", home, 1);
	free(home);
	buf_release(&source);
	jq_set_error_cb(jq, NULL, NULL);
	if (fine)
		return jq;
	jq_teardown(&jq);
	return NULL;
}

/* The whole would not compile: which expression is it? One by one, since a compile that
 * fails is rare and its author waits for the name. */
static int blame(const struct program *p, struct buf *whole, struct err *err)
{
	char quote[EXPR_QUOTE_SIZE];

	for (size_t i = 0; i < p->count; i++) {
		struct slice text = {p->list[i].text, p->list[i].len};
		struct buf words = BUF_INIT;
		jq_state *jq = compile(p, i, i + 1, &words);
		/* The bracket that libjq did not expect may be the one we put behind it. */
		bool ours = strstr(words.ptr, "unexpected ')'") && !memchr(text.ptr, ')', text.len);
		if (!jq)
			err_set(err, ERR_INVALID, "{{ %s }}: %s", expr_quote(text, quote),
				ours ? "the expression is not complete" : jqtext_words(&words));
		buf_release(&words);
		if (!jq)
			return -1;
		jq_teardown(&jq);
	}
	return err_set(err, ERR_INVALID, "the expressions compile alone, but not together: %s",
		       jqtext_words(whole));
}

int program_compile(struct program *p, struct err *err)
{
	struct buf words = BUF_INIT;
	int rc = 0;

	if (p->compiled == p->count)
		return 0;
	if (p->jq)
		jq_teardown(&p->jq);
	p->jq = compile(p, 0, p->count, &words);
	if (p->jq)
		jq_native_attach(&p->native, p->jq), p->compiled = p->count;
	else
		rc = blame(p, &words, err);
	buf_release(&words);
	return rc;
}

static int parse(struct slice json, jv *out, struct err *err)
{
	if (json.len > INT32_MAX)
		return err_set(err, ERR_TOO_BIG, "more than 2 GiB is too much for an expression");
	*out = jv_parse_sized(json.ptr, (int)json.len);
	if (jv_is_valid(*out))
		return 0;
	jv_free(*out);
	char *mended = mem_dup_len(json.ptr, json.len);
	jqtext_mend(mended, json.len);
	*out = jv_parse_sized(mended, (int)json.len);
	free(mended);
	if (jv_is_valid(*out))
		return 0;
	jv message = jv_invalid_get_msg(*out);
	struct buf words = BUF_INIT;
	if (jv_get_kind(message) == JV_KIND_STRING)
		buf_add_text(&words, jv_string_value(message));
	jv_free(message);
	err_set(err, ERR_INVALID, "libjq cannot read what it is to work on: %s", jqtext_words(&words));
	buf_release(&words);
	return -1;
}

/* The cached value of text, parsed anew when its version has changed; borrowed. */
static int parsed_get(struct parsed *c, uint64_t version, struct slice text, jv *out,
		      struct err *err)
{
	jv value;

	if (c->version != version) {
		if (parse(text, &value, err) < 0)
			return -1;
		parsed_drop(c);
		c->value = value;
		c->version = version;
	}
	*out = c->value;
	return 0;
}

/* One step's output, parsed: 1, 0 when it has not run, -1. */
static int step_get(struct program *p, struct scope *s, const char *name, jv *out, struct err *err)
{
	size_t len = strlen(name), i = 0;
	struct slice text;

	if (!scope_step_find(s, name, len, &text))
		return 0;
	while (i < p->n_steps && strcmp(p->steps[i].step, name) != 0)
		i++;
	if (i == p->n_steps) {
		p->steps = mem_resize(p->steps, ++p->n_steps, sizeof(*p->steps));
		p->steps[i] = (struct parsed){.step = mem_dup(name)};
	}
	return parsed_get(&p->steps[i], scope_step_version(s, name, len), text, out, err) < 0 ? -1 : 1;
}

/* .steps with the named steps alone: the outputs of all others are left unparsed. */
static int steps_object(struct program *p, const struct expr_use *use, struct scope *s, jv *out,
			struct err *err)
{
	jv steps = jv_object(), one;

	for (size_t i = 0; i < use->n_steps; i++) {
		int rc = step_get(p, s, use->steps[i], &one, err);
		if (rc < 0) {
			jv_free(steps);
			return -1;
		}
		if (rc)
			steps = jv_object_set(steps, jv_string(use->steps[i]), jv_copy(one));
	}
	*out = steps;
	return 0;
}

/* What the expression may see, as an object of the parts it uses; all when that is unsure. */
static int scope_object(struct program *p, const struct expr_use *use, struct scope *s, jv *out,
			struct err *err)
{
	jv object = jv_object(), value;
	bool named_steps = !use->unsure && !use->any_step;

	for (int i = 0; i < SCOPE_PARTS; i++) {
		enum scope_part part = (enum scope_part)i;
		int rc;
		if (!(use->parts >> i & 1) && (!use->unsure || part == SCOPE_BODY_BASE64))
			continue; /* base64 is only there where it is named */
		if (part == SCOPE_STEPS && named_steps) {
			rc = steps_object(p, use, s, &value, err);
		} else {
			struct slice text = scope_part(s, part);
			rc = parsed_get(&p->parts[i], scope_version(s, part), text, &value, err);
			if (rc == 0)
				value = jv_copy(value);
		}
		if (rc < 0) {
			jv_free(object);
			return err_within(err, ".%s: ", scope_part_name(part));
		}
		object = jv_object_set(object, jv_string(scope_part_name(part)), value);
	}
	*out = object;
	return 0;
}

/* libjq's message, which may be any value. */
static int complain(jv invalid, const struct expression *e, struct err *err)
{
	jv message = jv_invalid_get_msg(invalid);
	struct buf words = BUF_INIT;

	if (e->use.secrets) {
		/* The words may quote a value: what uses secrets is not repeated. */
		buf_add_text(&words, "it failed (libjq's words are withheld, since it uses $secrets)");
		jv_free(message);
	} else if (jv_get_kind(message) == JV_KIND_STRING) {
		buf_add_text(&words, jv_string_value(message));
		jv_free(message);
	} else {
		jv text = jv_dump_string(message, 0);
		buf_add_text(&words, jv_string_value(text));
		jv_free(text);
	}
	err_set(err, ERR_INVALID, "%s", jqtext_words(&words));
	buf_release(&words);
	return -1;
}

/* Takes the value; 1 and its text in out. */
static int add_result(jv value_take, struct buf *out, struct err *err)
{
	static const char cut[] = "<stripped: exceeds max depth>";
	jv text = jv_dump_string(value_take, 0);
	struct slice json = {jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text))};
	int rc = 1;

	/* libjq writes those words, bare, where it gives up printing: that is no JSON. */
	if (memmem(json.ptr, json.len, cut, sizeof(cut) - 1) && jsontext_check(json, 1024, NULL) < 0)
		rc = err_set(err, ERR_INVALID, "the result is nested deeper than 256 levels");
	else
		buf_add_slice(out, json);
	jv_free(text);
	return rc;
}

static int run(struct program *p, const struct expression *e, jv input_take, struct buf *out,
	       struct err *err)
{
	jq_start(p->jq, input_take, 0);
	jv first = jq_next(p->jq);
	if (!jv_is_valid(first)) {
		if (jv_invalid_has_msg(jv_copy(first)))
			return complain(first, e, err);
		jv_free(first);
		return 0;
	}
	jv second = jq_next(p->jq);
	if (jv_is_valid(second)) {
		jv_free(first);
		jv_free(second);
		return err_set(err, ERR_INVALID, "it gives more than one result; write [ ... ] for a list of "
			       "them, or first( ... )");
	}
	if (jv_invalid_has_msg(jv_copy(second))) {
		jv_free(first);
		return complain(second, e, err);
	}
	jv_free(second);
	return add_result(first, out, err);
}

int program_eval(struct program *p, int n, struct scope *s, const char *secrets, struct buf *out,
		 struct err *err)
{
	const struct expression *e = &p->list[n];
	char quote[EXPR_QUOTE_SIZE];
	jv object, hidden = jv_null();

	if (program_compile(p, err) < 0)
		return -1;
	int rc = scope_object(p, &e->use, s, &object, err);
	if (rc == 0 && e->use.secrets && secrets &&
	    parse((struct slice){secrets, strlen(secrets)}, &hidden, err) < 0) {
		jv_free(object);
		rc = -1;
	}
	if (rc == 0)
		rc = run(p, e, JV_ARRAY(jv_number(n), object, hidden), out, err);
	if (rc < 0)
		err_within(err, "{{ %s }}: ", expr_quote((struct slice){e->text, e->len}, quote));
	return rc;
}
