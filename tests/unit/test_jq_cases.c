/* SPDX-License-Identifier: MIT */
/* What users need of jq, as cases: tests/unit/jq_cases.txt holds three lines a case (program,
 * input, result) and an empty line between. The input is .body, and the program works on it;
 * a result is JSON, `(empty)`, or `! words` of the error. */
#include "common/mem.h"
#include "flow/jq.h"
#include "tests/unit/read_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct one {
	const char *program, *input, *want;
	int number; /* of the expression; -1: it was refused */
	struct err err;
};

static struct scope_event event = {
	.method = "POST", .path = "/", .query = "", .suffix = "/", .remote = "", .trigger = "test",
	.headers = "[[\"Content-Type\",\"application/json\"]]", .run = 1, .attempt = 1,
};

static char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

/* All programs are one program, as in a flow: their compilation is paid for once. */
static size_t read_cases(char *text, struct program *p, struct one *list, size_t room)
{
	size_t count = 0;

	for (char *at = text; *at && count < room;) {
		struct one *c = &list[count++];
		c->program = next_line(&at);
		c->input = next_line(&at);
		c->want = next_line(&at);
		if (*next_line(&at))
			fail_msg("after the case of %s: an empty line is wanted", c->program);
		char *whole = mem_format(".body | (%s)", c->program);
		c->number = program_add(p, (struct slice){whole, strlen(whole)}, &c->err);
		free(whole);
	}
	return count;
}

static bool one_holds(struct program *p, struct one *c)
{
	struct buf out = BUF_INIT;
	int rc = -1;

	if (c->number >= 0) {
		event.body = (struct slice){c->input, strlen(c->input)};
		struct scope *s = scope_new(&event);
		rc = program_eval(p, c->number, s, NULL, &out, &c->err);
		scope_free(s);
	}
	bool holds = rc < 0    ? *c->want == '!' && strstr(c->err.text, c->want + 2)
		     : rc == 0 ? strcmp(c->want, "(empty)") == 0
			       : strcmp(c->want, out.ptr) == 0;
	if (!holds)
		fprintf(stderr, "%s\n  of %s\n  gives %s\n    not %s\n", c->program, c->input,
			rc < 0 ? c->err.text : rc == 0 ? "(empty)" : out.ptr, c->want);
	buf_release(&out);
	return holds;
}

static void every_case_holds(void **state)
{
	char *text = read_file("tests/unit/jq_cases.txt");
	struct program *p = program_new();
	struct one *list = mem_array(1000, sizeof(*list));
	struct err err;
	size_t wrong = 0;

	(void)state;
	assert_non_null(text);
	size_t count = read_cases(text, p, list, 1000);
	if (program_compile(p, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < count; i++)
		wrong += !one_holds(p, &list[i]);
	assert_int_equal(wrong, 0);
	assert_in_range(count, 80, 999);
	program_free(p);
	free(list);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
