/* SPDX-License-Identifier: MIT */
/*
 * caller: from which address does a request come? From the peer's, unless that is a proxy the
 * operator trusts (`trusted-proxies`): then from the one it names in X-Forwarded-For, or in
 * Forwarded where `forwarded-header` says so. Only that one header is believed, since a proxy hands on the
 * other as its caller wrote it.
 *
 * The list is walked from its end: each trusted hop vouches for the one before it, the first that
 * is not trusted is the caller, and what stands before it he may have made up. Where a hop is not
 * written as an address ("unknown", a name, rubbish) the walk ends at the one that wrote it.
 *
 * Sources: RFC 7239 (Forwarded); X-Forwarded-For as proxies write it.
 */
#ifndef SERVER_CALLER_H
#define SERVER_CALLER_H

#include "common/net.h"
#include "server/http.h"

#define CALLER_HOPS_MAX 32 /* of one header line; what stands before them is not looked at */

struct caller_rule {
	struct net *trusted;    /* proxies */
	int n_trusted;          /* 0: no header is believed */
	bool forwarded;         /* Forwarded instead of X-Forwarded-For */
};

/* caller_find writes the address to out and returns it; the peer's own text when that is none. */
const char *caller_find(const struct caller_rule *rule, const struct http_request *request,
			char out[NET_TEXT_SIZE]);

#endif
