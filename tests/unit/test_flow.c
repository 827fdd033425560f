/* SPDX-License-Identifier: MIT */
/* What the front asks of a flow, the defaults of a webhook, and the schema. */
#include "common/mem.h"
#include "flow/flow.h"
#include "flow/scope.h"
#include "flow/step.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A flow with more webhook members and these steps. */
static struct flow *flow_with(const char *auth, const char *more, const char *steps)
{
	char *text = mem_format("{\"name\":\"f\",\"webhook\":{\"system\":\"generic\","
				"\"name\":\"n\",\"url_suffix\":\"/o/{id}\","
				"\"methods\":[\"POST\",\"DELETE\"],"
				"\"authentication\":%s%s},\"steps\":%s}", auth, more, steps);
	struct faults faults;
	struct flow *f = NULL;

	if (flow_parse(text, strlen(text), &f, &faults) < 0)
		fail_msg("%s: %s", faults.list[0].pointer, faults.list[0].text);
	faults_release(&faults);
	free(text);
	return f;
}

#define NONE "{\"type\":\"none\"}"
#define ANSWERS "[{\"name\":\"r\",\"type\":\"webhook_response\"}]"

static void a_webhook_has_defaults(void **state)
{
	struct flow *f = flow_with(NONE, "", "[]");
	const struct flow_webhook *w = flow_webhook(f);

	(void)state;
	assert_string_equal(flow_name(f), "f");
	assert_string_equal(flow_title(f), "f");
	assert_string_equal(w->system, "generic");
	assert_string_equal(w->url_suffix, "/o/{id}");
	assert_int_equal(w->methods, FLOW_POST | FLOW_DELETE);
	assert_int_equal(w->auth.type, AUTH_NONE);
	assert_int_equal(w->auth.n_secrets, 0);
	assert_int_equal(w->reply, REPLY_ACCEPTED);
	assert_int_equal(w->deadline_ms, 10000);
	assert_int_equal(w->max_body_bytes, 0);
	assert_int_equal(w->run_limit_ms, 0);
	assert_false(w->dedupe);
	assert_int_equal(w->record, RECORD_ALL);
	assert_int_equal(w->retry.attempts, 3);
	assert_int_equal(w->retry.first_ms, 1000);
	assert_int_equal(w->retry.max_ms, 60000);
	assert_true(w->retry.factor == 2 && w->retry.jitter == 0.2 && w->retry.max_age_ms == 0);
	assert_int_equal(w->n_redact_headers, 3);
	assert_string_equal(w->redact_headers[0], "authorization");
	assert_int_equal(w->when[WHEN_FAILED].status, 0);
	assert_null(w->when[WHEN_FAILED].body);
	assert_false(flow_has_effects(f));
	flow_free(f);
	flow_free(NULL);
}

static void a_flow_that_answers_waits_and_does_not_retry(void **state)
{
	struct flow *f = flow_with(NONE, "", ANSWERS);

	(void)state;
	assert_int_equal(flow_webhook(f)->reply, REPLY_RESPONSE);
	assert_int_equal(flow_webhook(f)->retry.attempts, 1);
	flow_free(f);
	f = flow_with(NONE, ",\"retry\":{\"first_ms\":5}", ANSWERS);
	assert_int_equal(flow_webhook(f)->retry.attempts, 1);
	assert_int_equal(flow_webhook(f)->retry.first_ms, 5);
	flow_free(f);
	f = flow_with(NONE, ",\"retry\":{\"attempts\":4},\"reply\":\"accepted\"", ANSWERS);
	assert_int_equal(flow_webhook(f)->reply, REPLY_ACCEPTED);
	assert_int_equal(flow_webhook(f)->retry.attempts, 4);
	flow_free(f);
}

