/* SPDX-License-Identifier: MIT */
/* The one checker of parameters, with a declaration made for it. Each fault of a real flow is
 * a case in tests/flows. */
#include "common/mem.h"
#include "flow/jq.h"
#include "flow/param.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const colours[] = {"red", "green", NULL};
static const char *const sizes[] = {"1", "2", NULL};

static const char *no_bees(const char *text)
{
	return strchr(text, 'b') ? "has a bee" : NULL;
}

static const struct param inner[] = {
	{.name = "n", .type = PARAM_INT, .min = 0, .max = 9, .fallback = "4", .text = "a digit"},
	{.name = "v", .type = PARAM_VALUE, .text = "a value"},
	{0},
};

static const struct param params[] = {
	{.name = "text", .type = PARAM_TEXT, .max = 5, .refuse = no_bees, .fallback = "t",
	 .text = "t"},
	{.name = "texts", .type = PARAM_TEXTS, .text = "t"},
	{.name = "colour", .type = PARAM_CHOICE, .choices = colours, .fallback = "green",
	 .text = "c"},
	{.name = "size", .type = PARAM_INT, .choices = sizes, .fallback = "2", .text = "s"},
	{.name = "share", .type = PARAM_NUMBER, .min = 0, .max = 1, .fallback = "0.5", .text = "s"},
	{.name = "on", .type = PARAM_BOOL, .fallback = "true", .text = "o"},
	{.name = "map", .type = PARAM_MAP_VALUE, .text = "m"},
	{.name = "headers", .type = PARAM_HEADERS, .text = "h"},
	{.name = "object", .type = PARAM_OBJECT, .flags = PARAM_OR_TRUE, .members = inner,
	 .text = "o"},
	{.name = "list", .type = PARAM_LIST, .members = inner, .text = "l"},
	{0},
};

/* ---- reading one document ---- */

static cJSON *doc;
static struct faults faults;
static struct args args;
static struct program *program;

static void read_doc(const char *text)
{
	struct err err;

	doc = json_parse(text, strlen(text), &err);
	if (!doc)
		fail_msg("%s", err.text);
	program = program_new();
	struct reader r = {.faults = &faults, .program = program};
	param_unknown(&r, NULL, doc, params, NULL);
	param_read(&r, NULL, doc, params, &args);
}

static int forget(void **state)
{
	(void)state;
	args_release(&args);
	faults_release(&faults);
	program_free(program);
	program = NULL;
	cJSON_Delete(doc);
	doc = NULL;
	return 0;
}

static void only_fault(const char *pointer, const char *words)
{
	if (faults.count != 1)
		fail_msg("%zu faults", faults.count);
	assert_string_equal(faults.list[0].pointer, pointer);
	if (!strstr(faults.list[0].text, words))
		fail_msg("\"%s\" is not in: %s", words, faults.list[0].text);
}

/* ---- tests ---- */

static void absent_arguments_have_their_fallback(void **state)
{
	(void)state;
	read_doc("{}");
	assert_int_equal(faults.count, 0);
	assert_string_equal(arg_text(&args, "text"), "t");
	assert_string_equal(arg_text(&args, "colour"), "green");
	assert_null(arg_text(&args, "texts"));
	assert_int_equal(arg_int(&args, "size"), 2);
	assert_true(arg_number(&args, "share") == 0.5);
	assert_true(arg_bool(&args, "on"));
	assert_null(arg_object(&args, "object"));
	assert_false(arg_given(&args, "text"));
}

static void given_arguments_are_read(void **state)
{
	(void)state;
	read_doc("{\"text\":\"x\",\"colour\":\"red\",\"size\":1,\"share\":0.25,\"on\":false,"
		 "\"object\":{\"n\":7},\"list\":[{},{\"n\":1}],\"headers\":[[\"A\",1],[\"A\",2]]}");
	assert_int_equal(faults.count, 0);
	assert_string_equal(arg_text(&args, "text"), "x");
	assert_string_equal(arg_text(&args, "colour"), "red");
	assert_int_equal(arg_int(&args, "size"), 1);
	assert_true(arg_number(&args, "share") == 0.25);
	assert_false(arg_bool(&args, "on"));
	assert_int_equal(arg_int(arg_object(&args, "object"), "n"), 7);
	assert_int_equal(arg_find(&args, "list")->n_items, 2);
	assert_int_equal(arg_int(&arg_find(&args, "list")->items[0], "n"), 4);
	assert_int_equal(arg_find(&args, "headers")->n_headers, 2);
}

