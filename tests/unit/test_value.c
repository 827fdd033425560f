/* SPDX-License-Identifier: MIT */
/* Values with holes: types kept, text made, and what each mistake says. */
#include "flow/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

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

static const char secrets[] = "{\"crm\":\"s3cret\",\"n\":\"x\"}";
static const char body[] =
	"{\"id\": 820982911946154508, \"email\": \"jon@example.com\", \"price\": 1.10, \"none\": null,\n"
	" \"items\": [ {\"sku\": \"A-1\", \"q\": 2}, {\"sku\": \"B-2\", \"q\": 1} ], \"evil\": \"{{ .body.id }}\","
	" \"flag\": false}";

enum what { AS_JSON, AS_TEXT, AS_TRUTH };

/* The value's outcome as one text: its bytes, "(empty)", or "! " and the sentence. */
static char *outcome(const char *doc, enum what what)
{
	struct err err = {0};
	struct buf out = BUF_INIT;
	struct program *program = program_new();
	struct scope *s = scope_of(body);
	cJSON *node = json_parse(doc, strlen(doc), &err);
	int rc = -1;

	if (!node)
		fail_msg("%s: %s", doc, err.text);
	struct value *v = value_compile(node, program, VALUE_SECRETS, &err);
	cJSON_Delete(node);
	scope_step_set(s, "customer", (struct slice){"{\"status\":404}", 14});
	buf_add_text(&out, "before ");
	if (v && what == AS_JSON)
		rc = value_json(v, s, secrets, &out, &err);
	else if (v && what == AS_TEXT)
		rc = value_text(v, s, secrets, &out, &err);
	else if (v)
		rc = value_truth(v, s, &err);
	if (what == AS_TRUTH && rc >= 0)
		buf_add_text(&out, rc ? "true" : "false");
	else if (rc <= 0)
		assert_string_equal(out.ptr, "before "); /* nothing half written */
	if (rc < 0)
		buf_addf(&out, "! %s", err.text);
	else if (rc == 0 && what != AS_TRUTH)
		buf_add_text(&out, "(empty)");
	value_free(v);
	scope_free(s);
	program_free(program);
	char *text = buf_take(&out);
	memmove(text, text + 7, strlen(text + 7) + 1);
	return text;
}

static void gives(const char *doc, enum what what, const char *want)
{
	char *got = outcome(doc, what);

	if (strcmp(got, want) != 0)
		fail_msg("%s gave\n%s\nnot\n%s", doc, got, want);
	free(got);
}

static void one_expression_alone_keeps_its_type(void **state)
{
	(void)state;
	gives("\"{{ .body.items[0].q }}\"", AS_JSON, "2");
	gives("\"{{ .body.items[0].q + 1 }}\"", AS_JSON, "3");
	gives("\"{{ .body.flag }}\"", AS_JSON, "false");
	gives("\"{{ .body.flag | not }}\"", AS_JSON, "true");
	gives("\"{{ .body.email }}\"", AS_JSON, "\"jon@example.com\"");
	gives("\"{{ .body.items | map(.q) }}\"", AS_JSON, "[2,1]");
	gives("\"{{ .body.nope }}\"", AS_JSON, "null");
	gives("\"{{ .steps.customer.status == 404 }}\"", AS_JSON, "true");
	gives("\"{{ {a:{b:.body.flag}} }}\"", AS_JSON, "{\"a\":{\"b\":false}}");
}

static void text_around_an_expression_makes_text(void **state)
{
	(void)state;
	gives("\"n {{ .body.items[0].q }}\"", AS_JSON, "\"n 2\"");
	gives("\" {{ .body.items[0].q }}\"", AS_JSON, "\" 2\"");
	gives("\"{{ .body.items[0].q }}{{ .body.items[1].q }}\"", AS_JSON, "\"21\"");
	gives("\"a \\\"{{ .body.items[0] }}\\\" b\"", AS_JSON,
			"\"a \\\"{\\\"sku\\\":\\\"A-1\\\",\\\"q\\\":2}\\\" b\"");
	gives("\"x{{ .body.none }}y{{ .body.nope }}\"", AS_JSON, "\"xnullynull\"");
	gives("\"{{ .body.email | @uri }}?\"", AS_TEXT, "jon%40example.com?");
}