static void authentication_is_read(void **state)
{
	struct flow *f = flow_with("{\"type\":\"api_key\",\"secret\":[\"a\",\"b\"]}", "", "[]");
	const struct flow_webhook *w = flow_webhook(f);

	(void)state;
	assert_int_equal(w->auth.type, AUTH_API_KEY);
	assert_false(w->auth.in_query);
	assert_string_equal(w->auth.name, "X-API-Key");
	assert_int_equal(w->auth.n_secrets, 2);
	assert_string_equal(w->auth.secrets[1], "b");
	assert_string_equal(w->redact_headers[3], "x-api-key"); /* a key never reaches the disk */
	flow_free(f);
	f = flow_with("{\"type\":\"api_key\",\"in\":\"query\",\"name\":\"key\",\"secret\":\"a\"}",
		      "", "[]");
	assert_true(flow_webhook(f)->auth.in_query);
	assert_int_equal(flow_webhook(f)->n_redact_headers, 3);
	flow_free(f);
	f = flow_with("{\"type\":\"basic\",\"user\":\"u\",\"secret\":\"p\"}", "", "[]");
	assert_int_equal(flow_webhook(f)->auth.type, AUTH_BASIC);
	assert_string_equal(flow_webhook(f)->auth.user, "u");
	flow_free(f);
	f = flow_with("{\"type\":\"bearer\",\"secret\":\"t\"}", "", "[]");
	assert_int_equal(flow_webhook(f)->auth.type, AUTH_BEARER);
	flow_free(f);
	f = flow_with("{\"type\":\"hmac\",\"header\":\"X-S\",\"secret\":\"s\"}", "", "[]");
	assert_int_equal(flow_webhook(f)->auth.type, AUTH_HMAC);
	assert_string_equal(flow_webhook(f)->auth.algorithm, "sha256");
	assert_string_equal(flow_webhook(f)->auth.prefix, "");
	assert_string_equal(flow_webhook(f)->auth.encoding, "hex");
	flow_free(f);
}

static void answers_of_the_table_are_read(void **state)
{
	struct flow *f = flow_with(NONE, ",\"when\":{\"failed\":{\"status\":502,"
				   "\"body\":\"sorry\"},\"paused\":{\"body\":{\"held\":true}},"
				   "\"deadline\":{\"content_type\":\"a/b\",\"body\":\"x\"}}", "[]");
	const struct flow_answer *when = flow_webhook(f)->when;

	(void)state;
	assert_int_equal(when[WHEN_FAILED].status, 502);
	assert_string_equal(when[WHEN_FAILED].body, "sorry");
	assert_string_equal(when[WHEN_FAILED].content_type, "text/plain; charset=utf-8");
	assert_int_equal(when[WHEN_PAUSED].status, 0);
	assert_string_equal(when[WHEN_PAUSED].body, "{\"held\":true}");
	assert_string_equal(when[WHEN_PAUSED].content_type, "application/json");
	assert_string_equal(when[WHEN_DEADLINE].content_type, "a/b");
	flow_free(f);
}

static int key_of(const char *dedupe, const char *body, struct buf *out)
{
	char *more = mem_format(",\"dedupe\":%s", dedupe);
	struct flow *f = flow_with(NONE, more, "[]");
	struct scope_event event = {
		.id = 1, .method = "POST", .path = "/in/o/1", .query = "", .suffix = "/o/{id}",
		.headers = "[[\"Content-Type\",\"application/json\"],[\"X-Id\",\"d-1\"]]",
		.remote = "::1", .trigger = "arrival", .run = 1, .attempt = 1,
		.body = {body, strlen(body)},
	};
	struct err err;

	assert_true(flow_webhook(f)->dedupe);
	buf_clear(out);
	int rc = flow_dedupe_key(f, &event, out, &err);
	if (rc < 0)
		buf_add_text(out, err.text);
	flow_free(f);
	free(more);
	return rc;
}

