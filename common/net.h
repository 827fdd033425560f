/* SPDX-License-Identifier: MIT */
/*
 * net: ranges of IP addresses, written as CIDR: "10.1.0.0/16", "fd00::/8"; without a slash
 * it is one address. IPv4 in IPv6 clothes (::ffff:0:0/96) is the IPv4 address it is.
 *
 * Sources: RFC 4632 (CIDR), RFC 4291 (IPv6 addresses).
 */
#ifndef COMMON_NET_H
#define COMMON_NET_H

#include "common/base.h"
#include "common/err.h"

#include <sys/socket.h>

struct net_address {
	int family;              /* AF_INET or AF_INET6 */
	unsigned char bytes[16]; /* the first 4 of them for AF_INET; network order */
};

struct net {
	struct net_address first;
	unsigned bits;           /* length of the prefix */
};

/* net_address_parse reads "10.0.0.1" or "fd00::1" and nothing else: 1 or 0. */
int net_address_parse(const char *text, struct net_address *out) MUSTCHECK;
/* net_address_of: 1, or 0 when it is no internet address. */
int net_address_of(const struct sockaddr *from, struct net_address *out) MUSTCHECK;

/* net_address_text writes it as text, the usual short form, and returns it. */
#define NET_TEXT_SIZE 46
const char *net_address_text(const struct net_address *address, char out[NET_TEXT_SIZE]);

/* net_parse: 0, or -1 with a sentence; bits beyond the prefix must be zero, since whoever
 * writes 10.1.2.3/8 may mean something else. */
int net_parse(const char *text, struct net *out, struct err *err) MUSTCHECK;

/* net_list_parse reads "127.0.0.0/8, 10.1.0.0/16" ("" gives none): how many, the caller's to
 * free in *out; -1 with a sentence. */
int net_list_parse(const char *text, struct net **out, struct err *err) MUSTCHECK;

bool net_has(const struct net *net, const struct net_address *address);

#endif
