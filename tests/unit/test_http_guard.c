/* SPDX-License-Identifier: MIT */
/* One way to read a request, or none. Heads are written as they come over the wire and then cut
 * in place the way CivetWeb does it, which is what http_guard_layout judges. */
#include "server/http_guard.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static char buffer[8192];
static struct http_header headers[64];

/* Skips what CivetWeb takes for the end of a word, leaving NULs. */
static char *end_word(char *p)
{
	while (*p > ' ' && *p < 127)
		p++;
	do
		*p++ = '\0';
	while (*p == ' ' || (*p >= '\t' && *p <= '\r'));
	return p;
}

static size_t cut_headers(char *p)
{
	size_t n = 0;

	for (; n < 64; n++) {
		char *name = p;
		while (*p != ':' && *p > ' ' && *p < 127)
			p++;
		if (p == name)
			break;
		while (*p == ' ')
			*p++ = '\0';
		*p++ = '\0';
		while (*p == ' ' || *p == '\t')
			p++;
		headers[n] = (struct http_header){name, p};
		p += strcspn(p, "\r\n");
		if (*p == '\r')
			*p++ = '\0';
		*p++ = '\0';
		if (*p == '\r' || *p == '\n') {
			n++;
			break;
		}
	}
	return n;
}

/* Reads a whole head; the guard's answer is its status, 0 when it passes. */
static int judge(const char *head, struct http_request *out)
{
	struct http_request r = {.query = "", .remote = "192.0.2.1", .headers = headers};
	struct http_refusal why = {0};

	memset(buffer, 'x', sizeof(buffer));
	memcpy(buffer, head, strlen(head));
	buffer[strlen(head) - 1] = '\0';
	char *p = buffer + strspn(buffer, "\r\n ");
	r.method = p;
	r.path = p = end_word(p);
	r.version = (p = end_word(p)) + 5;
	p = end_word(p);
	char *mark = strchr(r.path, '?');
	if (mark) {
		*mark = '\0';
		r.query = mark + 1;
	}
	r.n_headers = cut_headers(p);
	int rc = http_guard(&r, buffer, buffer + sizeof(buffer), &why);
	assert_int_equal(rc < 0, why.status != 0);
	assert_int_equal(rc < 0, why.text[0] != '\0');
	if (out)
		*out = r;
	return why.status;
}

#define LINE "POST /in/a HTTP/1.1\r\nHost: x\r\n"

static void test_guard_takes_well_framed_heads(void **state)
{
	struct http_request r;

	(void)state;
	assert_int_equal(judge(LINE "Content-Length: 12\r\n\r\n", &r), 0);
	assert_int_equal(r.content_length, 12);
	assert_false(r.chunked);
	assert_int_equal(judge(LINE "Transfer-Encoding: Chunked\r\nX:\r\n\r\n", &r), 0);
	assert_true(r.chunked);
	assert_int_equal(r.content_length, -1);
	assert_int_equal(judge("GET /in/a?b=1&c HTTP/1.0\r\n\r\n", NULL), 0);
	assert_int_equal(judge("GET /in/a? HTTP/1.1\r\nHost: x\r\n\r\n", NULL), 0);
	assert_int_equal(judge("\r\nGET /in/a HTTP/1.1\r\nHost: x\r\n\r\n", NULL), 0);
}

static void test_guard_trims_values_only_at_their_ends(void **state)
{
	struct http_request r;

	(void)state;
	assert_int_equal(judge(LINE "X-A:  two  words \t\r\nContent-Length: 2 \r\n\r\n", &r), 0);
	assert_string_equal(http_request_header(&r, "x-a"), "two  words");
	assert_int_equal(r.content_length, 2);
}

static void test_guard_refuses_ambiguous_lengths(void **state)
{
	static const char *const lines[] = {
		"Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4",
		"Content-Length: 2\r\nContent-Length: 2", "Content-Length: 2, 2", "Content-Length: 5abc",
		"Content-Length: +5", "Content-Length: -1", "Content-Length: 0x2", "Content-Length:",
		"Content-Length: 1 2", "Content-Length: 18446744073709551618", "Transfer-Encoding: identity",
		"Transfer-Encoding: gzip, chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding:",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
		"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
	};
	char head[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		snprintf(head, sizeof(head), LINE "%s\r\n\r\n", lines[i]);
		if (judge(head, NULL) != 400)
			fail_msg("taken: %s", lines[i]);
	}
	assert_int_equal(judge("POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", NULL), 400);
}