static void a_delivery_is_known_by_its_key(void **state)
{
	struct buf key = BUF_INIT;

	(void)state;
	assert_int_equal(key_of("true", "abc", &key), 1);
	assert_string_equal(key.ptr,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(key_of("{\"window_ms\":5000}", "abc", &key), 1);
	assert_int_equal(key.len, 64);
	assert_int_equal(key_of("{\"key\":\"{{ .headers[\\\"x-id\\\"] }}\"}", "{}", &key), 1);
	assert_string_equal(key.ptr, "d-1");
	assert_int_equal(key_of("{\"key\":\"{{ .body.id }}-{{ .path.id }}\"}",
				"{\"id\":12345678901234567890}", &key), 1);
	assert_string_equal(key.ptr, "12345678901234567890-1");
	assert_int_equal(key_of("{\"key\":\"{{ .body.id }}\"}", "{}", &key), 0);
	assert_int_equal(key_of("{\"key\":\"{{ .body.id }}\"}", "[1]", &key), -1);
	assert_non_null(strstr(key.ptr, "webhook: dedupe: key: "));
	buf_release(&key);
}

static void an_order_has_a_key_of_a_fair_size(void **state)
{
	struct faults faults = {0};
	struct flow *f;
	struct err err;
	static const char document[] =
		"{\"name\":\"o\",\"webhook\":{\"system\":\"generic\",\"name\":\"n\",\"url_suffix\":\"/o\","
		"\"methods\":[\"POST\"],\"authentication\":{\"type\":\"none\"},"
		"\"order_by\":\"{{ .body.key }}\",\"on_failure\":\"stop\",\"priority\":\"high\",\"concurrency\":3},"
		"\"steps\":[]}";
	char *longer = mem_format("{\"key\":\"%0300d\"}", 7);
	const struct {
		const char *body;
		int rc;
		size_t bytes;
	} cases[] = {{"{\"key\":42}", 1, 2}, {"{\"key\":null}", 0, 0}, {"{}", 0, 0},
		     {"{\"key\":\"a\\u0000b\"}", 1, 64}, {longer, 1, 64}};

	(void)state;
	assert_int_equal(flow_parse(document, strlen(document), &f, &faults), 0);
	assert_true(flow_webhook(f)->ordered);
	assert_true(flow_webhook(f)->order_stop);
	assert_int_equal(flow_webhook(f)->priority, 1);
	assert_int_equal(flow_webhook(f)->concurrency, 3);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scope_event event = {.method = "POST", .path = "/in/o", .query = "", .headers = "[]",
					    .suffix = "/o", .remote = "", .trigger = "arrival",
					    .body = {cases[i].body, strlen(cases[i].body)}};
		struct buf key = BUF_INIT;
		assert_int_equal(flow_order_key(f, &event, &key, &err), cases[i].rc);
		assert_int_equal(key.len, cases[i].bytes);
		buf_release(&key);
	}
	free(longer);
	flow_free(f);
	faults_release(&faults);
}

static void suffixes_of_one_shape_are_alike(void **state)
{
	struct buf shape = BUF_INIT;

	(void)state;
	flow_suffix_shape("/orders/{id}/lines/{no}", &shape);
	assert_string_equal(shape.ptr, "/orders/{}/lines/{}");
	buf_clear(&shape);
	flow_suffix_shape("/orders", &shape);
	assert_string_equal(shape.ptr, "/orders");
	buf_release(&shape);
}

static void methods_have_names(void **state)
{
	(void)state;
	assert_int_equal(flow_method_find("POST"), FLOW_POST);
	assert_int_equal(flow_method_find("OPTIONS"), FLOW_OPTIONS);
	assert_int_equal(flow_method_find("post"), 0);
	assert_int_equal(flow_method_find("TRACE"), 0);
	assert_string_equal(flow_method_name(FLOW_HEAD), "HEAD");
	assert_null(flow_method_name(128));
}

static void effects_are_known(void **state)
{
	struct flow *f = flow_with(NONE, "", "[{\"name\":\"c\",\"type\":\"http_request\","
				   "\"url\":\"https://x.example/\"}]");

	(void)state;
	assert_true(flow_has_effects(f));
	flow_free(f);
}

