/* SPDX-License-Identifier: MIT */
/*
 * Planted secrets: a run uses them in every field that leaves, the other system says them back
 * in every shape it can, and fails. None may be in the trace (with inputs), the output, the
 * error, or what the run leaves for the next one.
 */
#include "common/crypto.h"
#include "common/mem.h"
#include "common/outbound.h"
#include "common/pairs.h"
#include "flow/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const canaries[] = {"kanarienvogel-1", "k\"n\\rie+2/=&?", "canary@token:3 ",
				       "tok3n-of-the-4th"};

static int host_secret(void *arg, const char *name, char **value, struct err *err)
{
	(void)arg;
	(void)err;
	*value = mem_dup(canaries[name[1] - '1']); /* c1, c2, c3 */
	return 1;
}

static const char *authentication;

static int host_connection(void *arg, const char *name, char **document, struct err *err)
{
	(void)arg;
	(void)name;
	(void)err;
	*document = mem_format("{\"base_url\":\"https://x.example/\",\"authentication\":%s}",
			       authentication);
	return 1;
}

static void in_all_shapes(const char *text, struct buf *out)
{
	struct slice s = {text, strlen(text)};

	buf_add_text(out, "plain ");
	buf_add_slice(out, s);
	buf_add_text(out, " url ");
	pairs_encode(s, false, out);
	buf_add_text(out, " base64 ");
	crypto_base64(text, s.len, out);
	char *with = mem_format("u:%s", text);
	crypto_base64(with, strlen(with), out);
	free(with);
	with = mem_format("xy%s", text);
	crypto_base64(with, strlen(with), out);
	free(with);
}

static int status;
static bool fails;

/* Says back all it was sent, and what it knows besides. */
static int host_call(void *arg, const struct outbound_request *q, struct outbound_response *r,
		     struct err *err)
{
	struct buf text = BUF_INIT;

	(void)arg;
	*r = (struct outbound_response){.status = status, .headers = BUF_INIT, .body = BUF_INIT,
					.body_is_json = true};
	if (q->for_token) {
		r->status = 200;
		buf_addf(&r->body, "{\"access_token\":\"%s\"}", canaries[3]);
		return 0;
	}
	buf_addf(&text, "%s %s %.*s ", q->url, q->headers, (int)q->body.len,
		 q->body.ptr ? q->body.ptr : "");
	for (size_t i = 0; i < 3; i++)
		in_all_shapes(canaries[i], &text);
	if (strstr(q->headers, canaries[3]))
		in_all_shapes(canaries[3], &text);
	if (fails) {
		err_set(err, ERR_UPSTREAM, "%s failed: %s", q->url, text.ptr);
		buf_release(&text);
		return -1;
	}
	buf_add_text(&r->headers, "{\"x-echo\":");
	buf_add_json_text(&r->headers, text.ptr, text.len);
	buf_add_char(&r->headers, '}');
	buf_add_text(&r->body, "{\"echo\":");
	buf_add_json_text(&r->body, text.ptr, text.len);
	buf_add_char(&r->body, '}');
	buf_release(&text);
	return 0;
}

#define WEBHOOK \
	"\"webhook\":{\"system\":\"generic\",\"name\":\"n\",\"url_suffix\":\"/o\"," \
	"\"methods\":[\"POST\"],\"authentication\":{\"type\":\"none\"}}"
#define PLANTED \
	"\"url\":\"/{{ $secrets.c1 | @uri }}\",\"query\":{\"q\":\"{{ $secrets.c2 }}\"}," \
	"\"headers\":{\"X-A\":\"{{ $secrets.c1 }}\",\"X-B\":\"{{ $secrets.c3 | @base64 }}\"}"

