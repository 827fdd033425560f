/* SPDX-License-Identifier: MIT */
#include "server/limit.h"

#include "common/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

struct limit {
	int64_t flow_id;
	_Atomic int64_t full_at_ns; /* when nothing of the bucket is used up any more */
	_Atomic int64_t next_row_us;
	_Atomic int64_t uncounted[LIMIT_OUTCOMES];
};

struct limits {
	struct limit **list; /* pointers, since hooks keep them */
	size_t count;
};

struct limits *limits_new(void)
{
	return mem_new(sizeof(struct limits));
}

void limits_free(struct limits *all)
{
	for (size_t i = 0; all && i < all->count; i++)
		free(all->list[i]);
	if (all)
		free(all->list);
	free(all);
}

struct limit *limits_find(struct limits *all, int64_t flow_id)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i]->flow_id == flow_id)
			return all->list[i];
	struct limit *l = mem_new(sizeof(*l));
	l->flow_id = flow_id;
	all->list = mem_resize(all->list, all->count + 1, sizeof(struct limit *));
	all->list[all->count++] = l;
	return l;
}

int64_t limit_take(struct limit *l, const struct flow_rate *rate, int64_t now_us)
{
	return limit_bucket_take(&l->full_at_ns, rate, now_us);
}

int64_t limit_bucket_take(_Atomic int64_t *full_at_ns, const struct flow_rate *rate, int64_t now_us)
{
	int64_t now = now_us * 1000, step = (int64_t)(1e9 / rate->per_second);
	int64_t room = (rate->burst - 1) * step;
	int64_t seen = atomic_load_explicit(full_at_ns, memory_order_relaxed);

	for (;;) {
		int64_t full_at = seen;
		/* A slower rate of before must not bind longer than today's bucket is deep. */
		if (full_at > now + room + step) {
			full_at = now + room + step;
			if (!atomic_compare_exchange_weak_explicit(full_at_ns, &seen, full_at,
								   memory_order_relaxed, memory_order_relaxed))
				continue;
			seen = full_at;
		}
		if (full_at < now)
			full_at = now;
		if (full_at - now > room)
			return (full_at - now - room + 999) / 1000;
		if (atomic_compare_exchange_weak_explicit(full_at_ns, &seen, full_at + step,
							  memory_order_relaxed, memory_order_relaxed))
			return 0;
	}
}

bool limit_refused(struct limit *l, int64_t now_us)
{
	int64_t next = atomic_load(&l->next_row_us);

	if (now_us >= next && atomic_compare_exchange_strong(&l->next_row_us, &next, now_us + LIMIT_ROW_US))
		return true;
	limit_count(l, LIMIT_REJECTED);
	return false;
}

void limit_count(struct limit *l, enum limit_outcome outcome)
{
	atomic_fetch_add(&l->uncounted[outcome], 1);
}

bool limits_uncounted(struct limits *all, size_t *at, struct limit_sum *out)
{
	static const char *const names[] = {[LIMIT_REJECTED] = "rejected", [LIMIT_PREFLIGHT] = "preflight"};

	for (; *at < all->count * LIMIT_OUTCOMES; (*at)++) {
		struct limit *l = all->list[*at / LIMIT_OUTCOMES];
		enum limit_outcome outcome = (enum limit_outcome)(*at % LIMIT_OUTCOMES);
		int64_t n = atomic_exchange(&l->uncounted[outcome], 0);
		if (n > 0) {
			*out = (struct limit_sum){l->flow_id, n, outcome, names[outcome]};
			(*at)++;
			return true;
		}
	}
	return false;
}

void limits_put_back(struct limits *all, const struct limit_sum *sum)
{
	atomic_fetch_add(&limits_find(all, sum->flow_id)->uncounted[sum->outcome], sum->n);
}
