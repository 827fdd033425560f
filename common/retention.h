/* SPDX-License-Identifier: MIT */
/* retention: how long what is kept: a part of the settings, which the store carries out
 * (common/store_retention.h). */
#ifndef COMMON_RETENTION_H
#define COMMON_RETENTION_H

#include "common/base.h"

enum retention_kind {
	RETENTION_BODIES,     /* bodies of requests and replies; the event cannot be replayed then */
	RETENTION_TRACES,     /* what the steps of runs saw and gave */
	RETENTION_EVENTS,     /* events whole, with request and runs */
	RETENTION_REJECTIONS, /* refused arrivals */
	RETENTION_KINDS,
};

struct retention {
	int64_t age_ms[RETENTION_KINDS]; /* since the arrival; 0: kept for ever */
	int64_t bytes; /* of the database: above it the oldest events go, whatever their age; 0: no budget */
};

#endif
