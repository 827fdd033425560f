/* SPDX-License-Identifier: MIT */
/*
 * board: who is doing what right now. One slot a worker, in a file in the data directory
 * that supervisor and workers map, so that the supervisor sees deadlines pass and, at a
 * death (a worker's, or after its own, its predecessor's), which event was in hand. It holds no
 * data of events: losing it loses nothing but that knowledge.
 *
 * A slot is written by its worker alone, except `timed_out`, which the supervisor sets before
 * it kills. Fields are read and written with atomics; `event_id` is written last when a run
 * begins and first when it ends.
 */
#ifndef COMMON_BOARD_H
#define COMMON_BOARD_H

#include "common/base.h"
#include "common/err.h"

#include <stdatomic.h>

#define BOARD_SLOTS 256

struct board_slot {
	_Atomic int64_t owner;           /* token of the worker that has the slot; 0: free */
	_Atomic int64_t event_id;        /* in its hands; 0: none */
	_Atomic int64_t started_at;      /* wall clock */
	_Atomic int64_t deadline_mono_ms; /* killed when this passes; 0: none */
	_Atomic int32_t timed_out;
	_Atomic int32_t idle;            /* waits for work */
};

struct board {
	_Atomic int32_t draining;        /* workers stop claiming */
	_Atomic int32_t systems;         /* rises when the files of systems are to be read again */
	_Atomic int32_t front_ready;     /* the listeners are open */
	struct board_slot slots[BOARD_SLOTS];
};

/* board_map maps DIR/ringbolt.board, made when missing. It stays mapped for good and may be
 * inherited by a fork. */
int board_map(const char *dir, struct board **out, struct err *err) MUSTCHECK;

#endif
