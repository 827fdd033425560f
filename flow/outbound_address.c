/* SPDX-License-Identifier: MIT */
/* Which addresses are never called, whatever the flow says. An address of a cloud's metadata
 * service hands credentials to whoever asks, so no setting opens these. */
#include "flow/outbound_address.h"

#include "flow/outbound.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define METADATA "it is the metadata service of a cloud, which hands out credentials"

/* First address and length of the prefix. */
static const struct {
	uint32_t first;
	unsigned bits;
	const char *why;
} never[] = {
	{0xA9FEA9FE, 32, METADATA}, /* 169.254.169.254 */
	{0xA83F8110, 32, METADATA}, /* 168.63.129.16 */
	{0x646464C8, 32, METADATA}, /* 100.100.100.200 */
	{0x00000000, 8, "0.0.0.0/8 is no address of another system"},
	{0xE0000000, 4, "it is a multicast address"},
	{0xFFFFFFFF, 32, "it is the broadcast address"},
};

static const char *ipv4_refused(uint32_t address)
{
	for (size_t i = 0; i < ARRAY_LEN(never); i++) {
		uint32_t mask = 0xFFFFFFFFu << (32 - never[i].bits);
		if ((address & mask) == (never[i].first & mask))
			return never[i].why;
	}
	return NULL;
}

static uint32_t ipv4_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static const char *ipv6_refused(const unsigned char a[16])
{
	static const unsigned char metadata[16] = {0xFD, 0, 0x0E, 0xC2, [14] = 0x02, 0x54};
	static const unsigned char zero[16];
	static const unsigned char mapped[12] = {[10] = 0xFF, 0xFF};
	static const unsigned char nat64[12] = {0, 0x64, 0xFF, 0x9B};

	if (memcmp(a, metadata, 16) == 0)
		return METADATA;
	if (memcmp(a, zero, 16) == 0)
		return ":: is no address of another system";
	if (a[0] == 0xFF)
		return "it is a multicast address";
	/* An IPv4 address in other clothes is judged as what it is. */
	if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
		return ipv4_refused(ipv4_at(a + 12));
	if (memcmp(a, zero, 12) == 0 && ipv4_at(a + 12) != 1)
		return ipv4_refused(ipv4_at(a + 12));
	if (a[0] == 0x20 && a[1] == 0x02)
		return ipv4_refused(ipv4_at(a + 2));
	return NULL;
}

const char *outbound_address_refused(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;
		return ipv4_refused(ntohl(in->sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)address;
		return ipv6_refused(in6->sin6_addr.s6_addr);
	}
	return "it is no internet address";
}

const char *outbound_text_refused(const char *text)
{
	struct in_addr in;
	struct in6_addr in6;

	if (inet_pton(AF_INET, text, &in) == 1)
		return ipv4_refused(ntohl(in.s_addr));
	if (inet_pton(AF_INET6, text, &in6) == 1)
		return ipv6_refused(in6.s6_addr);
	return "its address cannot be read";
}