static const char *const steps[] = {
	"\"body\":{\"k\":\"{{ $secrets.c2 }}\",\"l\":[\"x {{ $secrets.c3 }} y\"]}",
	"\"form\":{\"k\":\"{{ $secrets.c2 }}\",\"l\":[\"{{ $secrets.c3 }}\"]}",
	"\"raw\":\"{{ $secrets.c2 }}{{ $secrets.c3 }}\"",
	"\"raw_base64\":\"{{ $secrets.c2 + $secrets.c3 | @base64 }}\"",
	"\"multipart\":[{\"name\":\"a\",\"value\":\"{{ $secrets.c2 }}\"},"
	"{\"name\":\"f\",\"base64\":\"{{ $secrets.c3 | @base64 }}\",\"filename\":\"f\"}]",
};
static const char *const kinds[] = {
	"{\"type\":\"none\"}",
	"{\"type\":\"basic\",\"user\":\"u\",\"secret\":\"c1\"}",
	"{\"type\":\"bearer\",\"secret\":\"c1\"}",
	"{\"type\":\"api_key\",\"secret\":\"c1\"}",
	"{\"type\":\"api_key\",\"in\":\"query\",\"name\":\"key\",\"secret\":\"c2\"}",
	"{\"type\":\"hmac\",\"header\":\"X-Sign\",\"secret\":\"c1\"}",
	"{\"type\":\"oauth2_client_credentials\",\"token_url\":\"https://t.example/\","
	"\"client_id\":\"me\",\"secret\":\"c1\"}",
};

static void has_none(const char *where, const char *text, const char *what)
{
	for (size_t i = 0; i < ARRAY_LEN(canaries); i++) {
		struct buf shapes[4] = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
		size_t len = strlen(canaries[i]);
		buf_add_text(&shapes[0], canaries[i]);
		buf_add_json_text(&shapes[1], canaries[i], len);
		shapes[1].ptr[--shapes[1].len] = '\0';
		pairs_encode((struct slice){canaries[i], len}, false, &shapes[2]);
		crypto_base64(canaries[i], len - len % 3, &shapes[3]);
		for (size_t k = 0; k < ARRAY_LEN(shapes); k++) {
			if (strstr(text, shapes[k].ptr + (k == 1)))
				fail_msg("%s of %s holds %s: %s", where, what, shapes[k].ptr, text);
			buf_release(&shapes[k]);
		}
	}
}

static void run(const char *what, const char *step)
{
	char *text = mem_format("{\"name\":\"f\"," WEBHOOK ",\"steps\":[{\"name\":\"c\","
				"\"type\":\"http_request\",\"method\":\"POST\",\"connection\":\"x\","
				PLANTED ",%s},{\"name\":\"m\",\"type\":\"map\",\"value\":"
				"\"{{ .steps.c.body.echo }} {{ .steps.c.error.text }}\"},"
				"{\"name\":\"d\",\"type\":\"stop\",\"outcome\":\"failed\","
				"\"message\":\"{{ .steps.c.headers | tostring }}\"}]}", step);
	struct scope_event event = {.id = 1, .method = "POST", .path = "/in/o", .query = "",
				    .headers = "[]", .suffix = "/o", .remote = "::1",
				    .trigger = "arrival", .run = 1, .attempt = 1};
	struct run_host host = {.secret = host_secret, .call = host_call,
				.connection = host_connection, .trace_values = true,
				.trace_inputs = true};
	struct run_result r;
	struct faults faults;
	struct flow *f = NULL;

	if (flow_parse(text, strlen(text), &f, &faults) < 0)
		fail_msg("%s: %s", faults.list[0].pointer, faults.list[0].text);
	faults_release(&faults);
	run_flow(f, &event, (struct slice){0}, &host, &r);
	assert_int_equal(r.outcome, RUN_FAILED);
	assert_non_null(strstr(r.steps.ptr, "[secret c1]"));
	has_none("the trace", r.steps.ptr, what);
	has_none("the error", r.err.text, what);
	run_result_release(&r);
	flow_free(f);
	free(text);
}

static void no_planted_secret_is_recorded(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		authentication = kinds[k];
		for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
			char *going_on = mem_format("%s,\"on_error\":\"continue\"", steps[i]);
			status = 200;
			fails = false;
			run(kinds[k], steps[i]);
			status = 500;
			run(kinds[k], steps[i]);
			run(kinds[k], going_on);
			fails = true;
			run(kinds[k], steps[i]);
			run(kinds[k], going_on);
			free(going_on);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_planted_secret_is_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
