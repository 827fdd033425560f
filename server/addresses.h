/* SPDX-License-Identifier: MIT */
/*
 * addresses: how many requests a webhook takes from each address ("rate_limit.per_address"). One
 * bucket for each flow and address that has called lately; of IPv6 an address is its /64, which is
 * what one caller has at the least.
 *
 * A fixed table, whatever comes: ADDRESSES_BUCKETS buckets of 16 bytes, touched as they are used.
 * A bucket's place is a keyed digest, so nobody can choose addresses that meet in one place. Where
 * a place is full, the bucket that is nearest to full is forgotten, which lets in a few requests
 * more and never one fewer: a caller is refused only for what he himself has sent.
 */
#ifndef SERVER_ADDRESSES_H
#define SERVER_ADDRESSES_H

#include "common/net.h"
#include "flow/flow.h"

#define ADDRESSES_WAYS 8       /* buckets that share a place */
#define ADDRESSES_BUCKETS 32768

struct addresses;

struct addresses *addresses_new(void);
void addresses_free(struct addresses *all);

/* addresses_take lets one request in: 0, or after how many microseconds the next one from there
 * would be let in (see limit_take). Many threads at once. */
int64_t addresses_take(struct addresses *all, int64_t flow_id, const struct net_address *address,
		       const struct flow_rate *rate, int64_t now_us);

#endif