static void hostile_documents_are_refused(void **state)
{
	struct buf deep = BUF_INIT;
	struct faults faults;
	struct flow *f;

	(void)state;
	for (int i = 0; i < 1000000; i++)
		buf_add_char(&deep, '[');
	assert_int_equal(flow_parse(deep.ptr, deep.len, &f, &faults), -1);
	assert_null(f);
	assert_int_equal(faults.errors, 1);
	faults_release(&faults);
	assert_int_equal(flow_parse("", 0, &f, &faults), -1);
	faults_release(&faults);
	assert_int_equal(flow_parse("{\"name\":\"\xFF\"}", 12, &f, &faults), -1);
	faults_release(&faults);
	buf_release(&deep);
}

/* Steps sixteen deep, and a faulty value as deep as JSON may be. */
static void *parse_deep(void *arg)
{
	struct buf text = BUF_INIT;
	struct faults faults;
	struct flow *f;

	buf_add_text(&text, "{\"name\":\"f\",\"webhook\":{},\"steps\":[");
	for (int i = 0; i < 15; i++)
		buf_addf(&text, "{\"name\":\"s%d\",\"type\":\"switch\",\"paths\":["
			 "{\"name\":\"p\",\"steps\":[", i);
	buf_add_text(&text, "{\"name\":\"m\",\"type\":\"map\",\"value\":");
	for (int i = 0; i < 120; i++)
		buf_add_text(&text, "[");
	buf_add_text(&text, "\"{{\"");
	for (int i = 0; i < 120; i++)
		buf_add_text(&text, "]");
	buf_add_text(&text, "}");
	for (int i = 0; i < 15; i++)
		buf_add_text(&text, "]}]}");
	buf_add_text(&text, "]}");
	if (flow_parse(text.ptr, text.len, &f, &faults) < 0)
		*(size_t *)arg = faults.errors;
	faults_release(&faults);
	buf_release(&text);
	return NULL;
}

static void parsing_fits_a_small_stack(void **state)
{
	pthread_attr_t attr;
	pthread_t thread;
	size_t errors = 0;

	(void)state;
	if (getenv("SANITIZED"))
		skip(); /* its frames are several times as large */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 96 * 1024); /* a thread of the front */
	assert_int_equal(pthread_create(&thread, &attr, parse_deep, &errors), 0);
	pthread_join(thread, NULL);
	assert_int_equal(errors, 6); /* five of the webhook, one of the value */
	pthread_attr_destroy(&attr);
}

/* Every step type and every webhook parameter is in the schema, with a sentence. */
static void the_schema_has_all(void **state)
{
	cJSON *schema = flow_schema();
	char *text = json_print(schema);
	const cJSON *steps = json_get(json_get(json_get(json_get(schema, "$defs"), "steps"),
					       "items"), "oneOf");

	(void)state;
	assert_string_equal(json_text(schema, "$schema", ""),
			    "https://json-schema.org/draft/2020-12/schema");
	for (size_t i = 0; steps_table[i]; i++) {
		const cJSON *one = cJSON_GetArrayItem(steps, (int)i);
		const cJSON *properties = json_get(one, "properties");
		assert_string_equal(json_text(json_get(properties, "type"), "const", ""),
				    steps_table[i]->name);
		assert_non_null(json_get(properties, "on_error"));
		for (const struct param *p = steps_table[i]->params; p->name; p++)
			assert_string_equal(json_text(json_get(properties, p->name), "description",
						      ""), p->text);
	}
	assert_non_null(strstr(text, "\"jwt\""));
	assert_non_null(strstr(text, "\"authentication\""));
	free(text);
	cJSON_Delete(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_webhook_has_defaults),
		cmocka_unit_test(a_flow_that_answers_waits_and_does_not_retry),
		cmocka_unit_test(authentication_is_read),
		cmocka_unit_test(answers_of_the_table_are_read),
		cmocka_unit_test(a_delivery_is_known_by_its_key),
		cmocka_unit_test(an_order_has_a_key_of_a_fair_size),
		cmocka_unit_test(suffixes_of_one_shape_are_alike),
		cmocka_unit_test(methods_have_names),
		cmocka_unit_test(effects_are_known),
		cmocka_unit_test(hostile_documents_are_refused),
		cmocka_unit_test(parsing_fits_a_small_stack),
		cmocka_unit_test(the_schema_has_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
