/* SPDX-License-Identifier: MIT */
/* Which addresses are called. What an expression puts into a URL may come from a stranger, so
 * by default only the public internet is; the operator opens ranges of his own. An address
 * of a cloud's metadata service hands credentials to whoever asks, and this server's own
 * listeners trust their own machine, so no setting opens those. */
#include "common/outbound_address.h"

#include "common/conf.h"
#include "common/net.h"
#include "common/outbound.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define METADATA "the metadata service of a cloud, which hands out credentials"

/* Whatever the operator says. */
static const struct range {
	const char *net, *what;
} never[] = {
	{"169.254.169.254", METADATA},
	{"169.254.170.2", METADATA},
	{"169.254.170.23", METADATA},
	{"168.63.129.16", METADATA},
	{"100.100.100.200", METADATA},
	{"192.0.0.192", METADATA},
	{"fd00:ec2::254", METADATA},
	{"fd00:ec2::23", METADATA},
	{"fd20:ce::254", METADATA},
	{"0.0.0.0/8", "no address of another system"},
	{"::", "no address of another system"},
	{"224.0.0.0/4", "multicast"},
	{"ff00::/8", "multicast"},
	{"255.255.255.255", "broadcast"},
};

/* Unless the operator allows it. */
static const struct range private[] = {
	{"127.0.0.0/8", "this machine"},
	{"::1", "this machine"},
	{"10.0.0.0/8", "a private network"},
	{"172.16.0.0/12", "a private network"},
	{"192.168.0.0/16", "a private network"},
	{"100.64.0.0/10", "a carrier's private network"},
	{"169.254.0.0/16", "link-local"},
	{"192.0.0.0/24", "reserved for protocols"},
	{"192.0.2.0/24", "for documentation"},
	{"198.51.100.0/24", "for documentation"},
	{"203.0.113.0/24", "for documentation"},
	{"192.88.99.0/24", "a 6to4 relay"},
	{"198.18.0.0/15", "for benchmarks"},
	{"240.0.0.0/4", "reserved"},
	{"fc00::/7", "a private network"},
	{"fe80::/10", "link-local"},
	{"fec0::/10", "site-local"},
	{"64:ff9b::/96", "a translator to IPv4 (NAT64)"},
	{"64:ff9b:1::/48", "a translator to IPv4 (NAT64)"},
	{"2002::/16", "a tunnel to IPv4 (6to4)"},
	{"2001::/32", "a tunnel to IPv4 (Teredo)"},
	{"2001:2::/48", "for benchmarks"},
	{"2001:db8::/32", "for documentation"},
	{"3fff::/20", "for documentation"},
	{"100::/64", "a sink"},
	{"5f00::/16", "reserved for segment routing"},
};

struct listener {
	struct net_address address;
	int port;
};

static struct {
	bool ready;
	struct net never[ARRAY_LEN(never)], private[ARRAY_LEN(private)], global;
	struct net *allowed;
	int n_allowed;
	struct listener own[ARRAY_LEN(((struct outbound_policy *)0)->own)];
	size_t n_own;
} self;

static char reason[240];

static void read_ranges(const struct range *ranges, struct net *out, size_t n)
{
	struct err err;

	for (size_t i = 0; i < n; i++)
		if (net_parse(ranges[i].net, &out[i], &err) < 0)
			abort(); /* a mistake in the tables above */
}

static void ready(void)
{
	static const struct range global[] = {{"2000::/3", NULL}};

	if (self.ready)
		return;
	read_ranges(never, self.never, ARRAY_LEN(never));
	read_ranges(private, self.private, ARRAY_LEN(private));
	read_ranges(global, &self.global, 1);
	self.ready = true;
}

int outbound_address_policy(const struct outbound_policy *policy, struct err *err)
{
	struct listener own[ARRAY_LEN(self.own)];
	struct net *allowed = NULL;
	size_t n_own = 0;
	char host[64];

	int n = net_list_parse(policy->allow ? policy->allow : "", &allowed, err);
	if (n < 0)
		return err_within(err, "allow-destinations: ");
	for (size_t i = 0; i < ARRAY_LEN(policy->own) && policy->own[i]; i++) {
		struct listener *l = &own[n_own++];
		if (conf_address(policy->own[i], host, &l->port, err) < 0 ||
		    !net_address_parse(host, &l->address)) {
			free(allowed);
			return -1;
		}
	}
	ready();
	free(self.allowed);
	self.allowed = allowed;
	self.n_allowed = n;
	memcpy(self.own, own, sizeof(own));
	self.n_own = n_own;
	return 0;
}

static struct net_address ipv4_of(const unsigned char bytes[4])
{
	struct net_address a = {.family = AF_INET};

	memcpy(a.bytes, bytes, 4);
	return a;
}

