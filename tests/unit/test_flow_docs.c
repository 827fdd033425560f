/* SPDX-License-Identifier: MIT */
/* Every json block of docs/flow.md is tried: a whole flow as it stands, a step inside a flow,
 * a connection, anything else as members of a webhook. All but connections are run, over a request
 * that has what the manual speaks of. Every message is what a run says, and every parameter that is
 * declared is in the manual. */
#include "common/json.h"
#include "common/mem.h"
#include "common/outbound.h"
#include "flow/connection.h"
#include "flow/document.h"
#include "flow/run.h"
#include "tests/unit/read_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cJSON *parse(const char *text, size_t len)
{
	struct err err;
	cJSON *node = json_parse(text, len, &err);

	if (!node)
		fail_msg("%s in:\n%.*s", err.text, (int)len, text);
	return node;
}

/* What the manual's steps speak of. */
#define BEFORE \
	"{\"name\":\"order\",\"type\":\"map\",\"value\":{\"total\":1}}," \
	"{\"name\":\"customer\",\"type\":\"map\",\"value\":{\"status\":404}}"
#define STOCK \
	"{\"name\":\"f\",\"webhook\":{\"system\":\"generic\",\"name\":\"n\"," \
	"\"url_suffix\":\"/o\",\"methods\":[\"POST\"],\"authentication\":{\"type\":\"none\"}}," \
	"\"steps\":[" BEFORE "]}"

static cJSON *complete(cJSON *block)
{
	cJSON *flow, *member;

	if (json_get(block, "webhook"))
		return block;
	flow = parse(STOCK, strlen(STOCK));
	if (json_get(block, "type")) {
		cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(flow, "steps"), block);
		return flow;
	}
	cJSON *webhook = cJSON_GetObjectItemCaseSensitive(flow, "webhook");
	while ((member = block->child)) {
		char *name = mem_dup(member->string);
		cJSON_DetachItemViaPointer(block, member);
		cJSON_DeleteItemFromObjectCaseSensitive(webhook, name);
		cJSON_AddItemToObject(webhook, name, member);
		free(name);
	}
	cJSON_Delete(block);
	return flow;
}

static void try_connection(const char *text, size_t len)
{
	struct connection *c = NULL;
	struct faults faults;

	if (connection_parse(text, len, &c, &faults) < 0)
		fail_msg("%s: %s in:\n%.*s", faults.list[0].pointer, faults.list[0].text, (int)len, text);
	faults_release(&faults);
	connection_free(c);
}

/* ---- running ---- */

static const char sample_body[] =
	"{\"id\":820982911946154508,\"sku\":\"A-1\",\"email\":\"jon@example.com\",\"total\":12,\"file\":\"f\","
	"\"financial_status\":\"paid\",\"label_pdf\":\"JVBERi0=\",\"event\":{\"n\":1},"
	"\"line_items\":[{\"sku\":\"A-1\",\"quantity\":1,\"price\":\"19.99\"}],"
	"\"orders\":[{\"country\":\"FR\",\"total\":3,\"email\":\"a@example.com\"}]}";

static int answer(void *arg, const struct outbound_request *request, struct outbound_response *response,
		  struct err *err)
{
	(void)arg;
	(void)request;
	(void)err;
	*response = (struct outbound_response){.status = 200, .headers = BUF_INIT, .body = BUF_INIT};
	buf_add_text(&response->headers, "{}");
	buf_add_text(&response->body, "{\"left\":1}");
	response->body_is_json = true;
	return 0;
}

static int secret(void *arg, const char *name, char **value, struct err *err)
{
	(void)arg;
	(void)err;
	*value = mem_format("the value of %s", name);
	return 1;
}

static int connection(void *arg, const char *name, char **document, struct err *err)
{
	(void)arg;
	(void)name;
	(void)err;
	*document = mem_dup("{\"base_url\":\"https://crm.example.com/v1\",\"authentication\":{\"type\":\"none\"}}");
	return 1;
}

static int called(void *arg, const char *name, struct flow **flow, struct err *err)
{
	(void)name;
	(void)err;
	*flow = arg;
	return 1;
}

/* Fails only where it says that it will. */
static void run_it(struct flow *f, const char *text, size_t len)
{
	struct scope_event event = {
		.id = 1, .received_at = 1700000000000, .method = "POST", .path = "/in/forward/7", .query = "source=web",
		.headers = "[[\"Content-Type\",\"application/json\"]]", .suffix = f->webhook.url_suffix, .remote = "::1",
		.trigger = "arrival", .run = 1, .attempt = 1, .body = {sample_body, sizeof(sample_body) - 1},
	};
	struct faults faults;
	struct flow *other;
	struct run_result r;

	assert_int_equal(flow_parse(STOCK, strlen(STOCK), &other, &faults), 0);
	faults_release(&faults);
	const struct run_host host = {.arg = other, .call = answer, .secret = secret, .connection = connection,
				      .flow = called, .sqlite_dir = "/nowhere", .command_dir = "/nowhere", .stand_in = true,
				      .trace_values = true};
	run_flow_through(f, &event, &host, &r);
	bool may_fail = memmem(text, len, "\"outcome\": \"failed\"", 19) != NULL;
	if ((r.outcome == RUN_FAILED) != may_fail)
		fail_msg("%s: %s in:\n%.*s", may_fail ? "it did not fail" : "it failed", r.err.text, (int)len, text);
	run_result_release(&r);
	flow_free(other);
}

