/* SPDX-License-Identifier: MIT */
#include "common/net.h"

#include "common/mem.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char mapped[12] = {[10] = 0xFF, 0xFF};

static void unmap(struct net_address *a)
{
	if (a->family != AF_INET6 || memcmp(a->bytes, mapped, 12) != 0)
		return;
	memmove(a->bytes, a->bytes + 12, 4);
	memset(a->bytes + 4, 0, 12);
	a->family = AF_INET;
}

int net_address_parse(const char *text, struct net_address *out)
{
	*out = (struct net_address){.family = AF_INET};
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		return 1;
	out->family = AF_INET6;
	if (inet_pton(AF_INET6, text, out->bytes) != 1)
		return 0;
	unmap(out);
	return 1;
}

int net_address_of(const struct sockaddr *from, struct net_address *out)
{
	*out = (struct net_address){.family = from->sa_family};
	if (from->sa_family == AF_INET) {
		memcpy(out->bytes, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
		return 1;
	}
	if (from->sa_family != AF_INET6)
		return 0;
	memcpy(out->bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
	unmap(out);
	return 1;
}

const char *net_address_text(const struct net_address *address, char out[NET_TEXT_SIZE])
{
	out[0] = '\0';
	inet_ntop(address->family, address->bytes, out, NET_TEXT_SIZE);
	return out;
}

static bool bit_at(const unsigned char *bytes, unsigned i)
{
	return bytes[i / 8] >> (7 - i % 8) & 1;
}

static unsigned width(int family)
{
	return family == AF_INET ? 32 : 128;
}

static int refuse(const char *text, const char *why, struct err *err)
{
	return err_set(err, ERR_INVALID, "\"%.60s\" %s: write a range such as 10.1.0.0/16, "
		       "192.0.2.7 or fd00::/8", text, why);
}

int net_parse(const char *text, struct net *out, struct err *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	bool six = memchr(text, ':', len) != NULL;

	if (len >= sizeof(address))
		return refuse(text, "is no range of addresses", err);
	memcpy(address, text, len);
	address[len] = '\0';
	if (!net_address_parse(address, &out->first))
		return refuse(text, "is no range of addresses", err);
	unsigned all = six ? 128 : 32, bits = all;
	if (slash) {
		char *end;
		if (!isdigit((unsigned char)slash[1]))
			return refuse(text, "has no length of its prefix after the slash", err);
		unsigned long n = strtoul(slash + 1, &end, 10);
		if (*end || n > all)
			return refuse(text, "has too long a prefix", err);
		bits = (unsigned)n;
	}
	if (six && out->first.family == AF_INET) { /* ::ffff:10.0.0.0/104 */
		if (bits < 96)
			return refuse(text, "is wider than the IPv4 addresses in it", err);
		bits -= 96;
	}
	out->bits = bits;
	for (unsigned i = bits; i < width(out->first.family); i++)
		if (bit_at(out->first.bytes, i))
			return refuse(text, "has bits set beyond its prefix", err);
	return 0;
}

int net_list_parse(const char *text, struct net **out, struct err *err)
{
	int n = 0;

	*out = NULL;
	for (const char *p = text + strspn(text, ", \t"); *p; p += strspn(p, ", \t")) {
		char *one = mem_dup_len(p, strcspn(p, ", \t"));
		*out = mem_resize(*out, (size_t)n + 1, sizeof(**out));
		int rc = net_parse(one, &(*out)[n], err);
		p += strlen(one);
		free(one);
		if (rc < 0) {
			free(*out);
			*out = NULL;
			return -1;
		}
		n++;
	}
	return n;
}

bool net_has(const struct net *net, const struct net_address *address)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (net->first.family != address->family ||
	    memcmp(net->first.bytes, address->bytes, whole) != 0)
		return false;
	return !rest || (net->first.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}
