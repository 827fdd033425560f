/* SPDX-License-Identifier: MIT */
/*
 * sink: a server on the loopback that wants to be called, for tests of what keeps calls from
 * it; and name resolution that leaves the machine alone. For one test program each.
 */
#ifndef TESTS_UNIT_SINK_H
#define TESTS_UNIT_SINK_H

#include "common/mem.h"
#include "common/net.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int listeners[2] = {-1, -1}; /* IPv4, IPv6 */
static int stop_pipe[2];
static int port;
static pthread_t thread;
static atomic_int reached;   /* connections, whatever they say */
static char location[300];   /* where it redirects to; "": 200 */
static const char *resolved; /* what the name rebind.test is, next time it is asked */

static void answer(int fd)
{
	char request[4096], reply[500];
	ssize_t n;

	while ((n = recv(fd, request, sizeof(request), 0)) > 0) {
		int len = snprintf(reply, sizeof(reply), *location
				   ? "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
				   : "HTTP/1.1 200 OK\r\nX-At: %s\r\nContent-Length: 0\r\n\r\n", location);
		send(fd, reply, (size_t)len, MSG_NOSIGNAL);
	}
}

static void *sink(void *arg)
{
	struct pollfd fds[16] = {{.fd = stop_pipe[0], .events = POLLIN},
				 {.fd = listeners[0], .events = POLLIN},
				 {.fd = listeners[1], .events = POLLIN}};
	nfds_t n = 3;

	(void)arg;
	while (poll(fds, n, -1) > 0 && !fds[0].revents) {
		for (nfds_t i = n; i-- > 3;) {
			char byte;
			if (!fds[i].revents)
				continue;
			if (recv(fds[i].fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) {
				close(fds[i].fd);
				fds[i] = fds[--n];
				continue;
			}
			struct timeval soon = {0, 1000};
			setsockopt(fds[i].fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
			answer(fds[i].fd);
		}
		for (int i = 1; i <= 2; i++) {
			int fd = fds[i].revents & POLLIN ? accept(fds[i].fd, NULL, NULL) : -1;
			if (fd < 0)
				continue;
			reached++;
			if (n == ARRAY_LEN(fds))
				close(fd);
			else
				fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
		}
	}
	for (nfds_t i = 3; i < n; i++)
		close(fds[i].fd);
	return NULL;
}

/* Name resolution is ours here: one name changes its address. The others are left to libc by
 * their numbers alone, so that no question leaves the machine. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	struct net_address a;
	const char *text = node;
	struct in_addr odd;

	if (strcmp(node, "rebind.test") == 0)
		text = resolved;
	else if (strcasecmp(node, "localhost") == 0 || strcasecmp(node, "localhost.") == 0 ||
		 strcasecmp(node, "sub.localhost") == 0)
		text = "127.0.0.1";
	else if (inet_aton(node, &odd)) /* 127.1, 0x7f000001, 0177.0.0.1 */
		text = inet_ntoa(odd);
	if (!net_address_parse(text, &a))
		return EAI_NONAME;
	struct addrinfo *ai = mem_new(sizeof(*ai));
	struct sockaddr_in *in = mem_new(sizeof(struct sockaddr_in6));
	int number = service ? atoi(service) : 0;

	ai->ai_socktype = hints && hints->ai_socktype ? hints->ai_socktype : SOCK_STREAM;
	ai->ai_protocol = IPPROTO_TCP;
	ai->ai_addr = (struct sockaddr *)in;
	in->sin_port = htons((uint16_t)number);
	if (strchr(text, ':')) { /* also what is IPv4 in disguise */
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)in;
		in6->sin6_family = AF_INET6;
		inet_pton(AF_INET6, text, &in6->sin6_addr);
		ai->ai_family = AF_INET6;
		ai->ai_addrlen = sizeof(*in6);
	} else {
		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, a.bytes, 4);
		ai->ai_family = AF_INET;
		ai->ai_addrlen = sizeof(*in);
	}
	*out = ai;
	return 0;
}

void freeaddrinfo(struct addrinfo *ai)
{
	if (ai)
		free(ai->ai_addr);
	free(ai);
}

static inline int start(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
	socklen_t size = sizeof(in);
	int only = 1;

	(void)state;
	listeners[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listeners[0], (struct sockaddr *)&in, size) < 0 || listen(listeners[0], 16) < 0 ||
	    getsockname(listeners[0], (struct sockaddr *)&in, &size) < 0 || pipe(stop_pipe) < 0)
		return -1;
	port = ntohs(in.sin_port);
	in6.sin6_port = in.sin_port;
	listeners[1] = socket(AF_INET6, SOCK_STREAM, 0);
	setsockopt(listeners[1], IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (listeners[1] >= 0 && (bind(listeners[1], (struct sockaddr *)&in6, sizeof(in6)) < 0 ||
				  listen(listeners[1], 16) < 0)) {
		close(listeners[1]);
		listeners[1] = -1; /* a machine without IPv6 */
	}
	return pthread_create(&thread, NULL, sink, NULL);
}

static inline int stop(void **state)
{
	(void)state;
	if (write(stop_pipe[1], "x", 1) != 1)
		return -1;
	return pthread_join(thread, NULL);
}

#endif
