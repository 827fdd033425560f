/* SPDX-License-Identifier: MIT */
/* Which paths stand in an expression, and where. */
#include "flow/expr_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

/* Each path in words, with the byte its last term begins at; ~ stands before a guarded one. */
static void paths_are(const char *expression, const char *want)
{
	struct expr_paths paths;
	struct buf got = BUF_INIT;

	expr_paths_read((struct slice){expression, strlen(expression)}, &paths);
	for (size_t i = 0; i < paths.count; i++) {
		const struct expr_path *p = &paths.list[i];
		buf_addf(&got, "%s%s", i ? " " : "", p->guarded ? "~" : "");
		for (size_t k = 0; k < p->count; k++) {
			const struct expr_segment *g = &p->segments[k];
			if (g->kind == SEGMENT_KEY)
				buf_addf(&got, ".%s", g->key);
			else if (g->kind == SEGMENT_EACH)
				buf_add_text(&got, "[]");
			else
				buf_addf(&got, "[%lld]", (long long)g->index);
		}
		buf_addf(&got, "@%zu", p->at);
	}
	expr_paths_release(&paths);
	if (strcmp(got.ptr, want) != 0)
		fail_msg("%s has\n%s\nnot\n%s", expression, got.ptr, want);
	buf_release(&got);
}

static void plain_paths_are_found_in_order(void **state)
{
	(void)state;
	paths_are(".body.a + .query.b", ".body.a@0 .query.b@10");
	paths_are(".body[\"x-y\"].\"z\"[3][-1]?", ".body.x-y.z[3][-1]@0");
	paths_are("\"a \\(.body.n) b\"", ".body.n@5");
	paths_are(".[\"body\"].a", ".body.a@0");
	paths_are("{a: .body.b, c: [.item.d], query}", ".body.b@4 .item.d@17 .query@27");
	paths_are("if .body.a then .body.b else .body.c end", "~.body.a@3 .body.b@16 .body.c@29");
	paths_are("-.body.a", ".body.a@1");
	paths_are(".body.a # .body.b\n + .body.c", ".body.a@0 .body.c@21");
	paths_are("@base64 \"\\(.body.a)\"", ".body.a@11");
}

static void a_pipe_hands_the_path_on(void **state)
{
	(void)state;
	paths_are(".body | .a | .b", ".body.a.b@13");
	paths_are("[.body.items[] | .price * 2]", ".body.items[]@1 .body.items[].price@17");
	paths_are(".body.items | map(.price | tonumber) | add", ".body.items@0 .body.items[].price@18");
	paths_are(".body.items[] | select(.id == 3) | .price",
		  ".body.items[]@0 ~.body.items[].id@23 .body.items[].price@35");
	paths_are("(.body | .a).b", ".body.a@9 .body.a.b@12");
	paths_are(".body.a | {x: .b, y: (.c | length)}", ".body.a.b@14 .body.a.c@22");
	paths_are(".body.items | sum_by(.price)", ".body.items@0 .body.items[].price@21");
}

static void variables_stand_for_their_paths(void **state)
{
	(void)state;
	paths_are(".body.customer as $c | $c.name + $c.nick",
		  ".body.customer.name@23 .body.customer.nick@33");
	paths_are("reduce .body.items[] as $i (0; . + $i.price)",
		  ".body.items[]@7 .body.items[].price@35");
	paths_are("(.body.a + 1) as $n | $n.x", ".body.a@1");
	paths_are(".body.a as $x | .body.b + $x", ".body.b@16 .body.a@26");
	paths_are(".body.a as $x | .body.b as $x | $x.c", ".body.b.c@32");
	paths_are("$secrets.key + .body.a", ".body.a@15");
}

static void what_may_be_missing_is_marked(void **state)
{
	(void)state;
	paths_are(".body.a // .body.b", "~.body.a@0 .body.b@11");
	paths_are(".body.a == null or (.body.b | not)", "~.body.a@0 ~.body.b@20");
	paths_are("(.body.a | default(0)) + .body.c", "~.body.a@1 .body.c@25");
	paths_are(".body.a and .body.b > 3", "~.body.a@0 ~.body.b@12");
}