static void try_block(const char *text, size_t len)
{
	if (memmem(text, len, "\"base_url\"", 10)) {
		try_connection(text, len);
		return;
	}
	cJSON *document = complete(parse(text, len));
	char *whole = json_print(document);
	struct faults faults;
	struct flow *f = NULL;

	int rc = flow_parse(whole, strlen(whole), &f, &faults);
	if (rc == 0)
		rc = flow_check_expressions(f, &faults);
	if (rc < 0)
		fail_msg("%s: %s in:\n%.*s", faults.list[0].pointer, faults.list[0].text, (int)len,
			 text);
	run_it(f, text, len);
	flow_free(f);
	faults_release(&faults);
	free(whole);
	cJSON_Delete(document);
}

static void every_example_of_the_manual_runs(void **state)
{
	char *text = read_file("docs/flow.md");
	int blocks = 0;

	(void)state;
	assert_non_null(text);
	for (const char *p = text; (p = strstr(p, "```json\n")); blocks++) {
		p += strlen("```json\n");
		const char *end = strstr(p, "```");
		assert_non_null(end);
		try_block(p, (size_t)(end - p));
		p = end + 3;
	}
	assert_true(blocks >= 25);
	free(text);
}

/* ---- messages ---- */

/* The text between two marks, the caller's. */
static char *cut_between(const char *text, const char *from, const char *to)
{
	const char *start = strstr(text, from);

	assert_non_null(start);
	start += strlen(from);
	const char *end = strstr(start, to);
	assert_non_null(end);
	return mem_dup_len(start, (size_t)(end - start));
}

static void fails_with(const char *field, const char *expression, const char *body, const char *want)
{
	struct scope_event event = {.method = "POST", .path = "/in/o", .query = "", .headers = "[]",
				    .suffix = "/o", .remote = "", .trigger = "arrival",
				    .body = {body, strlen(body)}};
	struct run_host host = {0};
	struct run_result result;
	struct faults faults;
	struct flow *f = NULL;
	cJSON *document = parse(STOCK, strlen(STOCK)), *step;

	step = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(document, "steps"), 0);
	cJSON_ReplaceItemInObjectCaseSensitive(document, "name", cJSON_CreateString("orders"));
	cJSON *value = cJSON_CreateString(expression);
	if (*field) {
		cJSON *object = cJSON_CreateObject();
		cJSON_AddItemToObject(object, field, value);
		value = object;
	}
	cJSON_ReplaceItemInObjectCaseSensitive(step, "value", value);
	char *text = json_print(document);
	assert_int_equal(flow_parse(text, strlen(text), &f, &faults), 0);
	run_flow(f, &event, (struct slice){0}, &host, &result);
	assert_string_equal(result.err.text, want);
	run_result_release(&result);
	faults_release(&faults);
	flow_free(f);
	free(text);
	cJSON_Delete(document);
}

static void every_message_of_the_manual_is_what_a_run_says(void **state)
{
	char *text = read_file("docs/flow.md"), *line, *more = NULL;
	char *section = cut_between(text, "### When an expression fails", "\n## ");
	char *first = cut_between(section, "```text\n", "\n```");
	char *messages = cut_between(section, "```messages\n", "```");
	char *body = cut_between(section, "With `", "` as the body");
	int count = 0;

	(void)state;
	char *expression = cut_between(first, "value.email: ", ": explode");
	fails_with("email", expression, body, first);
	free(expression);
	for (line = strtok_r(messages, "\n", &more); line; line = strtok_r(NULL, "\n", &more)) {
		const char *words = strtok_r(NULL, "\n", &more);
		assert_non_null(words);
		char *want = mem_format("flow \"orders\": step \"order\": value: %s: %s", line, words);
		fails_with("", line, body, want);
		free(want);
		count++;
	}
	assert_true(count >= 6);
	free(text);
	free(section);
	free(first);
	free(messages);
	free(body);
}

/* The part of the manual under a heading, up to the next one that is not below it. */
static char *section(const char *text, const char *heading)
{
	char *line = mem_format("\n%s\n", heading);
	const char *start = strstr(text, line), *end;

	if (!start)
		fail_msg("docs/flow.md has no \"%s\"", heading);
	start += strlen(line);
	end = strstr(start, strncmp(heading, "###", 3) == 0 ? "\n##" : "\n## ");
	free(line);
	return mem_dup_len(start, end ? (size_t)(end - start) : strlen(start));
}

static void is_explained(const char *text, const char *heading, const struct param *params)
{
	char *part = section(text, heading);

	for (const struct param *p = params; p && p->name; p++) {
		char *word = mem_format("`%s`", p->name);
		if (!strstr(part, word))
			fail_msg("docs/flow.md, %s: nothing is said of %s: %s", heading, word, p->text);
		free(word);
	}
	free(part);
}

static void every_parameter_is_in_the_manual(void **state)
{
	char *text = read_file("docs/flow.md");

	(void)state;
	assert_non_null(text);
	is_explained(text, "## The document", flow_params);
	is_explained(text, "## The webhook", webhook_params);
	is_explained(text, "### What never reaches the disk", redact_params);
	is_explained(text, "## Replies", when_params);
	is_explained(text, "## Steps", step_common_params);
	for (size_t i = 0; steps_table[i]; i++) {
		char *heading = mem_format("### %s", steps_table[i]->name);
		is_explained(text, heading, steps_table[i]->params);
		free(heading);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_of_the_manual_runs),
		cmocka_unit_test(every_message_of_the_manual_is_what_a_run_says),
		cmocka_unit_test(every_parameter_is_in_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
