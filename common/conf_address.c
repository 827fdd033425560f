/* SPDX-License-Identifier: MIT */
/* Addresses to listen at, as settings write them. */
#include "common/conf.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rest of an address after its host. */
static int parse_port(const char *text, int *port)
{
	size_t digits = strspn(text, "0123456789");

	*port = digits && digits <= 9 && !text[digits] ? atoi(text) : 0;
	return *port >= 1 && *port <= 65535;
}

int conf_address(const char *text, char host[64], int *port, struct err *err)
{
	const char *colon = strrchr(text, ':');
	unsigned char parsed[sizeof(struct in6_addr)];

	if (!colon) {
		if (!parse_port(text, port))
			goto refused;
		snprintf(host, 64, "127.0.0.1");
		return 0;
	}
	bool six = *text == '[' && colon > text + 1 && colon[-1] == ']';
	int len = (int)(colon - text) - (six ? 2 : 0);
	if (len <= 0 || len >= 64 || !parse_port(colon + 1, port))
		goto refused;
	snprintf(host, 64, "%.*s", len, six ? text + 1 : text);
	if (!six && strcmp(host, "localhost") == 0)
		snprintf(host, 64, "127.0.0.1");
	if (inet_pton(six ? AF_INET6 : AF_INET, host, parsed) == 1)
		return 0;
refused:
	return err_set(err, ERR_INVALID,
		       "\"%.80s\" is no address to listen at: write IP:PORT such as 127.0.0.1:8080, "
		       "0.0.0.0:8080 for all interfaces or [::1]:8080, port 1 to 65535",
		       text);
}
