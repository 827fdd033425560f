/* SPDX-License-Identifier: MIT */
/* The bare handler of the benchmark: the same CivetWeb with the same options as the intake
 * listener, and a handler that reads the body and answers 202 without doing anything. What a
 * durable answer costs is told as a ratio to this. usage: bare PORT THREADS; prints "ready". */
#include <civetweb.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int on_request(struct mg_connection *conn)
{
	static const char body[] = "{\"event\":1,\"state\":\"queued\",\"status_url\":"
				   "\"http://127.0.0.1:8080/status/1-00000000000000000000000000000000\"}\n";
	char drop[8192], out[512];

	while (mg_read(conn, drop, sizeof(drop)) > 0)
		;
	int n = snprintf(out, sizeof(out),
			 "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
			 "Content-Length: %zu\r\nConnection: keep-alive\r\n\r\n%s",
			 sizeof(body) - 1, body);
	mg_write(conn, out, (size_t)n);
	return 202;
}

int main(int argc, char **argv)
{
	static const struct mg_callbacks callbacks = {.begin_request = on_request};
	char address[64];
	sigset_t ends;
	int signal_number;

	if (argc != 3) {
		fprintf(stderr, "usage: bare PORT THREADS\n");
		return 2;
	}
	snprintf(address, sizeof(address), "127.0.0.1:%d", atoi(argv[1]));
	const char *options[] = {
		"listening_ports", address, "num_threads", argv[2], "max_request_size", "32749",
		"request_timeout_ms", "10000", "keep_alive_timeout_ms", "5000",
		"enable_keep_alive", "yes", "tcp_nodelay", "1", "decode_url", "no",
		"enable_auth_domain_check", "no", "connection_queue", "256",
		"listen_backlog", "1024", NULL};
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	mg_init_library(MG_FEATURES_DEFAULT);
	if (!mg_start(&callbacks, NULL, options)) {
		fprintf(stderr, "bare: cannot listen on %s\n", address);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	sigwait(&ends, &signal_number);
	return 0;
}