static void what_is_not_certain_is_left_out(void **state)
{
	(void)state;
	paths_are("def f: .body.a; f", "");
	paths_are(".body | keys | .a", ".body@0");
	paths_are("(.body.a + 1) | .b", ".body.a@1");
	paths_are(".body.a | test(\"x\") | .b", ".body.a@0");
	paths_are(".body[.query.name].price", ".body@0 .query.name@6");
	paths_are(".body[1:3].x", ".body@0");
	paths_are(".body[.query.k] | .x", ".body@0 .query.k@6");
	paths_are("[.body.a] | .b", ".body.a@1");
	paths_are(".body | with_entries(.value)", ".body@0");
	paths_are(".body.a | try error(\"x\") catch .b", ".body.a@0");
	paths_are("reduce .body.items[] as $i (0; .price)", ".body.items[]@7");
	paths_are(".nosuch.a + ..", "");
	paths_are("][", "");
	paths_are("", "");
}

static void deep_and_long_expressions_do_no_harm(void **state)
{
	struct buf text = BUF_INIT;
	struct expr_paths paths;

	(void)state;
	for (int i = 0; i < 90; i++)
		buf_add_char(&text, '(');
	buf_add_text(&text, ".body.a");
	for (int i = 0; i < 90; i++)
		buf_add_char(&text, ')');
	paths_are(text.ptr, "");
	buf_clear(&text);
	buf_add_text(&text, ".body");
	for (int i = 0; i < 20; i++)
		buf_add_text(&text, ".a");
	paths_are(text.ptr, "");
	buf_clear(&text);
	for (int i = 0; i < 100; i++)
		buf_addf(&text, "%s.body.a%d", i ? "+" : "", i);
	expr_paths_read(buf_slice(&text), &paths);
	assert_int_equal(paths.count, EXPR_PATHS_MAX);
	expr_paths_release(&paths);
	buf_release(&text);
}

static const char *const fragments[] = {
	".body", ".item", ".a", "[0]", "[]", "[", "]", "(", ")", "{", "}", "|", ",", ":", ";", "//", "==",
	"$x", "as", "if", "then", "elif", "else", "end", "reduce", "foreach", "try", "catch", "label",
	"map(", "select(", "default(", "\"\\(", "\"", "\"t\"", "@uri", "..", ".", "?", "-", "+", "|=", "and",
	"not", "[1:2]", "[.query.a]", ".\"b c\"", ".[\"d\"]", "#\n", "tonumber", "def", "null", "7",
};

/* Whatever stands there: each place lies in the text, and nothing is read beyond it. */
static void no_row_of_tokens_leads_astray(void **state)
{
	uint64_t seed = 20261123;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct buf text = BUF_INIT;
		struct expr_paths paths;
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		for (unsigned n = (unsigned)(seed >> 60) + 2; n; n--) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			buf_add_text(&text, fragments[(seed >> 33) % ARRAY_LEN(fragments)]);
			buf_add_text(&text, seed >> 63 ? " " : "");
		}
		char *exact = mem_new(text.len ? text.len : 1); /* a byte too far is one too many */
		memcpy(exact, text.ptr, text.len);
		expr_paths_read((struct slice){exact, text.len}, &paths);
		for (size_t i = 0; i < paths.count; i++) {
			assert_true(paths.list[i].at < text.len);
			for (size_t k = 0; k < paths.list[i].count; k++)
				assert_true(paths.list[i].segments[k].at < text.len);
		}
		expr_paths_release(&paths);
		free(exact);
		buf_release(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_paths_are_found_in_order),
		cmocka_unit_test(a_pipe_hands_the_path_on),
		cmocka_unit_test(variables_stand_for_their_paths),
		cmocka_unit_test(what_may_be_missing_is_marked),
		cmocka_unit_test(what_is_not_certain_is_left_out),
		cmocka_unit_test(deep_and_long_expressions_do_no_harm),
		cmocka_unit_test(no_row_of_tokens_leads_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