static void test_guard_sees_how_lines_were_ended_and_folded(void **state)
{
	static const char *const heads[] = {
		LINE "X-A: 1\r\n folded\r\nContent-Length: 2\r\n\r\n", LINE "X-A: 1\r\n folded\r\n\r\n",
		LINE "Content-Length : 2\r\n\r\n", LINE "Content-Length: 2\nX: y\r\n\r\n",
		LINE "Content-Length: 2\n\r\n", LINE "Content-Length: 2\r\n\n",
		"POST /a HTTP/1.1\nHost: x\r\n\r\n", "POST /a HTTP/1.1\nHost: x\n\n",
		"POST /a HTTP/1.1\r\n X: folded\r\nHost: x\r\n\r\n", "GET /a HTTP/1.0\r\n X: y\r\n\r\n",
		"POST  /a HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a  HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /a?  HTTP/1.1\r\nHost: x\r\n\r\n", "POST \r\n/a HTTP/1.1\r\nHost: x\r\n\r\n",
		"\r\n\r\nPOST /a HTTP/1.1\r\nHost: x\r\n\r\n", " POST /a HTTP/1.1\r\nHost: x\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		if (judge(heads[i], NULL) != 400)
			fail_msg("taken: %s", heads[i]);
}

static void test_guard_refuses_paths_that_could_be_read_twice(void **state)
{
	static const char *const bad[] = {"/in/%00", "/in/%0d%0a", "/in/%7F", "/in/%", "/in/%zz", "/in/%2",
					  "/in/../a", "/in/./a", "/in/..", "/in/%2e%2E/a", "/in/.%2e", "/in/a\\b",
					  "/in/a\"b", "/in/a#b", "http://x/in/a", "*", "in/a"};
	static const char *const good[] = {"/in/a%2Fb", "/in/...", "/in/.well-known", "/in/a..b", "/in/%C3%BC",
					   "/in/a:@!$&'()*+,;=~b", "/in//a", "/"};
	char head[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", bad[i]);
		if (judge(head, NULL) != 400)
			fail_msg("taken: %s", bad[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", good[i]);
		if (judge(head, NULL) != 0)
			fail_msg("refused: %s", good[i]);
	}
}

static void test_guard_wants_one_host_and_few_headers(void **state)
{
	char head[4096] = LINE;
	size_t len = strlen(head);

	(void)state;
	assert_int_equal(judge("GET / HTTP/1.1\r\n\r\n", NULL), 400);
	assert_int_equal(judge(LINE "host: y\r\n\r\n", NULL), 400);
	for (int i = 0; i < 62; i++)
		len += (size_t)snprintf(head + len, sizeof(head) - len, "X-%d: %d\r\n", i, i);
	snprintf(head + len, sizeof(head) - len, "\r\n");
	assert_int_equal(judge(head, NULL), 0); /* 63 */
	snprintf(head + len, sizeof(head) - len, "X-62: 62\r\n\r\n");
	assert_int_equal(judge(head, NULL), 431);
}

static void test_guard_refuses_websocket_and_ignores_h2c(void **state)
{
	(void)state;
	assert_int_equal(judge(LINE "Connection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n", NULL), 501);
	assert_int_equal(judge(LINE "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", NULL), 0);
}

static void test_guard_knows_who_wants_to_stay(void **state)
{
	struct http_request r;

	(void)state;
	judge(LINE "\r\n", &r);
	assert_true(http_guard_keep_alive(&r));
	judge(LINE "Connection: close\r\n\r\n", &r);
	assert_false(http_guard_keep_alive(&r));
	judge("GET / HTTP/1.0\r\n\r\n", &r);
	assert_false(http_guard_keep_alive(&r));
	judge("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", &r);
	assert_true(http_guard_keep_alive(&r));
}

static void test_response_headers_cannot_begin_a_line(void **state)
{
	struct http_response r;
	struct buf out = BUF_INIT;

	(void)state;
	http_response_init(&r);
	assert_int_equal(http_response_header(&r, "X-A", "1\r\nX-B: 2"), 0);
	assert_int_equal(http_response_header(&r, "X-A", "1\n"), 0);
	assert_int_equal(http_response_header(&r, "X A", "1"), 0);
	assert_int_equal(http_response_header(&r, "", "1"), 0);
	assert_int_equal(http_response_header(&r, "content-length", "1"), 0);
	assert_int_equal(http_response_header(&r, "Transfer-Encoding", "chunked"), 0);
	assert_int_equal(http_response_header(&r, "X-A", "fine\tvalue"), 1);
	buf_add_text(&r.body, "hello");
	http_response_write(&r, false, true, &out);
	assert_non_null(strstr(out.ptr, "X-A: fine\tvalue\r\n"));
	assert_non_null(strstr(out.ptr, "Content-Length: 5\r\n"));
	assert_non_null(strstr(out.ptr, "\r\n\r\nhello"));
	assert_null(strstr(out.ptr, "X-B"));
	buf_clear(&out);
	http_response_write(&r, true, false, &out);
	assert_non_null(strstr(out.ptr, "Content-Length: 5\r\n"));
	assert_null(strstr(out.ptr, "hello"));
	assert_non_null(strstr(out.ptr, "Connection: close\r\n\r\n"));
	r.status = 204;
	buf_clear(&out);
	http_response_write(&r, false, true, &out);
	assert_null(strstr(out.ptr, "Content-Length"));
	assert_null(strstr(out.ptr, "hello"));
	buf_release(&out);
	http_response_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guard_takes_well_framed_heads),
		cmocka_unit_test(test_guard_trims_values_only_at_their_ends),
		cmocka_unit_test(test_guard_refuses_ambiguous_lengths),
		cmocka_unit_test(test_guard_sees_how_lines_were_ended_and_folded),
		cmocka_unit_test(test_guard_refuses_paths_that_could_be_read_twice),
		cmocka_unit_test(test_guard_wants_one_host_and_few_headers),
		cmocka_unit_test(test_guard_refuses_websocket_and_ignores_h2c),
		cmocka_unit_test(test_guard_knows_who_wants_to_stay),
		cmocka_unit_test(test_response_headers_cannot_begin_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
