/* SPDX-License-Identifier: MIT */
/* The functions beyond jq's own: every example of their table, and what each refuses. */
#include "flow/functions.h"

#include "common/mem.h"
#include "flow/expr.h"
#include "flow/jq.h"
#include "tests/unit/read_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct scope_event event = {
	.id = 42, .received_at = 1795442531123, .method = "POST", .path = "/in/orders", .query = "",
	.headers = "[[\"Content-Type\",\"application/json\"]]", .suffix = "/orders",
	.remote = "192.0.2.1", .trigger = "arrival", .run = 1, .attempt = 1,
	.body = {"{\"name\":\"Ada\",\"when\":\"2026-03-29T00:30:00Z\"}", 45},
};

/* What the expression gives, or its error; the caller's to free. */
static char *evaluate(const char *expression)
{
	struct program *p = program_new();
	struct scope *s = scope_new(&event);
	struct buf out = BUF_INIT;
	struct err err = {0};

	event.body.len = strlen(event.body.ptr);
	int n = program_add(p, (struct slice){expression, strlen(expression)}, &err);
	if (n < 0 || program_eval(p, n, s, NULL, &out, &err) < 0) {
		buf_clear(&out);
		buf_add_text(&out, err.text);
	}
	scope_free(s);
	program_free(p);
	return buf_take(&out);
}

static void gives(const char *expression, const char *want)
{
	char *got = evaluate(expression);

	if (strcmp(got, want) != 0)
		fail_msg("%s\n  gives %s\n    not %s", expression, got, want);
	free(got);
}

static void says(const char *expression, const char *words)
{
	char *got = evaluate(expression);

	if (!strstr(got, words))
		fail_msg("%s\n  says %s\n   not %s", expression, got, words);
	free(got);
}

static void every_example_of_the_table_gives_what_it_says(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct function *f = functions_table; f->name; f++, count++) {
		assert_true(f->text && f->example && (f->call || f->jq) && !(f->call && f->jq));
		assert_non_null(strstr(f->example, f->name));
		if (f->gives)
			gives(f->example, f->gives);
		else
			says(f->example, "20");
	}
	assert_in_range(count, 20, 64);
}

/* ringbolt flow functions --markdown prints the rows of the manual; here only that none is missing. */
static void the_manual_has_every_function(void **state)
{
	char *manual = read_file("docs/flow.md");

	(void)state;
	assert_non_null(manual);
	for (const struct function *f = functions_table; f->name; f++) {
		char *row = mem_format("\n| `%s%s", f->name, *f->args ? "(" : "` |");
		if (!strstr(manual, row) || !strstr(manual, f->text))
			fail_msg("docs/flow.md lacks %s, or its sentence: ringbolt flow functions --markdown",
				 f->name);
		free(row);
	}
	free(manual);
}

static void they_stand_anywhere_in_an_expression(void **state)
{
	(void)state;
	gives("[\"a\", \"b\"] | map(hex)", "[\"61\",\"62\"]");
	gives("\"a\" | [digest(\"md5\", \"sha1\") | length]", "[32,40]"); /* as jq's own: one each */
	gives("[\"x\" | digest(empty)]", "[]");
	gives("def slug: \"mine\"; .body.name | slug", "\"mine\"");
	gives("try (1 | sha256) catch \"caught\"", "\"caught\"");
	gives("[limit(2; (\"a\", \"b\", \"c\") | hex)]", "[\"61\",\"62\"]");
	gives("{default: 1, hex: 2} | .default + .hex", "3");
	gives(".body | {name: (.name | slug), same: (.name | slug == \"ada\")}", "{\"name\":\"ada\",\"same\":true}");
	gives("reduce (\"a\", \"b\") as $x (\"\"; . + $x | hex)", "\"363162\"");
	gives(".body | .name as $n | header(\"CONTENT-type\") + $n", "\"application/jsonAda\"");
}

static void they_cost_nothing_where_they_are_not_used(void **state)
{
	struct buf none = BUF_INIT, one = BUF_INIT;
	struct expr_use use;
	struct err err;

	(void)state;
	functions_prelude(0, &none);
	assert_int_equal(none.len, 0);
	assert_int_equal(expr_read((struct slice){".body.sha256", 12}, &use, &err), 0);
	assert_int_equal(use.functions, 0);
	expr_use_release(&use);
	assert_int_equal(expr_read((struct slice){"header(\"A\")", 11}, &use, &err), 0);
	assert_int_equal(use.parts, 1u << SCOPE_HEADERS);
	assert_false(use.unsure);
	functions_prelude(use.functions, &one);
	assert_in_range(one.len, 1, 100);
	expr_use_release(&use);
	buf_release(&none);
	buf_release(&one);
}

