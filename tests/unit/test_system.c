/* SPDX-License-Identifier: MIT */
/* Files of systems: what is refused and where, what sources, templates and parts find in a request,
 * and which file stands for a name. */
#include "flow/system.h"

#include "common/mem.h"
#include "flow/system_inner.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "{\"name\":\"acme\",\"title\":\"Acme\",\"category\":\"test\",\"about\":\"A test.\""

/* The first fault of a file that goes on so, as "pointer: text"; "" when it is fine. */
static const char *fault_of(const char *rest)
{
	static char out[600];
	char *text = mem_format("%s%s}", HEAD, rest);
	struct faults faults;
	struct system *s;
	int rc = system_parse(text, strlen(text), "acme", &s, &faults);

	out[0] = '\0';
	assert_int_equal(rc < 0, faults.errors > 0);
	if (faults.count)
		snprintf(out, sizeof(out), "%s: %s", faults.list[0].pointer, faults.list[0].text);
	system_drop(s);
	faults_release(&faults);
	free(text);
	return out;
}

static void says(const char *rest, const char *pointer, const char *words)
{
	const char *got = fault_of(rest);
	size_t len = strlen(pointer);

	if (strncmp(got, pointer, len) != 0 || got[len] != ':' || !strstr(got, words))
		fail_msg("%s: wanted %s: ...%s..., got %s", rest, pointer, words, got);
}

#define SCHEME(rest) ",\"schemes\":[{\"type\":\"hmac\",\"signature\":{\"from\":\"header:X\",\"encoding\":\"hex\"}" rest "}]"

static void faults_stand_where_they_are(void **state)
{
	(void)state;
	assert_string_equal(fault_of(""), "");
	assert_string_equal(fault_of(SCHEME("")), "");
	says(",\"titel\":\"x\"", "/titel", "did you mean \"title\"?");
	says(SCHEME(",\"signs\":\"{bdy}\""), "/schemes/0/signs", "did you mean \"body\"?");
	says(SCHEME(",\"signs\":\"{body\""), "/schemes/0/signs", "not closed");
	says(SCHEME(",\"signs\":\"{body|sha3}\""), "/schemes/0/signs", "no filter");
	says(SCHEME(",\"signs\":\"{secret}{body}\""), "/schemes/0/signs", "means nothing here");
	says(SCHEME(",\"signs\":\"{item:a}\""), "/schemes/0/signs", "means nothing here");
	says(SCHEME(",\"signs\":\"{setting:a}\""), "/schemes/0/signs", "does not declare");
	says(SCHEME(",\"signs\":\"{json:a[x]}\""), "/schemes/0/signs", "no path");
	says(SCHEME(",\"algorithm\":\"sha3\""), "/schemes/0/algorithm", "known are md5");
	says(SCHEME(",\"key\":[\"base32\"]"), "/schemes/0/key", "strip:PREFIX");
	says(SCHEME(",\"tolerance_s\":300"), "/schemes/0/tolerance_s", "needs a \"timestamp\"");
	says(SCHEME(",\"checks\":[[\"a\"]]"), "/schemes/0/checks", "pair");
	says(SCHEME(",\"claims\":{\"a\":1}"), "/schemes/0/claims", "says nothing to a scheme of type \"hmac\"");
	says(SCHEME(",\"when\":{\"header:X\":{\"like\":\"a\"}}"), "/schemes/0/when", "matches");
	says(SCHEME(",\"when\":{\"header:X\":{\"matches\":\"(\"}}"), "/schemes/0/when", "matches");
	says(",\"schemes\":[{\"type\":\"hmac\"}]", "/schemes/0", "\"signature\" is missing");
	says(",\"schemes\":[{\"type\":\"hmac\",\"signature\":{\"from\":\"header:X\"}}]", "/schemes/0/signature",
	     "\"encoding\" is missing");
	says(",\"dedupe\":true", "/dedupe", "needs a \"delivery_id\"");
	says(",\"reply\":{\"success\":[\"abc\"]}", "/reply/success", "list of statuses");
	says(",\"schemes\":[{\"type\":\"rsa\",\"signature\":{\"from\":\"header:X\",\"encoding\":\"hex\"},"
	     "\"public_key\":{\"fetch\":\"https://{header:H}/\"}}]", "/schemes/0/public_key/hosts", "hosts that are named");
	says(",\"schemes\":[{\"type\":\"rsa\",\"signature\":{\"from\":\"header:X\",\"encoding\":\"hex\"},"
	     "\"public_key\":{\"fetch\":\"https://{header:H}/\",\"hosts\":\"*.com\"}}]", "/schemes/0/public_key/hosts",
	     "pins no host");
}

