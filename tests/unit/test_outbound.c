/* SPDX-License-Identifier: MIT */
/* The door to other systems, against a server that is slow, endless, rude or redirecting. */
#include "common/clock.h"
#include "common/mem.h"
#include "flow/outbound.h"
#include "flow/outbound_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the other system ---- */

static int listener = -1;
static int port;
static int talking = -1;      /* the connection in hand */
static char seen[65536];      /* the last request, whole */
static int connections;
static int requests;

static void say(int fd, const char *text)
{
	send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void endless(int fd, const char *start, const char *piece)
{
	say(fd, start);
	while (send(fd, piece, strlen(piece), MSG_NOSIGNAL) > 0)
		;
}

/* Answers one request by its path; false when the connection is done for. */
static bool answer(int fd, const char *path)
{
	char byte;

	if (strcmp(path, "/json") == 0)
		say(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
			"X-Twice: a\r\nx-twice: b\r\nContent-Length: 14\r\n\r\n{\"id\": 1e1000}");
	else if (strcmp(path, "/broken-json") == 0)
		say(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/problem+json\r\n"
			"Content-Length: 2\r\n\r\n{]");
	else if (strcmp(path, "/empty") == 0)
		say(fd, "HTTP/1.1 204 No Content\r\n\r\n");
	else if (strcmp(path, "/interim") == 0)
		say(fd, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
			"HTTP/1.1 200 OK\r\nX-Late: 1\r\nContent-Length: 0\r\n\r\n");
	else if (strcmp(path, "/redirect") == 0)
		say(fd, "HTTP/1.1 302 Found\r\nLocation: /json\r\nContent-Length: 0\r\n\r\n");
	else if (strcmp(path, "/endless") == 0)
		endless(fd, "HTTP/1.1 200 OK\r\n\r\n", "0123456789012345678901234567890");
	else if (strcmp(path, "/endless-headers") == 0)
		endless(fd, "HTTP/1.1 200 OK\r\n", "X-More: 0123456789012345678901234567890\r\n");
	else if (strcmp(path, "/slow") == 0)
		while (recv(fd, &byte, 1, 0) > 0) /* until the caller has had enough */
			;
	else if (strcmp(path, "/rude") == 0)
		say(fd, "this is not HTTP\r\n\r\n");
	else if (strcmp(path, "/reset") != 0)
		say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
	return strcmp(path, "/json") == 0 || strcmp(path, "/empty") == 0;
}

static void serve(int fd)
{
	size_t len = 0, body, length;
	char path[200];
	ssize_t n;

	while ((n = recv(fd, seen + len, sizeof(seen) - 1 - len, 0)) > 0) {
		len += (size_t)n;
		seen[len] = '\0';
		char *end = strstr(seen, "\r\n\r\n"), *counted = strcasestr(seen,
									    "content-length:");
		if (!end)
			continue;
		body = (size_t)(end + 4 - seen);
		length = counted && counted < end ? (size_t)atoi(counted + 15) : 0;
		if (len < body + length)
			continue;
		requests++;
		if (sscanf(seen, "%*s %199[^? ]", path) != 1 || !answer(fd, path))
			return;
		len = 0;
	}
}

static void *server(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			return NULL;
		connections++;
		talking = fd;
		serve(fd);
		close(fd);
	}
}

static pthread_t thread;

static int start(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(in);

	(void)state;
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&in, size) < 0 || listen(listener, 16) < 0 ||
	    getsockname(listener, (struct sockaddr *)&in, &size) < 0)
		return -1;
	port = ntohs(in.sin_port);
	return pthread_create(&thread, NULL, server, NULL);
}

static int stop(void **state)
{
	(void)state;
	shutdown(listener, SHUT_RDWR);
	shutdown(talking, SHUT_RDWR);
	close(listener);
	return pthread_join(thread, NULL);
}

/* ---- calling it ---- */

static struct outbound_response got;
static struct err err;

static int call_full(const char *method, const char *url, const char *headers, const char *body,
		     int timeout_ms, size_t max)
{
	struct outbound_request request = {method, url, headers,
					   {body, body ? strlen(body) : 0}, timeout_ms, max};

	outbound_response_release(&got);
	err = (struct err){0};
	return outbound_call(&request, &got, &err);
}