static void numbers_pass_unchanged_through_paths_trees_and_constants(void **state)
{
	(void)state;
	gives("\"{{ .body.id }}\"", AS_JSON, "820982911946154508");
	gives("{\"a\":[\"{{ .body.id }}\"]}", AS_JSON, "{\"a\":[820982911946154508]}");
	gives("\"id {{ .body.id }} {{ .body.price }}\"", AS_TEXT, "id 820982911946154508 1.10");
	gives("{\"n\":820982911946154508,\"m\":[1.0,1e400]}", AS_JSON,
	      "{\"n\":820982911946154508,\"m\":[1.0,1e400]}");
	gives("{\"n\":820982911946154508,\"q\":\"{{ .body.items[0].q }}\"}", AS_JSON,
	      "{\"n\":820982911946154508,\"q\":2}");
}

static void empty_leaves_the_member_or_item_out(void **state)
{
	(void)state;
	gives("{\"a\":1,\"b\":\"{{ empty }}\",\"c\":\"{{ .body.flag }}\"}", AS_JSON,
			"{\"a\":1,\"c\":false}");
	gives("{\"b\":\"{{ empty }}\",\"c\":[\"{{ empty }}\"]}", AS_JSON, "{\"c\":[]}");
	gives("[\"{{ empty }}\",1,\"x{{ empty }}\",2,\"{{ empty }}\"]", AS_JSON, "[1,2]");
	gives("\"{{ empty }}\"", AS_JSON, "(empty)");
	gives("\"x{{ empty }}\"", AS_TEXT, "(empty)");
	gives("\"{{ .body.flag.x? }}\"", AS_JSON, "(empty)");
}

static void two_results_are_an_error_that_names_the_expression(void **state)
{
	(void)state;
	gives("\"{{ .body.items[].q }}\"", AS_JSON,
	      "! {{ .body.items[].q }}: it gives more than one result; write [ ... ] for a list of them, or "
	      "first( ... )");
	gives("{\"a\":\"{{ empty }}\",\"b\":\"{{ 1, 2 }}\"}", AS_JSON,
	      "! .b: {{ 1, 2 }}: it gives more than one result; write [ ... ] for a list of them, or first( ... )");
}

static void what_a_hole_yields_is_never_evaluated_again(void **state)
{
	(void)state;
	gives("\"{{ .body.evil }}\"", AS_JSON, "\"{{ .body.id }}\"");
	gives("\"x {{ .body.evil }}\"", AS_TEXT, "x {{ .body.id }}");
	gives("\"{{ .body.evil + \\\"{{ . }}\\\" }}\"", AS_JSON, "\"{{ .body.id }}{{ . }}\"");
}

static void braces_may_be_literal(void **state)
{
	(void)state;
	gives("\"\\\\{{ .body.id }}\"", AS_JSON, "\"{{ .body.id }}\"");
	gives("\"\\\\{{ {{ .body.flag }}\"", AS_TEXT, "{{ false");
	gives("[\"\\\\{{\", 1]", AS_JSON, "[\"{{\",1]");
}

static void keys_are_never_expressions(void **state)
{
	(void)state;
	gives("{\"{{ .body.id }}\":\"{{ .body.flag }}\",\"a\\\"b\":1}", AS_JSON,
	      "{\"{{ .body.id }}\":false,\"a\\\"b\":1}");
}

static void text_of_each_kind(void **state)
{
	(void)state;
	gives("\"a\\\"b\"", AS_TEXT, "a\"b");
	gives("null", AS_TEXT, "null");
	gives("1.50", AS_TEXT, "1.50");
	gives("\"{{ .body.none }}\"", AS_TEXT, "null");
	gives("\"{{ .body.items }}\"", AS_TEXT,
			"[{\"sku\":\"A-1\",\"q\":2},{\"sku\":\"B-2\",\"q\":1}]");
	gives("{\"a\": [\"{{ .body.items[1] }}\"]}", AS_TEXT,
			"{\"a\":[{\"sku\":\"B-2\",\"q\":1}]}");
	gives("\"{{ .body.email }}\"", AS_TEXT, "jon@example.com");
}

