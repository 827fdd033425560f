/* SPDX-License-Identifier: MIT */
/*
 * order: events of one flow with one key run one at a time, in the order of their arrival. One of
 * them has the turn, whatever becomes of it meanwhile (a retry, a delay, a crash, a pause); the
 * others stand in lanes that no claim looks at. The transaction that ends it gives the turn to the
 * one with the smallest id, so there is no moment at which a death could lose it. A failed event
 * keeps the turn where its flow says "on_failure": "stop", until it is replayed or cancelled.
 *
 * All of these are called inside a transaction.
 */
#ifndef COMMON_STORE_ORDER_H
#define COMMON_STORE_ORDER_H

#include "common/store/inside.h"

#define TURN_NONE (-1) /* no key: NULL in the table */

/* order_enter: what a new event with this key gets: 1 the turn, 0 it waits; TURN_NONE without a
 * key (ptr NULL); or -2 with an error. */
int order_enter(struct conn *c, int64_t flow_id, struct slice key, struct err *err) MUSTCHECK;

/* order_leave: the event has ended; gives its turn on where it had it. How many got it, or -1. */
int order_leave(struct conn *c, int64_t event_id, bool failed, struct err *err) MUSTCHECK;

/* order_cancel: the same for an event that is taken out of the queue, whether it had the turn or
 * waited. */
int order_cancel(struct conn *c, int64_t event_id, bool failed, struct err *err) MUSTCHECK;

/* order_return: a finished event was queued again; it takes its place among those of its key. */
int order_return(struct conn *c, int64_t event_id, struct err *err) MUSTCHECK;

#endif
