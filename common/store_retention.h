/* SPDX-License-Identifier: MIT */
/*
 * store_retention: how long what is kept. A part of common/store.h, which includes it; include
 * that one.
 *
 * Only finished events age: succeeded, failed, cancelled. What is open, what is pinned and what
 * keeps others of its key waiting is never touched. Everything is removed in small
 * transactions, so that intake never waits for it, and the space goes back to the disk.
 */
#ifndef COMMON_STORE_RETENTION_H
#define COMMON_STORE_RETENTION_H

#include "common/retention.h"
#include "common/store.h"

const char *retention_kind_name(enum retention_kind kind); /* "bodies" */

struct retention_count {
	int64_t n[RETENTION_KINDS];     /* how many */
	int64_t bytes[RETENTION_KINDS]; /* of bodies and traces: what they hold; 0 for the others */
};

/* store_retention_preview: what these ages would remove now. The budget is not in it. */
int store_retention_preview(struct store *s, const struct retention *r, int64_t now,
			    struct retention_count *out, struct err *err) MUSTCHECK;

/* store_retention_step removes one small batch and adds it to *done: 1, or 0 when nothing is left to
 * remove. The pass remembers how far it has come; start one with all zero. */
struct retention_pass {
	int64_t after[RETENTION_KINDS];
	bool ended[RETENTION_KINDS];
};
int store_retention_step(struct store *s, const struct retention *r, int64_t now,
			 struct retention_pass *pass, struct retention_count *done,
			 struct err *err) MUSTCHECK;

/* store_space_return gives free pages back to the disk, a few at a time: 1, or 0 when there are
 * too few of them to be worth it. */
int store_space_return(struct store *s, struct err *err) MUSTCHECK;

/* store_event_pin: this event is kept whatever the settings say, until it is unpinned. 1, 0 when it
 * was so already; ERR_MISSING. */
int store_event_pin(struct store *s, int64_t id, const char *reason, int64_t now, struct err *err) MUSTCHECK;
int store_event_unpin(struct store *s, int64_t id, struct err *err) MUSTCHECK;

/* store_retention_gone: when the newest event that was removed whole, or lost its body, had been
 * received; 0: none was. A replay of a time before it is not complete. */
int store_retention_gone(struct store *s, int64_t *received_at, struct err *err) MUSTCHECK;

/* store_counts_roll makes the counts of old minutes coarser (janitor). */
int store_counts_roll(struct store *s, int64_t now, struct err *err) MUSTCHECK;

#endif
