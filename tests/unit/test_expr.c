/* SPDX-License-Identifier: MIT */
/* The text of expressions: holes, refused words, and what an expression uses. */
#include "flow/expr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct slice S(const char *text)
{
	return (struct slice){text, strlen(text)};
}

/* The pieces in one text: holes in <>, each with its column. */
static void splits(const char *text, const char *want)
{
	struct expr_split s = {.text = S(text)};
	struct expr_piece p;
	struct err err = {0};
	struct buf seen = BUF_INIT;
	int rc;

	while ((rc = expr_next(&s, &p, &err)) > 0)
		buf_addf(&seen, p.hole ? "%zu<%.*s>" : "%zu'%.*s'", p.column, (int)p.text.len,
				p.text.ptr);
	if (rc < 0)
		buf_addf(&seen, "! %s", err.text);
	if (strcmp(seen.ptr, want) != 0)
		fail_msg("%s split into %s, not %s", text, seen.ptr, want);
	buf_release(&seen);
}

static void a_string_falls_into_text_and_holes(void **state)
{
	(void)state;
	splits("", "");
	splits("plain } {", "1'plain } {'");
	splits("{{ .a }}", "1< .a >");
	splits("a{{.b}}c{{ .d }}", "1'a'2<.b>8'c'9< .d >");
	splits("{{.a}}{{.b}}", "1<.a>7<.b>");
	splits("\xC3\xBC {{.a}}", "1'\xC3\xBC '3<.a>");
	splits("a }} b", "1'a }} b'");
}

static void a_hole_ends_where_its_jq_ends(void **state)
{
	(void)state;
	splits("{{ {a:{b:.x}} }}", "1< {a:{b:.x}} >");
	splits("{{{a:{b:.x}}}}", "1<{a:{b:.x}}>");
	splits("{{ \"}}\" }}!", "1< \"}}\" >11'!'");
	splits("{{ \"\\\"}}\" }}", "1< \"\\\"}}\" >");
	splits("{{ \"a\\({b:\"}}\"})}}\" }}", "1< \"a\\({b:\"}}\"})}}\" >");
	splits("{{ .a # }}\n }}", "1< .a # }}\n >");
	splits("{{ [.a[] | {b}] }}", "1< [.a[] | {b}] >");
}

static void a_backslash_makes_the_braces_literal(void **state)
{
	(void)state;
	splits("\\{{", "1'{{'");
	splits("a \\{{ b }} {{ .c }}", "1'a '3'{{'6' b }} '12< .c >");
	splits("\\{{{ .a }}", "1'{{'4'{ .a }}'");
	splits("\\ \\{", "1'\\ \\{'");
}

static void a_hole_that_is_not_closed_is_named_by_its_column(void **state)
{
	(void)state;
	splits("ab {{ .a", "1'ab '! column 4: the hole that begins here is not closed by }}");
	splits("{{ .a # }}",
			"! column 1: the hole that begins here is not closed by }} (its comment goes on "
			     "to the end of the line)");
	splits("{{ (.a }}",
			"! column 1: in the hole that begins here, a } stands where ( was to be closed "
			    "by )");
	splits("{{ (.a", "! column 1: in the hole that begins here, a ( is not closed");
	splits("{{ \"a }}",
			"! column 1: in the hole that begins here, a string is not closed: \" is missing");
	splits("{{ 'a' }}",
			"! column 1: in the hole that begins here, jq has no strings in single quotes: "
			    "write \"...\"");
	splits("{{  }}", "! column 1: an empty hole; for a literal {{ write \\{{");
	splits("{{ # \n }}", "! column 1: an empty hole; for a literal {{ write \\{{");
	splits("{{ .a && .b }}",
			"! column 1: in the hole that begins here, & is no operator of jq: write and, "
				 "or, not");
}

