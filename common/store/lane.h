/* SPDX-License-Identifier: MIT */
/*
 * lane: which queued event comes next. The index events_queued is ordered by lane, then by
 * due_at, so the head of a lane costs one look, however long the lane is.
 *
 * There are four common lanes, claimed in the order of lane_order: high, normal, low, replay. A
 * flow with a concurrency has the same four for itself: flow_id * 4 + (lane & 3). Between the
 * common lane of a kind and those of single flows the head that has waited longest goes first; a
 * flow that is full is passed. A look costs a few microseconds for each limited flow that has
 * something queued, and nothing for how much it has.
 */
#ifndef COMMON_STORE_LANE_H
#define COMMON_STORE_LANE_H

#include "common/store/inside.h"

#define LANE_HIGH (-1)
#define LANE_NORMAL 0
#define LANE_REPLAY 1
#define LANE_LOW 2
#define LANE_KINDS 4
/* The lane of an event that waits for its turn (order.h), and back again. */
#define LANE_WAITS(lane) (-10 - (lane))
/* SQL: a flow's own lane of a kind, or the common one; x is a lane of either. */
#define SQL_LANE_OWN(flow, x) "(" flow " * 4 + ((" x ") & 3))"
#define SQL_LANE_COMMON(x) "((((" x ") & 3) + 1 & 3) - 1)"

struct lane_head {
	int64_t lane;
	int64_t due_at;         /* 0: nothing is queued */
	int64_t room;           /* how many may be claimed */
};
struct lanes {
	struct lane_head heads[LANE_KINDS]; /* in the order of claiming; of each kind the first due */
	int due;                /* how many lanes with room have something due */
};

/* lanes_look: what there is to claim; full: in flows that are full too. 0 or -1. */
int lanes_look(struct conn *c, int64_t now, bool full, struct lanes *out, struct err *err) MUSTCHECK;

/* lanes_next: the head to claim from now, or NULL. */
const struct lane_head *lanes_next(const struct lanes *lanes, int64_t now);

/* lane_enter: the lane of a new event; priority above, at or below 0. *paused: its flow is. */
int lane_enter(struct conn *c, int64_t flow_id, int priority, int64_t *lane, bool *paused,
	       struct err *err) MUSTCHECK;

/* lanes_move brings what is open of a flow into the lanes that fit its concurrency: when a
 * version is published that has one where there was none, or the other way round. */
int lanes_move(struct conn *c, int64_t flow_id, bool own, struct err *err) MUSTCHECK;

#endif