static void dates_know_their_zone(void **state)
{
	(void)state;
	/* Clocks in Berlin went from 2 to 3 on this day. */
	gives(".body.when | date_format(\"%H:%M %Z\"; \"Europe/Berlin\")", "\"01:30 CET\"");
	gives(".body.when | date_add(1; \"hours\") | date_format(\"%H:%M %Z\"; \"Europe/Berlin\")",
	      "\"03:30 CEST\"");
	gives("\"2026-03-28T12:00\" | date_parse(null; \"Europe/Berlin\") | date_add(1; \"day\"; "
	      "\"Europe/Berlin\") | date_format(\"iso\"; \"Europe/Berlin\")",
	      "\"2026-03-29T12:00:00+02:00\"");
	gives("0 | date_format(\"iso\")", "\"1970-01-01T00:00:00Z\"");
	gives("1782891000123 | date_format(\"iso\"; \"+05:30\")", "\"2026-07-01T13:00:00+05:30\"");
	gives("0 | date_format(\"http\"; \"Asia/Tokyo\")", "\"Thu, 01 Jan 1970 00:00:00 GMT\"");
	gives("\"Wed, 01 Jul 2026 09:30:00 +0200\" | date_parse", "1782891000");
	gives("\"2026-07-01T07:30:00.250Z\" | date_parse", "1782891000.25");
	gives("\"01/07/2026\" | date_parse(\"%d/%m/%Y\") | date_format(\"%F\")", "\"2026-07-01\"");
	gives("\"2024-02-29\" | date_add(1; \"years\") | date_format(\"%F\")", "\"2025-02-28\"");
	gives("\"2026-01-15\" | date_add(-2; \"months\") | date_format(\"%F\")", "\"2025-11-15\"");
	gives("-1.5 | date_add(0; \"seconds\")", "-1.5");
	gives("now | date_format(\"%Y\") | tonumber > 2020", "true");
	assert_null(getenv("TZ"));
}

static void a_function_says_what_it_cannot_do(void **state)
{
	(void)state;
	says("0 | date_format(\"%F\"; \"Europe/Berlim\")", "date_format: there is no time zone \"Europe/Berlim\"");
	says("0 | date_format(\"%F\"; \"../../etc/passwd\")", "there is no time zone");
	says("0 | date_format(\"%F\"; \"zone.tab\")", "there is no time zone");
	says("0 | date_format(\"\")", "gives nothing");
	says("\"2026-02-30\" | date_parse", "\"2026-02-30\" is no date; known are 2026-07-01");
	says("\"soon\" | date_parse(\"%F\")", "\"soon\" is no date as \"%F\" describes it");
	says("{} | date_parse", "the date must be text, not object");
	says("1e300 | date_format(\"iso\")", "no date between the years 1 and 9999");
	says("0 | date_add(1; \"fortnights\")", "say seconds, minutes");
	says("0 | date_add(0.5; \"days\")", "a whole number of days");
	says("0 | date_add(9e9; \"hours\")", "no date between");
	says(".body | sha256", "sha256: what it works on must be text, not object (tojson");
	says("null | md5", "md5: what it works on must be text, not null");
	says("\"a\" | hmac_sha256(\"\")", "the key is empty");
	says("\"a\" | hmac_sha256(1)", "the key must be text, not number");
	says("\"a\" | digest(\"crc\")", "there is no algorithm \"crc\"");
	says("\"a\" | sha256(\"ascii\")", "there is no encoding \"ascii\"");
	says("\"%%\" | base64_decode", "that is not base64");
	says("\"/w==\" | base64_decode", "is not text (UTF-8)");
	says("\"0g\" | hex_decode", "that is not hexadecimal");
	says("\"x.example/a\" | url_parts", "is no URL: it must begin with a scheme");
	says("\"http://x:y/\" | url_parts", "its port is not a number");
	says("[1] | query_string", "it takes an object, not array");
	says("{} | url_encode", "query_string takes an object");
	says("\"a\" | sha256(1; 2)", "sha256/2 is not defined");
	says("debug", "debug is not available");
	says("input", "input is not available");
}

static void odd_texts_come_through(void **state)
{
	(void)state;
	gives("\"\" | sha256(\"base64url\")", "\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\"");
	gives("\"a\\u0000b\" | base64 | base64_decode", "\"a\\u0000b\"");
	gives("\"😀 ÉCOLE d'été o'neill\" | title_case", "\"😀 École D'été O'neill\"");
	gives("\"  Straße № 5 — Łódź/œuvre \" | slug", "\"strasse-5-lodz-oeuvre\"");
	gives("\"日本\" | slug", "\"\"");
	gives("\"😀😀😀\" | truncate(2)", "\"😀😀\"");
	gives("\"abc\" | truncate(1; \"...\")", "\"...\"");
	gives("\"http://u:p@[::1]:080?x\" | url_parts | [.user, .host, .port, .path, .query]",
	      "[\"u:p\",\"[::1]\",80,\"\",{\"x\":\"\"}]");
	gives("[3, -2.345, 0, 1e20] | map(round_to(2))", "[3,-2.35,0,1e+20]");
	gives("{} | query_string", "\"\"");
	gives("[] | [sum_by(.), first_item, join_text(\",\")]", "[0,null,\"\"]");
	gives("[false, 0, \"\", null] | map(default(1))", "[false,0,1,1]");
	says("[uuid, uuid] | unique | length", "2");
	gives("uuid(\"a\") == uuid(\"b\")", "false");
	gives("[uuid(\"a\"), uuid] | map(length)", "[36,36]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_of_the_table_gives_what_it_says),
		cmocka_unit_test(the_manual_has_every_function),
		cmocka_unit_test(they_stand_anywhere_in_an_expression),
		cmocka_unit_test(they_cost_nothing_where_they_are_not_used),
		cmocka_unit_test(dates_know_their_zone),
		cmocka_unit_test(a_function_says_what_it_cannot_do),
		cmocka_unit_test(odd_texts_come_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