/* What an expression uses, as one text: parts, then ?, step names, secrets. */
static void uses(const char *text, const char *want)
{
	struct expr_use u = {0};
	struct err err = {0};
	struct buf seen = BUF_INIT;

	if (expr_read(S(text), &u, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	for (int part = 0; part < SCOPE_PARTS; part++)
		if (u.parts >> part & 1)
			buf_addf(&seen, "%s ", scope_part_name((enum scope_part)part));
	if (u.unsure)
		buf_add_text(&seen, "? ");
	for (size_t i = 0; i < u.n_steps; i++)
		buf_addf(&seen, "/%s ", u.steps[i]);
	if (u.any_step)
		buf_add_text(&seen, "/* ");
	if (u.secrets)
		buf_add_text(&seen, "$ ");
	for (size_t i = 0; i < u.n_secrets; i++)
		buf_addf(&seen, "$%s ", u.secret_names[i]);
	if (strcmp(seen.ptr, want) != 0)
		fail_msg("%s uses %s, not %s", text, seen.ptr, want);
	buf_release(&seen);
	expr_use_release(&u);
}

static void the_parts_that_are_named_are_found(void **state)
{
	(void)state;
	uses(".body.id", "body ");
	uses(".body.headers + .query.body", "query body ");
	uses("[.body.items[] | .headers, .steps.x]", "body ");
	uses(".body | .query", "body ");
	uses(".body as $b | .query.x + $b", "query body ");
	uses(".body as {items: [$i]} | .headers", "headers body ");
	uses("if .body.a then .query.b elif .path.c then .item else .index end",
			"query path body item index ");
	uses("(.body | .a) // .event.id", "body event ");
	uses("{body, q: .query.a | .path, \"event\", (.path.k): 1}", "query path body event ");
	uses("\"x\\(.body.a | .query)\" + @base64 \"\\(.path)\"", "path body ");
	uses(".[\"body\"].x, .\"query\".y", "query body ");
	uses(".body[.query.i | tonumber]", "query body ");
	uses("first(.body.items[] | select(.id == 3)), now, empty", "body ");
	uses("try .body.x catch .", "body ");
	uses("try error(.body.x) catch {m: .message} | .query", "body ");
	uses("label $out | .body.a[] | if . then ., break $out else . end", "body ");
	uses("1", "");
	uses("$__loc__.line", "");
	uses("-.body.a * 2 >= 3", "body ");
	uses(".body.a?.b? // \"x\"", "body ");
}

static void reduce_and_foreach_see_their_own_input(void **state)
{
	(void)state;
	uses("reduce .body.items[] as $i (0; . + $i.q)", "body ");
	uses("reduce .body.items[] as [$a, {b: $c}] (.query.start; .x + $a) | .event",
			"query body ");
	uses("[foreach .body[] as $x (0; . + $x; [$x, .])]", "body ");
	uses("[limit(3; foreach (.body[] | .x) as $x ({}; .query = $x; .steps))]", "body ");
}

static void whoever_looks_at_the_whole_may_see_all(void **state)
{
	(void)state;
	uses(".", "? ");
	uses("..", "? ");
	uses(".[]", "? ");
	uses("keys", "? ");
	uses(". as $all | $all.body", "? ");
	uses("to_entries | map(.key)", "? ");
	uses("getpath([\"body\", \"a\"])", "? ");
	uses(".[\"bo\" + \"dy\"]", "? ");
	uses(".[\"body\", \"query\"]", "? ");
	uses("tojson", "? ");
	uses("@json", "? ");
	uses("select(.body.a) | .body.b", "body ? ");
	uses(".body.a |= . + 1 | .body", "body ? ");
	uses(".body.a = .query.b", "query body ? ");
	uses("def f: .a; .body | f", "? ");
	uses("first", "? ");
	uses("[.body, length]", "body ? ");
}

static void steps_and_secrets_are_named(void **state)
{
	(void)state;
	uses(".steps.a.status == 404 and .steps[\"x-y\"].ok", "steps /a /x-y ");
	uses(".steps.\"q r\".z + .steps?.a", "steps /q r /a ");
	uses(".steps | keys", "steps /* ");
	uses(".steps[.query.s]", "query steps /* ");
	uses(".steps.a + .steps.a", "steps /a ");
	uses("\"Bearer \\($secrets.crm)\"", "$ $crm ");
	uses("$secrets[\"a b\"] + $ secrets.\"c\"", "$ $a b $c ");
	uses("$secrets | keys", "$ ");
	uses("{$secrets}", "$ ");
}

static void refuses(const char *text, const char *want)
{
	struct expr_use u = {0};
	struct err err = {0};

	if (expr_read(S(text), &u, &err) == 0)
		fail_msg("%s was let through", text);
	if (!strstr(err.text, want))
		fail_msg("%s: \"%s\" has no \"%s\"", text, err.text, want);
}

static void each_refused_word_is_refused_as_a_call_and_fine_as_a_name(void **state)
{
	static const char *const words[] = {
		"env", "input", "inputs", "debug", "stderr", "input_filename", "input_line_number",
		"import",
		"include", "module", "modulemeta", "halt", "halt_error", "get_search_list",
		"get_jq_origin",
		"get_prog_origin",
	};
	static const char *const calls[] = {
		"%s", ".body | %s", "[1, %s]", "{a: %s}", "{(%s): 1}", "\"x\\(%s)\"",
		"\"a\\(\"b\\(%s)\")\"",
		".body.x|%s|.y", "first(%s)", "if %s then 1 else 2 end", "1 as $x|%s", "# c\n%s",
		"%s.x", "%s(1)",
		"{\"a\":1,b:%s}", "{\"k\\(%s)\":1}", "try %s", "-%s", ".body[%s]",
		"@base64 \"\\(%s)\"", "x::%s",
		"{%s :: 1, b: %s}", "def %s: 1; 2", ". %s",
	};
	static const char *const names[] = {
		".body.%s", ".body[\"%s\"]", "\"%s\"", "{%s: 1}", "{a: 1, %s: 2}", ".body | {%s}",
		".body | .%s",
		".body # %s\n", "1 as $%s | $%s", "{\"%s\": 1}", ".body as {%s: $x} | $x",
		".body.my_%s", "@%s \"x\"",
		".body | {%s, a: 1}", "\"\\\"%s\"",
	};
	char text[200];

	(void)state;
	for (size_t w = 0; w < ARRAY_LEN(words); w++) {
		for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
			snprintf(text, sizeof(text), calls[i], words[w], words[w]);
			refuses(text, "is not available to expressions");
		}
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			struct expr_use u = {0};
			struct err err = {0};
			snprintf(text, sizeof(text), names[i], words[w], words[w]);
			if (expr_read(S(text), &u, &err) < 0)
				fail_msg("%s: %s", text, err.text);
			expr_use_release(&u);
		}
	}
}