#define SHAKE(when, proof, rest) \
	",\"handshakes\":[{\"name\":\"h\",\"when\":" when ",\"proof\":" proof rest ",\"reply\":{\"text\":\"{value:a}\"}}]"
#define SIGNED_VALUE ",\"values\":{\"a\":{\"type\":\"hmac\",\"signs\":\"{query:c}\"}}"

static void a_handshake_signs_nothing_for_strangers(void **state)
{
	(void)state;
	says(SHAKE("{\"query:c\":true}", "\"none\"", SIGNED_VALUE), "/handshakes/0", "comes from anybody");
	assert_string_equal(fault_of(SHAKE("{\"query:c\":{\"matches\":\"[a-f0-9]{32}\"}}", "\"none\"", SIGNED_VALUE)), "");
	says(SHAKE("{}", "\"none\"", ""), "/handshakes/0/when", "every request");
	says(SHAKE("{\"query:c\":true}", "\"signature\"", ""), "/handshakes/0/proof", "no scheme");
	says(SHAKE("{\"query:c\":true}", "\"trust\"", ""), "/handshakes/0/proof", "\"equal\"");
}

/* ---- what is found ---- */

struct found {
	struct system_held held;
	struct faults faults;
	struct maker maker;
	struct system_request request;
	struct system_view view;
	struct buf out;
};

static const struct system_header headers[] = {
	{"Content-Type", "application/json"}, {"X-Sig", "t=1,v1=aa, v1=bb ,v0=cc"}, {"X-Twice", "1"},
	{"x-twice", "2"}, {"X-Many-1", "one"}, {"X-Many-2", "two"},
};

static void found_open(struct found *f, const char *body)
{
	memset(f, 0, sizeof(*f));
	f->maker = (struct maker){&f->held, &f->faults};
	f->request = (struct system_request){
		.method = "POST", .url = "https://a.example/in/x?q=1%202&r=1&r=2", .query = "q=1%202&r=1&r=2",
		.headers = headers, .n_headers = ARRAY_LEN(headers), .body = {body, strlen(body)},
	};
	f->view.request = &f->request;
	buf_init(&f->out);
}

static void found_close(struct found *f)
{
	for (size_t i = 0; i < f->held.n_owned; i++)
		free(f->held.owned[i]);
	free(f->held.owned);
	faults_release(&f->faults);
	buf_release(&f->out);
}

static void gives(struct found *f, const char *template, const char *wanted)
{
	const struct system_template *t = make_template(&f->maker, "", template, PLACE_SIGNS);

	assert_non_null(t);
	buf_clear(&f->out);
	system_template_add(t, &f->view, &f->out);
	assert_string_equal(f->out.ptr, wanted);
}

static void templates_find_what_they_name(void **state)
{
	struct found f;

	(void)state;
	found_open(&f, "{\"a\":{\"b\":[{\"c-d\":\"x\\u00e9\"},2]},\"n\":null,\"t\":1.50,\"x.y\":\"dot\"}");
	gives(&f, "{method} {url_path} {url_base}", "POST /in/x https://a.example/in/x");
	gives(&f, "{json:a.b[0][\"c-d\"]}|{json:a.b[-1]}|{json:t}|{json:[\"x.y\"]}", "x\xc3\xa9|2|1.50|dot");
	gives(&f, "[{json:n}{json:zz}{json:a.b[7]}{json:t.u}]", "[]");
	gives(&f, "{{{header:content-type}}", "{application/json}");
	gives(&f, "{query:q}|{query:r}|{header:x-twice}", "1 2||");
	gives(&f, "{method|lower}{method|sha256|hex|upper}", "post9AEE6B1BCDF617D8E39BB1F2B624C68EA33DEB9D48E0364AEADED836D3D00293");
	found_close(&f);
}

