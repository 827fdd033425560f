/* SPDX-License-Identifier: MIT */
/*
 * bell: how processes notice each other's commits. A page in DIR/ringbolt.bell that all of
 * them map, with words to sleep on (futex). Who commits work rings; who looks for work reads
 * the word, looks, and sleeps only while the word is unchanged, so nothing slips between.
 * Beneath it every sleeper has a time limit: a commit by a stranger (the sqlite3 shell)
 * rings nothing and is found by the next look.
 *
 * Source: futex(2).
 */
#ifndef COMMON_STORE_BELL_H
#define COMMON_STORE_BELL_H

#include "common/base.h"
#include "common/err.h"

#include <stdatomic.h>

#define BELL_SLOTS 1024

struct bell {
	_Atomic uint32_t work;     /* rises with each commit that queued something */
	_Atomic uint32_t waiting;  /* sleepers on work: nobody there, no system call */
	_Atomic uint32_t config;   /* rises with each change of flows and secrets */
	_Atomic int64_t queued;    /* events queued, counted along; set right by bell's owner */
	_Atomic int64_t log_frames; /* pages in the log that are not in the database yet */
	_Atomic uint32_t answers[BELL_SLOTS]; /* by event id: its waiting caller sleeps on one */
};

int bell_map(const char *dir, struct bell **out, struct err *err) MUSTCHECK;
void bell_unmap(struct bell *b);

void bell_ring_work(struct bell *b);
void bell_ring_work_all(struct bell *b);
void bell_ring_answer(struct bell *b, int64_t event_id);
void bell_ring_config(struct bell *b);

/* bell_wake_one wakes one sleeper on a word. */
void bell_wake_one(_Atomic uint32_t *word);

/* bell_sleep: until the word is no longer seen, or max_ms have passed. */
void bell_sleep(_Atomic uint32_t *word, uint32_t seen, int64_t max_ms);

#endif