static void an_object_may_be_just_true(void **state)
{
	(void)state;
	read_doc("{\"object\":true}");
	assert_int_equal(faults.count, 0);
	assert_null(arg_object(&args, "object"));
	assert_true(arg_given(&args, "object"));
}

static void each_fault_has_its_pointer(void **state)
{
	static const struct {
		const char *doc, *pointer, *words;
	} cases[] = {
		{"{\"text\":\"toolong\"}", "/text", "at most 5"},
		{"{\"text\":\"ab\"}", "/text", "\"ab\" has a bee"},
		{"{\"text\":null}", "/text", "must be text, not null"},
		{"{\"texts\":[\"a\",false]}", "/texts/1", "not true or false"},
		{"{\"colour\":\"rde\"}", "/colour", "did you mean \"red\"?"},
		{"{\"colour\":\"violet\"}", "/colour", "it is \"red\" or \"green\""},
		{"{\"size\":3}", "/size", "it is 1 or 2"},
		{"{\"size\":123456789012345678901}", "/size", "it is 1 or 2"},
		{"{\"share\":1.5}", "/share", "between 0 and 1"},
		{"{\"on\":\"yes\"}", "/on", "true or false"},
		{"{\"map\":[]}", "/map", "must be an object, not a list"},
		{"{\"map\":{\"a/b\":[\"{{ .body\"]}}", "/map/a~1b/0", "closed"},
		{"{\"headers\":\"X\"}", "/headers", "a list of pairs"},
		{"{\"headers\":[[\"X\"]]}", "/headers/0", "must be a pair"},
		{"{\"object\":{\"n\":10}}", "/object/n", "between 0 and 9"},
		{"{\"object\":{\"m\":1}}", "/object/m", "unknown member"},
		{"{\"object\":[]}", "/object", "must be an object"},
		{"{\"list\":[{},1]}", "/list/1", "must be an object"},
		{"{\"list\":[{},{\"v\":\"{{\"}]}", "/list/1/v", "closed"},
		{"{\"colur\":\"red\"}", "/colur", "did you mean \"colour\"?"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		read_doc(cases[i].doc);
		only_fault(cases[i].pointer, cases[i].words);
		forget(state);
	}
}

static void count_value(void *arg, const struct arg *a, const struct value *v)
{
	assert_non_null(a->pointer);
	assert_non_null(v);
	(*(int *)arg)++;
}

static void every_value_is_visited(void **state)
{
	int count = 0;

	(void)state;
	read_doc("{\"map\":{\"a\":1},\"headers\":{\"A\":\"1\",\"B\":\"{{ .body }}\"},"
		 "\"object\":{\"v\":1},\"list\":[{\"v\":1},{\"v\":2}]}");
	arg_each(&args, count_value, &count);
	assert_int_equal(count, 6);
}

static void a_place_is_a_json_pointer(void **state)
{
	struct where root = {NULL, "a~b/c", 0}, item = {&root, NULL, 12};
	char *pointer = where_pointer(&item), *whole = where_pointer(NULL);

	(void)state;
	assert_string_equal(pointer, "/a~0b~1c/12");
	assert_string_equal(whole, "");
	free(pointer);
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(absent_arguments_have_their_fallback, forget),
		cmocka_unit_test_teardown(given_arguments_are_read, forget),
		cmocka_unit_test_teardown(an_object_may_be_just_true, forget),
		cmocka_unit_test_teardown(each_fault_has_its_pointer, forget),
		cmocka_unit_test_teardown(every_value_is_visited, forget),
		cmocka_unit_test_teardown(a_place_is_a_json_pointer, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