static void candidates(struct found *f, const char *json, const char *wanted)
{
	static const struct param part[] = {
		{.name = "from", .type = PARAM_TEXTS}, {.name = "split", .type = PARAM_TEXT},
		{.name = "prefix", .type = PARAM_TEXT}, {.name = "after", .type = PARAM_TEXT},
		{.name = "index", .type = PARAM_INT}, {.name = "from_index", .type = PARAM_INT},
		{.name = "encoding", .type = PARAM_TEXT}, {.name = "decode", .type = PARAM_TEXT},
		{.name = "json", .type = PARAM_TEXT}, {.name = "unit", .type = PARAM_TEXT}, {0},
	};
	struct err err;
	cJSON *node = json_parse(json, strlen(json), &err);
	struct reader r = {.faults = &f->faults};
	struct args args = {0};
	struct system_candidates c;

	param_read(&r, NULL, node, part, &args);
	const struct arg whole = {.node = node, .items = &args, .n_items = 1, .pointer = (char *)""};
	const struct system_part *p = make_part(&f->maker, &whole, 0);
	system_part_find(p, &f->view, &c);
	buf_clear(&f->out);
	for (size_t i = 0; i < c.n; i++) {
		buf_addf(&f->out, "%s", i ? " " : "");
		buf_add_slice(&f->out, system_candidate(&c, i));
	}
	if (!c.n)
		buf_add_text(&f->out, c.missing);
	assert_string_equal(f->out.ptr, wanted);
	system_candidates_release(&c);
	args_release(&args);
	cJSON_Delete(node);
}

static void parts_cut_their_source(void **state)
{
	struct found f;

	(void)state;
	found_open(&f, "{\"s\":\"eyJzaWciOiJZV0k9In0=\"}");
	candidates(&f, "{\"from\":\"header:X-Sig\",\"split\":\",\",\"prefix\":\"v1=\"}", "aa bb");
	candidates(&f, "{\"from\":\"header:X-Sig\",\"split\":\",\",\"index\":0}", "t=1");
	candidates(&f, "{\"from\":\"header:X-Sig\",\"split\":\",\",\"from_index\":2,\"after\":\"=\"}", "bb cc");
	candidates(&f, "{\"from\":[\"header:X-Many-*\",\"header:X-None\"]}", "one two");
	candidates(&f, "{\"from\":\"header:X-None\"}", "header:X-None is missing");
	candidates(&f, "{\"from\":\"header:X-Twice\"}", "header:X-Twice was sent 2 times");
	candidates(&f, "{\"from\":\"header:X-Sig\",\"split\":\",\",\"prefix\":\"v9=\"}",
		   "header:X-Sig has nothing that begins with \"v9=\"");
	candidates(&f, "{\"from\":\"header:X-Many-1\",\"encoding\":\"hex\"}", "header:X-Many-1 (3 characters) is not hex");
	candidates(&f, "{\"from\":\"json:s\",\"decode\":\"base64\",\"json\":\"sig\",\"encoding\":\"base64\"}", "ab");
	found_close(&f);
}

static void a_form_is_sorted_as_twilio_sorts_it(void **state)
{
	static const struct system_header form[] = {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}};
	struct found f;

	(void)state;
	found_open(&f, "b=2&a=1+1&b=1&b=2&c=");
	f.request.headers = form;
	f.request.n_headers = 1;
	gives(&f, "{form_sorted}", "a1 1b1b2c");
	f.request.headers = headers;
	gives(&f, "{form_sorted}", "");
	assert_true(f.view.unsignable);
	found_close(&f);
}