static void truth_is_as_in_jq(void **state)
{
	static const char *const is_true[] = {"0", "\"\"", "\"{{ .body.items }}\"", "[]",
			"\"{{ 0 }}\"",
					      "\"false {{ .body.flag }}\"", "true"};
	static const char *const is_false[] = {"false", "null", "\"{{ .body.flag }}\"",
			"\"{{ .body.nope }}\"",
					       "\"{{ empty }}\"", "\"{{ 1 > 2 }}\""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(is_true); i++)
		gives(is_true[i], AS_TRUTH, "true");
	for (size_t i = 0; i < ARRAY_LEN(is_false); i++)
		gives(is_false[i], AS_TRUTH, "false");
	gives("\"{{ .body.flag.x }}\"", AS_TRUTH,
			"! {{ .body.flag.x }}: Cannot index boolean with \"x\"; column 4: .body.flag is boolean (false)");
}

static void a_mistake_in_a_tree_is_named_by_place_column_and_expression(void **state)
{
	(void)state;
	gives("\"ab {{ env }}\"", AS_JSON,
	      "! column 4, {{ env }}: env is not available to expressions (as a field write .env)");
	gives("{\"a\":[1,{\"b\":\"{{ $ENV }}\"}]}", AS_JSON,
	      "! /a/1/b: column 1, {{ $ENV }}: $ENV is not available to expressions");
	gives("[\"{{ .headers.content-type }}\"]", AS_JSON,
	      "! /0: column 1, {{ .headers.content-type }}: .headers.content-type is a subtraction in jq; for "
	      "the name with hyphens write .headers[\"content-type\"] (or put spaces around the minus)");
	gives("\"{{ .body.id\"", AS_JSON,
			"! column 1: the hole that begins here is not closed by }}");
}

static void a_body_with_a_fault_explains_the_mistake(void **state)
{
	struct program *program = program_new();
	struct scope *s = scope_of("{\"a\":1,}");
	struct buf out = BUF_INIT;
	struct err err = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		cJSON *node = cJSON_CreateString(i ? "{{ .body | .a }}" : "{{ .body.a }}");
		struct value *v = value_compile(node, program, 0, &err);
		assert_int_equal(value_json(v, s, NULL, &out, &err), -1);
		assert_non_null(strstr(err.text,
				"Cannot index string with \"a\" (.body is text here, since it is not "
						 "JSON at byte 7: a key in quotes was expected)"));
		value_free(v);
		cJSON_Delete(node);
	}
	buf_release(&out);
	scope_free(s);
	program_free(program);
}

static void secrets_are_only_where_they_are_allowed(void **state)
{
	struct program *program = program_new();
	struct err err = {0};
	cJSON *node = cJSON_CreateString("Bearer {{ $secrets.crm }}");

	(void)state;
	gives("\"Bearer {{ $secrets.crm }}\"", AS_TEXT, "Bearer s3cret");
	gives("\"{{ \\\"u:\\\" + $secrets.crm | @base64 }}\"", AS_TEXT, "dTpzM2NyZXQ=");
	gives("\"{{ .body | {a: .flag, b: $secrets[\\\"crm\\\"]} }}\"", AS_JSON,
			"{\"a\":false,\"b\":\"s3cret\"}");
	assert_null(value_compile(node, program, 0, &err));
	assert_int_equal(err.kind, ERR_DENIED);
	cJSON_Delete(node);
	program_free(program);
}

static void a_secret_that_is_missing_or_misused_says_no_secret(void **state)
{
	(void)state;
	gives("\"{{ $secrets.zz }}\"", AS_TEXT, "! there is no secret \"zz\"");
	gives("\"{{ $secrets.zz | @base64 }}\"", AS_TEXT, "! there is no secret \"zz\"");
	gives("\"{{ $secrets.crm | tonumber }}\"", AS_TEXT,
	      "! {{ $secrets.crm | tonumber }}: it failed (libjq's words are withheld, since it uses $secrets)");
}

