/* SPDX-License-Identifier: MIT */
/* How processes notice each other's commits: futex words in a shared page. */
#include "common/store/bell.h"

#include "common/page.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int bell_map(const char *dir, struct bell **out, struct err *err)
{
	*out = page_map(dir, "ringbolt.bell", sizeof(struct bell), err);
	return *out ? 0 : -1;
}

void bell_unmap(struct bell *b)
{
	if (b)
		munmap(b, sizeof(*b));
}

static void wake(_Atomic uint32_t *word, int how_many)
{
	syscall(SYS_futex, (uint32_t *)word, FUTEX_WAKE, how_many, NULL, NULL, 0);
}

void bell_wake_one(_Atomic uint32_t *word)
{
	wake(word, 1);
}

void bell_ring_work(struct bell *b)
{
	atomic_fetch_add(&b->work, 1);
	if (atomic_load(&b->waiting) > 0)
		wake(&b->work, 1);
}

void bell_ring_work_all(struct bell *b)
{
	atomic_fetch_add(&b->work, 1);
	wake(&b->work, INT_MAX);
}

void bell_ring_answer(struct bell *b, int64_t event_id)
{
	_Atomic uint32_t *word = &b->answers[(uint64_t)event_id % BELL_SLOTS];

	atomic_fetch_add(word, 1);
	wake(word, INT_MAX);
}

void bell_ring_config(struct bell *b)
{
	atomic_fetch_add(&b->config, 1);
}

void bell_sleep(_Atomic uint32_t *word, uint32_t seen, int64_t max_ms)
{
	if (max_ms <= 0)
		return;
	struct timespec limit = {max_ms / 1000, (max_ms % 1000) * 1000000};
	syscall(SYS_futex, (uint32_t *)word, FUTEX_WAIT, seen, &limit, NULL, 0);
}