static void hosts_are_pinned_label_by_label(void **state)
{
	static const char *const pins[] = {"*.paypal.com", "sns.*.amazonaws.com", "keys.example", NULL};
	static const struct {
		const char *host;
		bool fits;
	} cases[] = {
		{"api.paypal.com", true}, {"API.PayPal.com", true}, {"paypal.com", false}, {"a.b.paypal.com", false},
		{"evilpaypal.com", false}, {"api.paypal.com.evil.example", false}, {"sns.eu-central-1.amazonaws.com", true},
		{"sns.amazonaws.com", false}, {"sns..amazonaws.com", false}, {"keys.example", true}, {"keys.example.", false},
		{"", false}, {".paypal.com", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice host = {cases[i].host, strlen(cases[i].host)};
		if (system_host_pinned(pins, host) != cases[i].fits)
			fail_msg("%s", cases[i].host);
	}
}

static void an_id_is_whole_or_none_a_type_is_what_is_there(void **state)
{
	static const char text[] = HEAD ",\"delivery_id\":[\"json:a\",\"json:b\"],\"event_type\":[\"json:a\",\"json:b\"]}";
	struct faults faults;
	struct system *s;
	struct found f;

	(void)state;
	assert_int_equal(system_parse(text, strlen(text), "acme", &s, &faults), 0);
	found_open(&f, "{\"a\":1,\"b\":\"x\"}");
	assert_int_equal(system_delivery_id(s, &f.view, &f.out), 1);
	assert_string_equal(f.out.ptr, "1.x");
	found_close(&f);
	found_open(&f, "{\"b\":\"x\"}");
	assert_int_equal(system_delivery_id(s, &f.view, &f.out), 0);
	assert_int_equal(f.out.len, 0);
	assert_int_equal(system_event_type(s, &f.view, &f.out), 1);
	assert_string_equal(f.out.ptr, "x");
	found_close(&f);
	found_open(&f, "{\"a\":7}");
	assert_int_equal(system_delivery_id(s, &f.view, &f.out), 0);
	found_close(&f);
	system_drop(s);
	faults_release(&faults);
}

/* ---- which file ---- */

static void write_file(const char *dir, const char *name, const char *text)
{
	char *path = mem_format("%s/systems/%s.json", dir, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	free(path);
}

static void an_operators_file_adds_and_overrides(void **state)
{
	char dir[] = "/tmp/ringbolt-system-XXXXXX", hint[128];
	const struct system *s, *again;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	char *folder = mem_format("%s/systems", dir);
	assert_int_equal(mkdir(folder, 0700), 0);
	systems_folder(dir);
	assert_int_equal(systems_find("acme", &s, &err), 0);
	assert_int_equal(systems_find("../secrets", &s, &err), 0);
	assert_non_null(strstr(systems_near("githup", hint), "github"));

	write_file(dir, "acme", HEAD "}");
	assert_int_equal(systems_find("acme", &s, &err), 1);
	assert_true(s->own);
	write_file(dir, "acme", HEAD ",\"titel\":1}");
	systems_reload(); /* faulty: the old one goes on */
	assert_int_equal(systems_find("acme", &again, &err), 1);
	assert_ptr_equal(s, again);
	system_drop(again);
	write_file(dir, "acme", "{\"name\":\"acme\",\"title\":\"New\",\"category\":\"t\",\"about\":\"a\"}");
	systems_reload();
	assert_int_equal(systems_find("acme", &again, &err), 1);
	assert_string_equal(again->title, "New");
	assert_string_equal(s->title, "Acme"); /* who holds the old one keeps it */
	system_drop(again);
	system_drop(s);

	write_file(dir, "github", "{\"name\":\"gitlab\"}");
	assert_int_equal(systems_find("github", &s, &err), -1);
	assert_non_null(strstr(err.text, "systems/github.json is faulty"));
	systems_folder(NULL);
	assert_int_equal(systems_find("github", &s, &err), 1);
	assert_false(s->own);
	system_drop(s);
	char *rm = mem_format("%s/acme.json", folder);
	unlink(rm);
	free(rm);
	rm = mem_format("%s/github.json", folder);
	unlink(rm);
	free(rm);
	rmdir(folder);
	rmdir(dir);
	free(folder);
}

/* What is in the binary can be read, each under its own name. */
static void every_embedded_file_is_fine(void **state)
{
	char **names;
	size_t n = systems_names(&names);
	const struct system *s;
	struct err err;

	(void)state;
	assert_true(n >= 5);
	for (size_t i = 0; i < n; i++) {
		if (systems_find(names[i], &s, &err) != 1)
			fail_msg("%s: %s", names[i], err.text);
		assert_string_equal(s->name, names[i]);
		assert_true(json_get(s->json, "sample") || strcmp(names[i], "generic") == 0);
		system_drop(s);
		free(names[i]);
	}
	free(names);
}

static void keys_are_made_of_secrets(void **state)
{
	static const struct system_key_change whsec[] = {{KEY_STRIP, "whsec_"}, {KEY_BASE64, NULL}};
	static const struct system_key_change sha1[] = {{KEY_DIGEST, "sha1"}};
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(system_key(whsec, 2, (struct slice){"whsec_YWJj", 10}, &out), 1);
	assert_string_equal(out.ptr, "abc");
	buf_clear(&out);
	assert_int_equal(system_key(whsec, 2, (struct slice){"whsec_!!!!", 10}, &out), 0);
	assert_int_equal(system_key(whsec, 2, (struct slice){"whsec_", 6}, &out), 0); /* nothing is no key */
	assert_int_equal(out.len, 0);
	assert_int_equal(system_key(sha1, 1, (struct slice){"a", 1}, &out), 1);
	assert_int_equal(out.len, 20);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_stand_where_they_are),
		cmocka_unit_test(a_handshake_signs_nothing_for_strangers),
		cmocka_unit_test(templates_find_what_they_name),
		cmocka_unit_test(parts_cut_their_source),
		cmocka_unit_test(a_form_is_sorted_as_twilio_sorts_it),
		cmocka_unit_test(hosts_are_pinned_label_by_label),
		cmocka_unit_test(an_id_is_whole_or_none_a_type_is_what_is_there),
		cmocka_unit_test(an_operators_file_adds_and_overrides),
		cmocka_unit_test(every_embedded_file_is_fine),
		cmocka_unit_test(keys_are_made_of_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