static void the_environment_is_out_of_reach(void **state)
{
	(void)state;
	refuses("$ENV", "$ENV is not available");
	refuses("$ENV.PATH", "$ENV is not available");
	refuses("$ ENV", "$ENV is not available");
	refuses("$ # x\n ENV", "$ENV is not available");
	refuses("{$ENV}", "$ENV is not available");
	refuses("\"\\($ENV)\"", "$ENV is not available");
	refuses("$__prog_args", "$__prog_args is not available");
	uses(".body.ENV, $__loc__, \"$ENV\"", "body ");
}

static void harmless_functions_stay_allowed(void **state)
{
	static const char *const good[] = {
		".body | getpath([\"a\"])", ".body.t | strptime(\"%Y\") | mktime | todate",
		"now | localtime",
		".body.x | ltrimstr(\"a\") | @uri", ".body | paths", "$__loc__",
		".body | splits(\"a\")",
		".body | walk(if type == \"object\" then del(.a) else . end)",
		"[.body[] | tojson | fromjson]",
		".body.a |= 1 | .body", ".body | [limit(2; .[])]", "def f(x): x * 2; .body | f(.a)",
		".body | . as [$a] ?// $a | $a", ".body | to_entries | map(select(.value != null))",
		".body | reduce .[] as $x (0; . + $x)", "[.body.a, .body.b] | any",
		".body.a // \"none\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct expr_use u = {0};
		struct err err = {0};
		if (expr_read(S(good[i]), &u, &err) < 0)
			fail_msg("%s: %s", good[i], err.text);
		expr_use_release(&u);
	}
}

