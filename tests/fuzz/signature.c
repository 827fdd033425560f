/* SPDX-License-Identifier: MIT */
/* A signature header, a query and a body, with NUL bytes between: every way in which a part is cut,
 * a template is filled, a condition is judged and a time is read. */
#include "tests/fuzz/fuzz.h"

#include "flow/system.h"

/* One scheme for each way of cutting; what it signs asks for each source. */
static const char FILE_TEXT[] =
	"{\"name\":\"acme\",\"title\":\"Acme\",\"category\":\"test\",\"about\":\"A test.\",\"schemes\":["
	"{\"name\":\"list\",\"type\":\"hmac\",\"signature\":{\"from\":\"header:S\",\"split\":\",\",\"prefix\":\"v1=\","
	"\"encoding\":\"hex\"},\"timestamp\":{\"from\":\"header:S\",\"split\":\",\",\"prefix\":\"t=\",\"unit\":\"s\"},"
	"\"tolerance_s\":300,\"signs\":\"{timestamp}.{body}\"},"
	"{\"name\":\"after\",\"type\":\"hmac\",\"signature\":{\"from\":\"header:S\",\"split\":\" \",\"after\":\",\","
	"\"encoding\":\"base64\"},\"timestamp\":{\"from\":\"header:S\",\"unit\":\"iso\"},\"tolerance_s\":300,"
	"\"signs\":\"{method}{url}{query:a}{form_sorted}{body|sha256|hex}\"},"
	"{\"name\":\"item\",\"type\":\"hmac\",\"signature\":{\"from\":\"header:S\",\"split\":\".\",\"from_index\":1,"
	"\"encoding\":\"base64url\"},\"signs\":\"{form:a}{json:a.b[0]}{form_json:a:b}{lines:S,T}\"},"
	"{\"name\":\"form\",\"type\":\"hmac\",\"when\":{\"header:S\":{\"matches\":\"[a-z]+=.*\"}},"
	"\"signature\":{\"from\":[\"form:a\",\"query:a\",\"json:a.b[0]\"],\"encoding\":\"hex\"},"
	"\"signs\":\"{body|crc32}{url_path|lower}{url_base|upper}\"}"
	"]}";

static struct system *file;

static void read_file(void)
{
	struct faults faults;

	if (system_parse(FILE_TEXT, sizeof(FILE_TEXT) - 1, "acme", &file, &faults) < 0) {
		fprintf(stderr, "%s: %s\n", faults.list[0].pointer, faults.list[0].text);
		abort();
	}
	faults_release(&faults);
}

static void find(const struct system_part *part, struct system_view *v)
{
	struct system_candidates c;
	int64_t ms;

	system_part_find(part, v, &c);
	REQUIRE(c.n <= SYSTEM_CANDIDATES_MAX && (c.n == 0) == (c.missing[0] != '\0'));
	for (size_t i = 0; i < c.n; i++) {
		struct slice one = system_candidate(&c, i);
		REQUIRE(one.len == 0 || (one.ptr >= c.bytes.ptr && one.ptr + one.len <= c.bytes.ptr + c.bytes.len));
		system_part_time(part, one, &ms);
	}
	system_candidates_release(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct slice rest = {(const char *)data, len};
	char *header = fuzz_text(fuzz_until(&rest, '\0')), *query = fuzz_text(fuzz_until(&rest, '\0'));
	struct system_header headers[] = {{"S", header}, {"T", query}, {"Content-Type", "application/x-www-form-urlencoded"}};
	struct system_request request = {
		.method = "POST", .url = "https://a.example/in/x", .query = query, .headers = headers,
		.n_headers = ARRAY_LEN(headers), .body = rest,
	};
	struct system_view v = {.request = &request, .timestamp = {"1", 1}, .id = {"2", 1}};
	struct buf out = BUF_INIT;

	if (!file)
		read_file();
	for (size_t i = 0; i < file->n_schemes; i++) {
		const struct system_scheme *s = &file->schemes[i];
		if (s->when)
			system_condition_holds(s->when, &v);
		find(s->signature, &v);
		if (s->timestamp)
			find(s->timestamp, &v);
		system_template_add(s->signs, &v, &out);
	}
	buf_release(&out);
	free(header);
	free(query);
	return 0;
}
