/* SPDX-License-Identifier: MIT */
/*
 * limit: how many requests a webhook takes ("rate_limit"), and what becomes of the others. One
 * struct limit a flow, for the life of this process: a reload of the hooks changes the rate and
 * not what has been used up of it.
 *
 * The bucket is the generic cell rate algorithm: one word, the moment at which the bucket would
 * be full again; no thread waits for another. A flood must write little, so only one refusal a
 * second of a webhook becomes a row; the others are numbers here until the front's tick counts
 * them. A front that is killed loses at most that second's numbers.
 */
#ifndef SERVER_LIMIT_H
#define SERVER_LIMIT_H

#include "common/base.h"
#include "flow/flow.h"

struct limit;
struct limits; /* of all flows */

struct limits *limits_new(void);
void limits_free(struct limits *all); /* when no request holds a hook any more */

/* limits_find gives the limit of a flow, made where there is none. The caller lets in one thread
 * at a time; what it returned stays until limits_free. */
struct limit *limits_find(struct limits *all, int64_t flow_id);

/* limit_take lets one request in: 0, or, when the rate is used up, after how many microseconds
 * the next one would be let in. now_us is any clock that never goes back. */
int64_t limit_take(struct limit *l, const struct flow_rate *rate, int64_t now_us);

/* limit_bucket_take does so with a bucket of the caller's own, 0 when it is new. */
int64_t limit_bucket_take(_Atomic int64_t *full_at_ns, const struct flow_rate *rate, int64_t now_us);

/* limit_refused counts a refusal: true when this one is to be kept with its row, which counts
 * it; false when it waits for limits_uncounted. */
#define LIMIT_ROW_US 1000000 /* at most one row in this time */
bool limit_refused(struct limit *l, int64_t now_us);

/* limit_count counts an arrival that leaves no row at all. */
enum limit_outcome { LIMIT_REJECTED, LIMIT_PREFLIGHT, LIMIT_OUTCOMES };
void limit_count(struct limit *l, enum limit_outcome outcome);

/* limits_uncounted takes what waits to be counted, flow by flow and outcome by outcome: start with
 * *at = 0; false at the end. One thread at a time, as with limits_find. limits_put_back: it could
 * not be written. */
struct limit_sum {
	int64_t flow_id, n;
	enum limit_outcome outcome;
	const char *name;       /* of the outcome, as the store counts it */
};
bool limits_uncounted(struct limits *all, size_t *at, struct limit_sum *out);
void limits_put_back(struct limits *all, const struct limit_sum *sum);

#endif
