/* SPDX-License-Identifier: MIT */
#include "server/addresses.h"

#include "common/crypto.h"
#include "common/mem.h"
#include "server/limit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PLACES (ADDRESSES_BUCKETS / ADDRESSES_WAYS)
#define LOCKS 64 /* each guards every 64th place */

struct bucket {
	uint64_t tag; /* 0: free */
	_Atomic int64_t full_at_ns;
};

struct addresses {
	unsigned char seed[32];
	pthread_mutex_t locks[LOCKS];
	struct bucket buckets[PLACES][ADDRESSES_WAYS];
};

struct addresses *addresses_new(void)
{
	struct addresses *all = mem_new(sizeof(*all));

	crypto_random(all->seed, sizeof(all->seed));
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_init(&all->locks[i], NULL);
	return all;
}

void addresses_free(struct addresses *all)
{
	for (size_t i = 0; all && i < LOCKS; i++)
		pthread_mutex_destroy(&all->locks[i]);
	free(all);
}

/* Two words nobody can foretell: the place, and the tag by which the bucket is known there. */
static void digest(const struct addresses *all, int64_t flow_id, const struct net_address *address,
		   uint64_t words[2])
{
	unsigned char text[8 + 1 + 8] = {0}, out[CRYPTO_DIGEST_MAX];

	memcpy(text, &flow_id, 8);
	text[8] = (unsigned char)address->family;
	memcpy(text + 9, address->bytes, address->family == AF_INET6 ? 8 : 4);
	if (crypto_hmac("sha256", (struct slice){(const char *)all->seed, sizeof(all->seed)},
			(struct slice){(const char *)text, sizeof(text)}, out) < 16)
		memset(out, 1, sizeof(out)); /* a library without SHA-256: one bucket for all */
	memcpy(words, out, 16);
}

/* Its bucket at this place: the one it has, or one that is free or as good as free. */
static struct bucket *find(struct bucket *place, uint64_t tag)
{
	struct bucket *best = place;

	for (size_t i = 0; i < ADDRESSES_WAYS; i++) {
		if (place[i].tag == tag)
			return &place[i];
		if (place[i].full_at_ns < best->full_at_ns)
			best = &place[i];
	}
	best->tag = tag;
	best->full_at_ns = 0;
	return best;
}

int64_t addresses_take(struct addresses *all, int64_t flow_id, const struct net_address *address,
		       const struct flow_rate *rate, int64_t now_us)
{
	uint64_t words[2];

	digest(all, flow_id, address, words);
	size_t place = (size_t)(words[0] % PLACES);
	pthread_mutex_t *lock = &all->locks[place % LOCKS];
	pthread_mutex_lock(lock);
	int64_t wait_us = limit_bucket_take(&find(all->buckets[place], words[1] | 1)->full_at_ns, rate, now_us);
	pthread_mutex_unlock(lock);
	return wait_us;
}
