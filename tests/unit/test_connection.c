/* SPDX-License-Identifier: MIT */
/* Connections: which documents are sound, and what each kind of authentication sends. */
#include "common/mem.h"
#include "flow/connection.h"
#include "common/outbound.h"
#include "flow/walk_inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a run that has secrets and answers for tokens ---- */

static int token_calls;
static char token_request[2000];
static const char *token_answer;

static int host_secret(void *arg, const char *name, char **value, struct err *err)
{
	(void)arg;
	(void)err;
	if (strcmp(name, "missing") == 0)
		return 0;
	*value = mem_dup(strcmp(name, "signing") == 0 ? "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
						      : "Ope n:S&same");
	return 1;
}

static int host_call(void *arg, const struct outbound_request *q, struct outbound_response *r,
		     struct err *err)
{
	(void)arg;
	(void)err;
	token_calls++;
	assert_true(q->for_token);
	assert_int_equal(q->redirects, 0);
	snprintf(token_request, sizeof(token_request), "%s %s %s %.*s", q->method, q->url, q->headers,
		 (int)q->body.len, q->body.ptr);
	*r = (struct outbound_response){.status = 200, .headers = BUF_INIT, .body = BUF_INIT,
					.body_is_json = true};
	buf_add_text(&r->body, token_answer);
	return 0;
}

static const struct run_host host = {.secret = host_secret, .call = host_call};

/* ---- one call ---- */

static struct err err;
static char got_url[500], got_headers[2000];
static bool old_token;

static struct connection *parse(const char *authentication)
{
	char *text = mem_format("{\"base_url\":\"https://x.example/v1\",\"authentication\":%s}",
				authentication);
	struct connection *c = NULL;
	struct faults faults;

	if (connection_parse(text, strlen(text), &c, &faults) < 0)
		fail_msg("%s: %s", faults.list[0].pointer, faults.list[0].text);
	faults_release(&faults);
	free(text);
	return c;
}

static int apply(const char *authentication, const char *headers, const char *body)
{
	struct connection *c = parse(authentication);
	struct secrets secrets = {.host = &host};
	struct walk w = {.host = host, .secrets = &secrets};
	struct buf url = BUF_INIT, list = BUF_INIT;
	struct connection_call call = {
		.walk = &w, .name = "crm", .url = &url, .headers = &list,
		.body = {body, strlen(body)}, .id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
		.now_ms = 1614265330999, .timeout_ms = 1000,
	};

	buf_add_text(&url, "https://x.example/v1/a");
	buf_addf(&list, "[%s", headers);
	int rc = connection_apply(c, &call, &err);
	snprintf(got_url, sizeof(got_url), "%s", url.ptr);
	snprintf(got_headers, sizeof(got_headers), "%s]", list.ptr);
	old_token = call.old_token;
	connection_free(c);
	secrets_release(&secrets);
	buf_release(&url);
	buf_release(&list);
	return rc;
}

#define SENDS(authentication, body, headers) \
	do { \
		assert_int_equal(apply(authentication, "", body), 0); \
		assert_string_equal(got_headers, headers); \
	} while (0)

static void each_kind_sends_its_proof(void **state)
{
	(void)state;
	SENDS("{\"type\":\"none\"}", "", "[]");
	SENDS("{\"type\":\"basic\",\"user\":\"Aladdin\",\"secret\":\"k\"}", "",
	      "[[\"Authorization\",\"Basic QWxhZGRpbjpPcGUgbjpTJnNhbWU=\"]]");
	SENDS("{\"type\":\"bearer\",\"secret\":\"k\"}", "",
	      "[[\"Authorization\",\"Bearer Ope n:S&same\"]]");
	SENDS("{\"type\":\"api_key\",\"secret\":\"k\"}", "", "[[\"X-API-Key\",\"Ope n:S&same\"]]");
	SENDS("{\"type\":\"api_key\",\"in\":\"query\",\"name\":\"the key\",\"secret\":\"k\"}", "", "[]");
	assert_string_equal(got_url, "https://x.example/v1/a?the%20key=Ope%20n%3AS%26same");
	/* The vectors are those of `openssl dgst -hmac` and of the Standard Webhooks libraries. */
	SENDS("{\"type\":\"hmac\",\"header\":\"X-Sign\",\"prefix\":\"sha256=\",\"secret\":\"k\"}",
	      "hello", "[[\"X-Sign\",\"sha256=f06080ead4f4163445758372660db1a768739111964a50c23789608ec8fe0560\"]]");
	SENDS("{\"type\":\"hmac\",\"header\":\"X-Sign\",\"algorithm\":\"sha1\",\"encoding\":\"base64\","
	      "\"secret\":\"k\"}", "hello", "[[\"X-Sign\",\"ZYAEliZ9nN/MSISSi5a0OxanV8I=\"]]");
	SENDS("{\"type\":\"standard_webhooks\",\"secret\":\"signing\"}", "{\"test\": 2432232314}",
	      "[[\"webhook-id\",\"msg_p5jXN8AQM9LWM0D4loKWxJek\"],"
	      "[\"webhook-timestamp\",\"1614265330\"],"
	      "[\"webhook-signature\",\"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\"]]");
}

static void what_cannot_be_sent_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(apply("{\"type\":\"bearer\",\"secret\":\"missing\"}", "", ""), -1);
	assert_non_null(strstr(err.text, "connection \"crm\": there is no secret \"missing\""));
	assert_int_equal(apply("{\"type\":\"bearer\",\"secret\":\"k\"}", "[\"authorization\",\"x\"]", ""),
			 -1);
	assert_non_null(strstr(err.text, "Authorization is set by the connection"));
	assert_int_equal(apply("{\"type\":\"standard_webhooks\",\"secret\":\"k\"}", "", ""), -1);
	assert_non_null(strstr(err.text, "whsec_"));
	assert_null(strstr(err.text, "same"));
}