static int call(const char *path)
{
	char *url = mem_format("http://127.0.0.1:%d%s", port, path);
	int rc = call_full("GET", url, "[]", NULL, 2000, 1000);

	free(url);
	return rc;
}

static void an_answer_comes_whole(void **state)
{
	(void)state;
	assert_int_equal(call("/json"), 0);
	assert_int_equal(got.status, 200);
	assert_string_equal(got.body.ptr, "{\"id\": 1e1000}");
	assert_true(got.body_is_json);
	assert_non_null(strstr(got.headers.ptr, "\"x-twice\":\"a, b\""));
	assert_int_equal(call("/broken-json"), 0);
	assert_false(got.body_is_json);
	assert_int_equal(call("/elsewhere"), 0);
	assert_int_equal(got.status, 404);
	assert_int_equal(call("/interim"), 0);
	assert_null(strstr(got.headers.ptr, "x-early"));
	assert_non_null(strstr(got.headers.ptr, "x-late"));
}

static void a_request_goes_out_as_given(void **state)
{
	char *url = mem_format("http://127.0.0.1:%d/empty?a=b%%20c", port);

	(void)state;
	assert_int_equal(call_full("POST", url, "[[\"X-A\",\"1\"],[\"X-A\",\"2\"],[\"X-E\",\"\"]]",
				   "bytes", 2000, 0), 0);
	assert_int_equal(got.status, 204);
	assert_non_null(strstr(seen, "POST /empty?a=b%20c HTTP/1.1\r\n"));
	assert_non_null(strstr(seen, "X-A: 1\r\nX-A: 2\r\nX-E:\r\n"));
	assert_non_null(strstr(seen, "Content-Length: 5\r\n"));
	assert_non_null(strstr(seen, "\r\n\r\nbytes"));
	assert_null(strcasestr(seen, "expect:"));
	assert_null(strcasestr(seen, "content-type:"));
	assert_int_equal(call_full("PUT", url, "[]", NULL, 2000, 0), 0);
	assert_non_null(strstr(seen, "Content-Length: 0\r\n"));
	assert_int_equal(call_full("DELETE", url, "[]", NULL, 2000, 0), 0);
	assert_non_null(strstr(seen, "DELETE "));
	assert_int_equal(call_full("HEAD", url, "[]", NULL, 2000, 0), 0);
	assert_non_null(strstr(seen, "HEAD "));
	assert_int_equal(call_full("GET", url, "[]", NULL, 2000, 0), 0);
	assert_null(strcasestr(seen, "content-length:")); /* nothing is left of earlier calls */
	free(url);
}

static void connections_are_used_again(void **state)
{
	(void)state;
	assert_int_equal(call("/empty"), 0);
	int before = connections, asked = requests;
	for (int i = 0; i < 5; i++)
		assert_int_equal(call("/json"), 0);
	assert_int_equal(connections, before);
	assert_int_equal(requests, asked + 5);
}

static void redirects_are_not_followed(void **state)
{
	(void)state;
	int before = requests;
	assert_int_equal(call("/redirect"), 0);
	assert_int_equal(got.status, 302);
	assert_int_equal(requests, before + 1);
	assert_non_null(strstr(got.headers.ptr, "\"location\":\"/json\""));
}

