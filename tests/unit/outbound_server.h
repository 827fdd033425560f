/* SPDX-License-Identifier: MIT */
/* outbound_server: another system that is slow, endless, rude or redirecting, and calls to it.
 * It serves one connection at a time. */
#ifndef TESTS_UNIT_OUTBOUND_SERVER_H
#define TESTS_UNIT_OUTBOUND_SERVER_H

#include "common/clock.h"
#include "common/mem.h"
#include "common/outbound.h"

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

static inline void say(int fd, const char *text)
{
	send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static inline void endless(int fd, const char *start, const char *piece)
{
	say(fd, start);
	while (send(fd, piece, strlen(piece), MSG_NOSIGNAL) > 0)
		;
}

/* The same server under another name. */
static inline void say_away(int fd)
{
	char *text = mem_format("HTTP/1.1 302 Found\r\nLocation: http://localhost:%d/busy\r\n"
				"Content-Length: 0\r\n\r\n", port);

	say(fd, text);
	free(text);
}

/* Answers one request by its path; false when the connection is done for. */
static inline bool answer(int fd, const char *path)
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
	else if (strcmp(path, "/redirect-307") == 0)
		say(fd, "HTTP/1.1 307 Temporary Redirect\r\nLocation: json\r\nContent-Length: 0\r\n\r\n");
	else if (strcmp(path, "/redirect-twice") == 0)
		say(fd, "HTTP/1.1 302 Found\r\nLocation: /json\r\nLocation: /empty\r\n"
			"Content-Length: 0\r\n\r\n");
	else if (strcmp(path, "/round") == 0)
		say(fd, "HTTP/1.1 302 Found\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n");
	else if (strcmp(path, "/redirect-away") == 0)
		say_away(fd);
	else if (strcmp(path, "/busy") == 0)
		say(fd, "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
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

static inline void serve(int fd)
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

static inline void *server(void *arg)
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

static inline int start(void **state)
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

static inline int stop(void **state)
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
static int redirects;

static inline int call_full(const char *method, const char *url, const char *headers, const char *body,
		     int timeout_ms, size_t max)
{
	struct outbound_request request = {
		.method = method, .url = url, .headers = headers,
		.body = {body, body ? strlen(body) : 0}, .timeout_ms = timeout_ms,
		.max_response_bytes = max, .redirects = redirects,
	};

	outbound_response_release(&got);
	err = (struct err){0};
	return outbound_call(&request, &got, &err);
}

static inline int call(const char *path)
{
	char *url = mem_format("http://127.0.0.1:%d%s", port, path);
	int rc = call_full("GET", url, "[]", NULL, 2000, 1000);

	free(url);
	return rc;
}

#endif