static void a_name_with_hyphens_is_no_subtraction_by_mistake(void **state)
{
	(void)state;
	refuses(".headers.content-type", "write .headers[\"content-type\"]");
	refuses(".headers.x-request-id == \"a\"", "write .headers[\"x-request-id\"]");
	refuses(".steps.my-step.status", "write .steps[\"my-step\"]");
	refuses(".body.a[0].x-y", "write .body.a[0][\"x-y\"]");
	refuses(".body | .x-y", "write .[\"x-y\"]");
	refuses(".content-type", "write .[\"content-type\"]");
	refuses(".headers.x-2nd", "write .headers[\"x-2nd\"]");
	uses(".body.total - .body.paid", "body ");
	uses(".body.a-1", "body ");
	uses(".body.a-.body.b", "body ");
	uses(".body.a - length", "body ? ");
	uses(".headers[\"content-type\"]", "headers ");
}

static void a_part_that_does_not_exist_is_named_with_the_nearest(void **state)
{
	(void)state;
	refuses(".bdy.id", "there is no .bdy; did you mean \"body\"?");
	refuses("{body, foo}", "there is no .foo");
	refuses(".[\"header\"]", "there is no .header; did you mean \"headers\"?");
	refuses(".body.x as $x | .request.y", "there is no .request");
	uses(".body | .request.y", "body ");
	uses(".body | map(.request) | {request}", "body ");
}

static void brackets_ifs_and_strings_have_to_match(void **state)
{
	char deep[500];

	(void)state;
	refuses("", "there is no expression");
	refuses(" # nothing\n", "there is no expression");
	refuses(".body) | (.query", "a ) closes nothing");
	refuses("(.body]", "a ] stands where ( was to be closed by )");
	refuses("[.body", "a [ is not closed");
	refuses("\"a\\(.body\"", "is not closed");
	refuses("\"a", "a string is not closed");
	refuses("if .body then 1", "an if without its end");
	refuses("(if .body then 1)", "an if without its end");
	refuses("1 end", "end without an if");
	refuses("$", "a $ stands without a name");
	refuses(".body ~ 1", "~ is no operator of jq");
	refuses(".body \x01", "a byte that jq does not know");
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	refuses(deep, "nested deeper than 100 levels");
}

static void comments_are_taken_out(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{".a # b\n| .c", ".a  \n| .c"}, {"# x\n# y\n.a", " \n.a"}, {".a # \\\n.b",
		".a  \n.b"},
		{"\"# no\" # yes", "\"# no\"  "}, {"\"\\(1 # in\n)#\"", "\"\\(1  \n)#\""}, {".a",
		".a"},
		{"$ # c\n x # d", "$  \n x  "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT;
		expr_clean(S(cases[i].text), &out);
		assert_string_equal(out.ptr, cases[i].want);
		buf_release(&out);
	}
}

static void a_quote_is_one_short_line(void **state)
{
	char out[EXPR_QUOTE_SIZE], text[200];

	(void)state;
	assert_string_equal(expr_quote(S("  .a\n| .b "), out), ".a | .b");
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "\xC3\xBC", 2);
	for (size_t shift = 0; shift < 2; shift++) {
		expr_quote((struct slice){text + shift, sizeof(text) - shift}, out);
		assert_true(strlen(out) < EXPR_QUOTE_SIZE);
		assert_string_equal(out + strlen(out) - 3, "...");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_string_falls_into_text_and_holes),
		cmocka_unit_test(a_hole_ends_where_its_jq_ends),
		cmocka_unit_test(a_backslash_makes_the_braces_literal),
		cmocka_unit_test(a_hole_that_is_not_closed_is_named_by_its_column),
		cmocka_unit_test(the_parts_that_are_named_are_found),
		cmocka_unit_test(reduce_and_foreach_see_their_own_input),
		cmocka_unit_test(whoever_looks_at_the_whole_may_see_all),
		cmocka_unit_test(steps_and_secrets_are_named),
		cmocka_unit_test(each_refused_word_is_refused_as_a_call_and_fine_as_a_name),
		cmocka_unit_test(the_environment_is_out_of_reach),
		cmocka_unit_test(harmless_functions_stay_allowed),
		cmocka_unit_test(a_name_with_hyphens_is_no_subtraction_by_mistake),
		cmocka_unit_test(a_part_that_does_not_exist_is_named_with_the_nearest),
		cmocka_unit_test(brackets_ifs_and_strings_have_to_match),
		cmocka_unit_test(comments_are_taken_out),
		cmocka_unit_test(a_quote_is_one_short_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