static void plain_values_need_no_program(void **state)
{
	struct scope *s = scope_of(body);
	struct buf out = BUF_INIT;
	struct err err = {0};
	cJSON *node = cJSON_CreateString("{{ .body.id }}-{{ .path.id }}"),
			*more = cJSON_CreateString("{{ 1 + 1 }}");
	struct value *v = value_compile(node, NULL, VALUE_PLAIN, &err);

	(void)state;
	assert_non_null(v);
	assert_int_equal(value_text(v, s, NULL, &out, &err), 1);
	assert_string_equal(out.ptr, "820982911946154508-7");
	assert_false(value_is_constant(v));
	assert_null(value_compile(more, NULL, VALUE_PLAIN, &err));
	assert_non_null(strstr(err.text, "only a plain path may stand here"));
	value_free(v);
	cJSON_Delete(node);
	cJSON_Delete(more);
	buf_release(&out);
	scope_free(s);
}

static void note_use(void *arg, const struct value_use *use)
{
	buf_addf(arg, "%s%s%s ", scope_part_name(use->part), use->step ? "/" : "",
			use->step ? use->step : "");
}

static void note_secret(void *arg, const char *name)
{
	buf_addf(arg, "$%s ", name);
}

static void uses_and_secrets_are_called_back(void **state)
{
	const char *doc = "{\"a\":\"{{ .body.x }} {{ .steps.one.y }}\",\"b\":[\"{{ .steps.two | keys }}\","
			  "\"{{ .steps }}\",\"{{ $secrets.s }}\",\"{{ .query.a + $secrets.t + \\\"\\\" }}\"],\"c\":1}";
	struct program *program = program_new();
	struct buf seen = BUF_INIT;
	cJSON *node = json_parse(doc, strlen(doc), NULL);
	struct value *v = value_compile(node, program, VALUE_SECRETS, NULL);

	(void)state;
	value_uses(v, note_use, &seen);
	value_secrets(v, note_secret, &seen);
	assert_string_equal(seen.ptr, "body steps/one steps/two steps query $s $t ");
	value_free(v);
	cJSON_Delete(node);
	buf_release(&seen);
	program_free(program);
}

static void a_value_without_holes_is_constant(void **state)
{
	static const char *const docs[] = {"{\"a\":[1,\"x\",{\"b\":null}]}", "[]", "{}", "\"\"",
			"\"\\\\{{\""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
		cJSON *node = json_parse(docs[i], strlen(docs[i]), NULL);
		struct value *v = value_compile(node, NULL, 0, NULL);
		assert_true(value_is_constant(v));
		value_free(v);
		cJSON_Delete(node);
	}
}

/* The front evaluates it over headers as they came, and writes the sentence into its log. */
static void a_plain_value_of_the_front_shows_nothing_of_the_request(void **state)
{
	struct err err = {0};
	struct buf out = BUF_INIT;
	struct scope *s = scope_of(body);
	cJSON *node = cJSON_CreateString("{{ .headers[\"content-type\"].x }}");
	struct value *v = value_compile(node, NULL, VALUE_PLAIN, &err);

	(void)state;
	assert_non_null(v);
	assert_int_equal(value_json(v, s, NULL, &out, &err), -1);
	assert_string_equal(err.text, "{{ .headers[\"content-type\"].x }}: Cannot index string with \"x\"");
	value_free(v);
	scope_free(s);
	cJSON_Delete(node);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_value_of_the_front_shows_nothing_of_the_request),
		cmocka_unit_test(one_expression_alone_keeps_its_type),
		cmocka_unit_test(text_around_an_expression_makes_text),
		cmocka_unit_test(numbers_pass_unchanged_through_paths_trees_and_constants),
		cmocka_unit_test(empty_leaves_the_member_or_item_out),
		cmocka_unit_test(two_results_are_an_error_that_names_the_expression),
		cmocka_unit_test(what_a_hole_yields_is_never_evaluated_again),
		cmocka_unit_test(braces_may_be_literal),
		cmocka_unit_test(keys_are_never_expressions),
		cmocka_unit_test(text_of_each_kind),
		cmocka_unit_test(truth_is_as_in_jq),
		cmocka_unit_test(a_mistake_in_a_tree_is_named_by_place_column_and_expression),
		cmocka_unit_test(a_body_with_a_fault_explains_the_mistake),
		cmocka_unit_test(secrets_are_only_where_they_are_allowed),
		cmocka_unit_test(a_secret_that_is_missing_or_misused_says_no_secret),
		cmocka_unit_test(plain_values_need_no_program),
		cmocka_unit_test(uses_and_secrets_are_called_back),
		cmocka_unit_test(a_value_without_holes_is_constant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