static void the_environment_has_no_say(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	assert_int_equal(call("/json"), 0);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

static void slow_ends_in_time(void **state)
{
	char *url = mem_format("http://127.0.0.1:%d/slow?key=hidden", port);
	int64_t before = clock_mono_ms();

	(void)state;
	assert_int_equal(call_full("GET", url, "[]", NULL, 150, 1000), -1);
	assert_int_equal(err.kind, ERR_TIMEOUT);
	assert_true(clock_mono_ms() - before < 1500);
	assert_non_null(strstr(err.text, "did not answer within 150 ms"));
	assert_null(strstr(err.text, "hidden"));
	free(url);
}

static void endless_is_cut(void **state)
{
	(void)state;
	assert_int_equal(call("/endless"), -1);
	assert_int_equal(err.kind, ERR_TOO_BIG);
	assert_non_null(strstr(err.text, "more than 1000 bytes"));
	assert_int_equal(got.body.len, 0);
	assert_int_equal(call("/endless-headers"), -1);
	assert_int_equal(err.kind, ERR_TOO_BIG);
	assert_non_null(strstr(err.text, "bytes of headers"));
}

static void rudeness_is_an_upstream_error(void **state)
{
	(void)state;
	assert_int_equal(call("/reset"), -1);
	assert_int_equal(err.kind, ERR_UPSTREAM);
	assert_int_equal(call("/rude"), -1);
	assert_int_equal(err.kind, ERR_UPSTREAM);
	assert_int_equal(call_full("GET", "http://127.0.0.1:1/x?k=hidden", "[]", NULL, 500, 10),
			 -1);
	assert_int_equal(err.kind, ERR_UPSTREAM);
	assert_non_null(strstr(err.text, "GET http://127.0.0.1:1/x"));
	assert_null(strstr(err.text, "hidden"));
	assert_int_equal(call_full("GET", "http://no.such.name.invalid/", "[]", NULL, 2000, 10),
			 -1);
	assert_true(err.kind == ERR_UPSTREAM || err.kind == ERR_TIMEOUT);
	assert_int_equal(call("/json"), 0); /* and all is well again */
}

static void odd_urls_are_refused(void **state)
{
	static const char *const urls[] = {
		"ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://",
		"http://user@127.0.0.1/", "http://a:b@127.0.0.1/", "http://127.0.0.1/a b",
		"nonsense",
		"http://[fe80::1%25lo]/", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1:99999/",
		"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		assert_int_equal(call_full("GET", urls[i], "[]", NULL, 500, 10), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void odd_headers_are_refused(void **state)
{
	static const char *const lists[] = {
		"[[\"X-A\",\"a\\r\\nX-B: c\"]]", "[[\"Content-Length\",\"3\"]]",
		"[[\"transfer-encoding\",\"chunked\"]]", "[[\"Host\",\"x\"]]", "[[\"A B\",\"x\"]]",
		"[[\"\",\"x\"]]", "[[\"X-A\",\"\\u0000\"]]", "[[\"X\\u0000Y\",\"a\"]]",
		"[[\"X-A\"]]",
		"not json",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		assert_int_equal(call_full("GET", "http://127.0.0.1:1/", lists[i], NULL, 500, 10),
				 -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void some_addresses_are_never_called(void **state)
{
	static const char *const refused[] = {
		"169.254.169.254", "168.63.129.16", "100.100.100.200", "0.0.0.0", "0.1.2.3",
		"224.0.0.1",
		"239.255.255.255", "255.255.255.255", "fd00:ec2::254", "::", "ff02::1",
		"::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe",
		"2002:a9fe:a9fe::1",
		"::169.254.169.254", "rubbish",
	};
	static const char *const allowed[] = {"127.0.0.1", "10.0.0.1", "169.254.169.253", "8.8.8.8",
					      "::1", "2001:db8::1", "::ffff:127.0.0.1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_non_null(outbound_text_refused(refused[i]));
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		assert_null(outbound_text_refused(allowed[i]));
	assert_non_null(outbound_address_refused(&(struct sockaddr){.sa_family = AF_UNIX}));
}

static void odd_spellings_of_them_are_refused_too(void **state)
{
	static const char *const urls[] = {
		"http://169.254.169.254/latest/meta-data/", "http://2852039166/",
		"http://0xa9fea9fe/",
		"http://0251.0376.0251.0376/", "http://169.16689662/", "http://0/",
		"http://0.0.0.0:1/",
		"http://[::ffff:169.254.169.254]/", "http://[fd00:ec2::254]/", "http://[::]/",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		assert_int_equal(call_full("GET", urls[i], "[]", NULL, 500, 10), -1);
		if (err.kind != ERR_DENIED && err.kind != ERR_INVALID)
			fail_msg("%s was not refused: %s", urls[i], err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_whole),
		cmocka_unit_test(a_request_goes_out_as_given),
		cmocka_unit_test(connections_are_used_again),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(the_environment_has_no_say),
		cmocka_unit_test(slow_ends_in_time),
		cmocka_unit_test(endless_is_cut),
		cmocka_unit_test(rudeness_is_an_upstream_error),
		cmocka_unit_test(odd_urls_are_refused),
		cmocka_unit_test(odd_headers_are_refused),
		cmocka_unit_test(some_addresses_are_never_called),
		cmocka_unit_test(odd_spellings_of_them_are_refused_too),
	};
	int failed;

	alarm(60);
	outbound_init();
	failed = cmocka_run_group_tests(tests, start, stop);
	outbound_response_release(&got);
	return failed;
}
