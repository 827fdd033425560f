/* SPDX-License-Identifier: MIT */
/* The plain path and libjq agree: random documents, random paths, one answer. */
#include "flow/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/jq.h"

static struct scope_event event = {
	.id = 42, .received_at = 1795442531123, .method = "POST", .path = "/in/orders/7",
	.query = "q=1",
	.headers = "[[\"Content-Type\",\"application/json\"]]", .suffix = "/orders/{id}",
	.remote = "192.0.2.1", .trigger = "arrival", .run = 1, .attempt = 1,
};

static struct scope *scope_of(const char *body)
{
	event.body = (struct slice){body, strlen(body)};
	return scope_new(&event);
}

static int add(struct program *p, const char *expression)
{
	struct err err = {0};
	int n = program_add(p, (struct slice){expression, strlen(expression)}, &err);

	if (n < 0)
		fail_msg("%s: %s", expression, err.text);
	return n;
}

static uint64_t seed;

static unsigned below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 20) % n);
}

#define PICK(list) (list)[below(ARRAY_LEN(list))]

/* The keys, each as it may stand in a document, twice the same among them. */
static const char *const doc_keys[] = {
	"a", "\\u0061", "b", "a b", "x-y", "", "and", "\xC3\xBC", "\\u00fC", "\\\"", "\\u0022", "0",
	"\\ud83d\\ude00", "\xF0\x9F\x98\x80", "a\\u0000", "\\\\", "A", "\\n", "aa",
};
static const char *const path_keys[] = {
	".a", ".a", ".b", ".and", ".aa", ".A", "[\"a\"]", ".\"a\"", "[\"\\u0061\"]", "[\"x-y\"]",
	"[\"a b\"]",
	"[\"\"]", "[\"\xC3\xBC\"]", "[\"\\\"\"]", ".\"\\u00fc\"", "[\"0\"]", "[\"\\ud83d\\ude00\"]",
	"[\"a\\u0000\"]", "[\"\\\\\"]", "[\"\\n\"]", "[0]", "[0]", "[1]", "[-1]", "[-2]", "[2]",
	"[007]", "[-0]",
};
static const char *const scalars[] = {
	"null", "true", "false", "0", "-0", "1.0", "820982911946154508", "0.1000000000000000055",
	"1e400",
	"-1E-400", "123456789012345678901234567890", "\"\"", "\"\\ud800\"", "\"\\udc00\\ud800x\"",
	"\"\\u0000\"",
	"\"gr\xC3\xBC\xC3\x9F \\\"}]{[,:\\\\\"", "\"\\ud83d\\ude00\"", "\"\\/\"", "\"\x7F\"",
	"5e-324",
};

static void random_space(struct buf *out)
{
	static const char *const spaces[] = {"", "", "", " ", "\n\t", "\r"};

	buf_add_text(out, PICK(spaces));
}

static void random_value(struct buf *out, int depth)
{
	unsigned what = below(depth > 5 ? 3 : 10), count = below(5);

	random_space(out);
	if (what < 3) {
		buf_add_text(out, PICK(scalars));
	} else if (what < 6) {
		buf_add_char(out, '[');
		for (unsigned i = 0; i < count; i++) {
			if (i)
				buf_add_char(out, ',');
			random_value(out, depth + 1);
		}
		random_space(out);
		buf_add_char(out, ']');
	} else {
		buf_add_char(out, '{');
		for (unsigned i = 0; i < count + 2; i++) {
			if (i)
				buf_add_char(out, ',');
			random_space(out);
			buf_addf(out, "\"%s\"", i < 2 ? i ? "a" : "b" : PICK(doc_keys));
			random_space(out);
			buf_add_char(out, ':');
			random_value(out, depth + 1);
		}
		random_space(out);
		buf_add_char(out, '}');
	}
	random_space(out);
}

static char *random_path(void)
{
	struct buf out = BUF_INIT;

	buf_add_text(&out, below(4) ? ".body" : ".[\"body\"]");
	for (unsigned i = 1 + below(5); i; i--) {
		buf_add_text(&out, PICK(path_keys));
		if (below(8) == 0)
			buf_add_char(&out, '?');
	}
	return buf_take(&out);
}

struct both {
	char *text;
	struct path *path;
	int n;
};

/* The plain path's result and libjq's, each read and printed by libjq, are the same. */
static void agree(struct program *p, const struct both *b, int item, struct scope *s)
{
	struct err plain_err = {0}, jq_err = {0};
	struct buf plain = BUF_INIT, jq = BUF_INIT;
	struct slice cut;
	int plain_rc = path_cut(b->path, s, &cut, &plain_err);
	int jq_rc = program_eval(p, b->n, s, NULL, &jq, &jq_err);

	if (plain_rc > 0) {
		scope_item_set(s, cut, 0);
		assert_int_equal(program_eval(p, item, s, NULL, &plain, NULL), 1);
	} else if (plain_rc < 0) {
		buf_addf(&plain, "{{ %s }}: %s", b->text, plain_err.text);
	}
	if (plain_rc != jq_rc || strcmp(plain.ptr, jq_rc < 0 ? jq_err.text : jq.ptr) != 0) {
		struct slice body = scope_part(s, SCOPE_BODY);
		fail_msg("%s on %.*s\npath: %d %s\njq: %d %s%s", b->text, (int)body.len, body.ptr,
				plain_rc,
			 plain.ptr, jq_rc, jq.ptr, jq_err.text);
	}
	buf_release(&plain);
	buf_release(&jq);
}

static void plain_paths_and_libjq_agree_on_random_cases(void **state)
{
	bool slow = getenv("VALGRIND") != NULL;
	int paths = slow ? 20 : 200, documents = slow ? 25 : 500, errors = 0, values = 0;
	struct both *list = mem_array((size_t)paths, sizeof(*list));
	struct program *p = program_new();

	(void)state;
	seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) : (uint64_t)clock_wall_ms();
	print_message("SEED=%llu\n", (unsigned long long)seed);
	for (int i = 0; i < paths; i++) {
		list[i].text = random_path();
		list[i].path = path_parse((struct slice){list[i].text, strlen(list[i].text)});
		if (!list[i].path)
			fail_msg("%s is no plain path", list[i].text);
		list[i].n = add(p, list[i].text);
	}
	int item = add(p, ".item");
	for (int d = 0; d < documents; d++) {
		struct buf body = BUF_INIT;
		struct slice cut;
		random_value(&body, 0);
		struct scope *s = scope_of(body.ptr);
		for (int i = 0; i < paths; i++) {
			agree(p, &list[i], item, s);
			int rc = path_cut(list[i].path, s, &cut, NULL);
			errors += rc < 0;
			values += rc > 0 && jsontext_kind(cut) != JSONTEXT_NULL;
		}
		scope_free(s);
		buf_release(&body);
	}
	/* The dice must not have missed the point. */
	assert_true(errors > paths * documents / 50);
	assert_true(values > paths * documents / 50);
	for (int i = 0; i < paths; i++) {
		path_free(list[i].path);
		free(list[i].text);
	}
	free(list);
	program_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_paths_and_libjq_agree_on_random_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
