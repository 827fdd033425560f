/* SPDX-License-Identifier: MIT */
/* How one value of a setting is written: numbers, bytes, ranges, addresses. */
#include "common/conf_value.h"

#include "common/conf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int conf_number(const char *text, char **end, int64_t *out)
{
	if (!isdigit((unsigned char)*text))
		return 0;
	errno = 0;
	*out = strtoll(text, end, 10);
	return errno == 0;
}

int conf_bytes(const char *text, int64_t *out)
{
	static const struct {
		const char *unit;
		int64_t bytes;
	} units[] = {{"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
	char *end;

	if (!conf_number(text, &end, out))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(end, units[i].unit) == 0)
			return !__builtin_mul_overflow(*out, units[i].bytes, out);
	return 0;
}

/* "2:8", or "4" for 4:4. */
int conf_range(const char *text, int64_t *least, int64_t *most)
{
	char *end;

	if (!conf_number(text, &end, least))
		return 0;
	*most = *least;
	if (*end == ':' && !conf_number(end + 1, &end, most))
		return 0;
	return *end == '\0' && *least <= *most;
}

bool conf_url_sound(const char *url)
{
	const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
			   : strncmp(url, "http://", 7) == 0 ? url + 7
							     : NULL;

	return !*url || (host && *host && *host != '/' && !strpbrk(url, " ?#\"<>\\"));
}

/* The rest of an address after its host. */
static int parse_port(const char *text, int *port)
{
	int64_t n;
	char *end;

	if (!conf_number(text, &end, &n) || *end || n < 1 || n > 65535)
		return 0;
	*port = (int)n;
	return 1;
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

bool conf_level_known(const char *text)
{
	return !strcmp(text, "debug") || !strcmp(text, "info") || !strcmp(text, "warn") ||
	       !strcmp(text, "error");
}

bool conf_header_known(const char *text)
{
	return strcasecmp(text, "X-Forwarded-For") == 0 || strcasecmp(text, "Forwarded") == 0;
}
