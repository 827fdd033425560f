/* SPDX-License-Identifier: MIT */
/*
 * store_counts: how many arrivals and runs ended how, in all and by time. A part of
 * common/store.h, which includes it; include that one.
 */
#ifndef COMMON_STORE_COUNTS_H
#define COMMON_STORE_COUNTS_H

#include "common/store.h"

/* store_counts_each: how many arrivals and runs ended how, since the database began. */
struct count_row {
	const char *flow;       /* "" where no flow has the suffix */
	const char *outcome;    /* accepted, duplicate, rejected, handshake, preflight; unenforced, which are
				   accepted too; succeeded, failed, retried, crashed */
	int64_t n;
};
int store_counts_each(struct store *s, int (*each)(void *arg, const struct count_row *row), void *arg,
		      struct err *err) MUSTCHECK;

/* store_minutes_each: the same by time, as finely as it is kept: minutes, later hours and days. By
 * time, of one flow (NULL: all). */
struct minute_row {
	int64_t since_at;
	const char *outcome;
	int64_t n;
};
int store_minutes_each(struct store *s, int64_t since, int64_t until, const char *flow,
		       int (*each)(void *arg, const struct minute_row *row), void *arg,
		       struct err *err) MUSTCHECK;

#endif