#define OAUTH(more) \
	"{\"type\":\"oauth2_client_credentials\",\"token_url\":\"https://login.example/t\"," \
	"\"client_id\":\"me\",\"secret\":\"k\"" more "}"

static void a_token_is_kept_until_it_expires(void **state)
{
	(void)state;
	token_calls = 0;
	token_answer = "{\"access_token\":\"one\",\"token_type\":\"Bearer\",\"expires_in\":3600}";
	SENDS(OAUTH(""), "", "[[\"Authorization\",\"Bearer one\"]]");
	assert_false(old_token);
	assert_string_equal(token_request, "POST https://login.example/t [[\"Content-Type\","
			    "\"application/x-www-form-urlencoded\"],[\"Accept\",\"application/json\"],"
			    "[\"Authorization\",\"Basic bWU6T3BlK24lM0FTJTI2c2FtZQ==\"]] "
			    "grant_type=client_credentials");
	SENDS(OAUTH(""), "", "[[\"Authorization\",\"Bearer one\"]]");
	assert_true(old_token);
	assert_int_equal(token_calls, 1);
	/* One for something else is another one. */
	token_answer = "{\"access_token\":\"two\",\"expires_in\":\"29\"}";
	SENDS(OAUTH(",\"scope\":\"a b\",\"audience\":\"https://x/\",\"send\":\"body\""), "",
	      "[[\"Authorization\",\"Bearer two\"]]");
	assert_non_null(strstr(token_request, "grant_type=client_credentials&scope=a+b&"
			       "audience=https%3A%2F%2Fx%2F&client_id=me&client_secret=Ope+n%3AS%26same"));
	assert_null(strstr(token_request, "Basic"));
	/* It expires so soon that it is not kept. */
	SENDS(OAUTH(",\"scope\":\"a b\",\"audience\":\"https://x/\",\"send\":\"body\""), "",
	      "[[\"Authorization\",\"Bearer two\"]]");
	assert_int_equal(token_calls, 3);
}

static void faulty_documents_are_refused(void **state)
{
	static const struct {
		const char *text, *pointer, *words;
	} faulty[] = {
		{"[]", "", "must be an object"},
		{"{}", "", "\"base_url\" is missing"},
		{"{\"base_url\":\"ftp://x\",\"authentication\":{\"type\":\"none\"}}", "/base_url", "https://"},
		{"{\"base_url\":\"https://u:p@x/\",\"authentication\":{\"type\":\"none\"}}", "/base_url",
		 "user"},
		{"{\"base_url\":\"https://x/{{ .a }}\",\"authentication\":{\"type\":\"none\"}}", "/base_url",
		 "expressions"},
		{"{\"base_url\":\"https://x\",\"authentication\":{\"type\":\"magic\"}}",
		 "/authentication/type", "known are: none, basic, bearer, api_key"},
		{"{\"base_url\":\"https://x\",\"authentication\":{\"type\":\"bearer\"}}", "/authentication",
		 "\"secret\" is missing"},
		{"{\"base_url\":\"https://x\",\"authentication\":{\"type\":\"bearer\",\"token\":\"abc\"}}",
		 "/authentication/token", "unknown member"},
		{"{\"base_url\":\"https://x\",\"authentication\":{\"type\":\"bearer\",\"secret\":\"a b\"}}",
		 "/authentication/secret", "is no name of a secret"},
		{"{\"base_url\":\"https://x\",\"authentication\":{\"type\":\"hmac\",\"secret\":\"k\","
		 "\"header\":\"Host\"}}", "/authentication/header", "\"Host\""},
		{"{\"base_url\":\"https://x\",\"authentication\":{\"type\":\"basic\",\"secret\":\"k\","
		 "\"user\":\"a:b\"}}", "/authentication/user", "colon"},
		{"not json", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faulty); i++) {
		struct connection *c = NULL;
		struct faults faults;
		assert_int_equal(connection_parse(faulty[i].text, strlen(faulty[i].text), &c, &faults), -1);
		assert_null(c);
		if (strcmp(faults.list[0].pointer, faulty[i].pointer) != 0 ||
		    !strstr(faults.list[0].text, faulty[i].words))
			fail_msg("%s: %s: %s", faulty[i].text, faults.list[0].pointer,
				 faults.list[0].text);
		faults_release(&faults);
	}
}

static void a_path_stays_beneath_its_base(void **state)
{
	static const char *const out[] = {
		"a", ".x.example/", "@x.example/", ":80/", "//x.example/../a", "/..", "/../b", "/a/../b",
		"/a/..?x", "/%2e%2e/b", "/.%2E/b", "/a/%2E./", "\\x", "https://x.example/",
	};
	static const char *const in[] = {"", "/", "/a", "?q=..", "/a..b/...", "/a?b=/../c", "/.a/", "/./a"};
	struct connection *c = parse("{\"type\":\"none\"}");
	struct buf url = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(out); i++)
		if (connection_url(c, out[i], &url, &err) == 0)
			fail_msg("%s was taken", out[i]);
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		if (connection_url(c, in[i], &url, &err) < 0)
			fail_msg("%s was refused: %s", in[i], err.text);
	buf_clear(&url);
	assert_int_equal(connection_url(c, "/a?b", &url, &err), 0);
	assert_string_equal(url.ptr, "https://x.example/v1/a?b");
	buf_release(&url);
	connection_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_sends_its_proof),
		cmocka_unit_test(what_cannot_be_sent_is_an_error),
		cmocka_unit_test(a_token_is_kept_until_it_expires),
		cmocka_unit_test(faulty_documents_are_refused),
		cmocka_unit_test(a_path_stays_beneath_its_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