/* The IPv4 addresses that a packet to this IPv6 address may end at. */
static size_t embedded(const struct net_address *a, struct net_address out[2])
{
	static const unsigned char zero[12], nat64[4] = {0, 0x64, 0xFF, 0x9B},
				   translated[12] = {[8] = 0xFF, 0xFF};
	const unsigned char *b = a->bytes;
	size_t n = 0;

	if (a->family != AF_INET6)
		return 0;
	if (memcmp(b, zero, 12) == 0 && (b[12] || b[13] || b[14] || b[15] > 1))
		out[n++] = ipv4_of(b + 12); /* ::a.b.c.d */
	else if (memcmp(b, nat64, 4) == 0 || memcmp(b, translated, 12) == 0)
		out[n++] = ipv4_of(b + 12);
	else if (b[0] == 0x20 && b[1] == 0x02)
		out[n++] = ipv4_of(b + 2);
	else if (b[0] == 0x20 && b[1] == 0x01 && !b[2] && !b[3]) { /* Teredo: server and client */
		const unsigned char client[4] = {b[12] ^ 0xFF, b[13] ^ 0xFF, b[14] ^ 0xFF,
						 b[15] ^ 0xFF};
		out[n++] = ipv4_of(b + 4);
		out[n++] = ipv4_of(client);
	} else if ((b[8] & 0xFD) == 0 && !b[9] && b[10] == 0x5E && b[11] == 0xFE)
		out[n++] = ipv4_of(b + 12); /* ISATAP */
	return n;
}

static const char *say(const struct net_address *a, const char *what, const char *allow)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(a->family, a->bytes, text, sizeof(text));
	snprintf(reason, sizeof(reason), "%s is %s%s%s", text, what,
		 allow ? "; the operator may open it with --allow-destinations " : "",
		 allow ? allow : "");
	return reason;
}

static bool is_allowed(const struct net_address *a)
{
	for (int i = 0; i < self.n_allowed; i++)
		if (net_has(&self.allowed[i], a))
			return true;
	return false;
}

static const char *judge(const struct net_address *a)
{
	struct net_address inner[2];

	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (net_has(&self.never[i], a))
			return say(a, never[i].what, NULL);
	bool allowed = is_allowed(a);
	for (size_t i = 0; i < ARRAY_LEN(private) && !allowed; i++)
		if (net_has(&self.private[i], a))
			return say(a, private[i].what, private[i].net);
	if (!allowed && a->family == AF_INET6 && !net_has(&self.global, a))
		return say(a, "no address of the public internet", "with its range");
	/* That a tunnel is allowed does not open what lies behind it. */
	for (size_t i = 0, n = embedded(a, inner); i < n; i++) {
		const char *why = judge(&inner[i]);
		if (why)
			return why;
	}
	return NULL;
}

/* Whoever can bind an address has it. When in doubt it is ours. */
static bool is_ours(const struct net_address *a)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	bool four = a->family == AF_INET;
	int fd = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&in.sin_addr, a->bytes, 4);
	memcpy(&in6.sin6_addr, a->bytes, 16);
	bool ours = fd < 0 ||
		    bind(fd, four ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
			 four ? sizeof(in) : sizeof(in6)) == 0 || errno != EADDRNOTAVAIL;
	if (fd >= 0)
		close(fd);
	return ours;
}

static bool is_listener(const struct net_address *a, int port)
{
	static const unsigned char any[16];

	for (size_t i = 0; i < self.n_own; i++) {
		const struct listener *l = &self.own[i];
		if (l->port != port)
			continue;
		bool everywhere = memcmp(l->address.bytes, any, sizeof(any)) == 0;
		if (everywhere ? is_ours(a)
			       : a->family == l->address.family &&
					 memcmp(a->bytes, l->address.bytes, sizeof(a->bytes)) == 0)
			return true;
	}
	return false;
}

static const char *refused(const struct net_address *a, int port)
{
	struct net_address inner[2];

	ready();
	const char *why = judge(a);
	if (!why && is_listener(a, port))
		why = say(a, "this server itself: what the other flow does can be steps of this "
			  "one", NULL);
	for (size_t i = 0, n = embedded(a, inner); i < n && !why; i++)
		if (is_listener(&inner[i], port))
			why = say(a, "this server itself", NULL);
	return why;
}

const char *outbound_address_refused(const struct sockaddr *address)
{
	struct net_address a;

	if (!net_address_of(address, &a))
		return "it is no internet address";
	/* The port stands at the same place in both families. */
	return refused(&a, ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port));
}

const char *outbound_text_refused(const char *text, int port)
{
	struct net_address a;

	return net_address_parse(text, &a) ? refused(&a, port) : "its address cannot be read";
}
