/* SPDX-License-Identifier: MIT */
/* retry: when is a failed run tried again? A pure function: no clock, no chance of its own. */
#ifndef WORKER_RETRY_H
#define WORKER_RETRY_H

#include "common/err.h"
#include "flow/flow.h"

/* What is known of a run that failed. */
struct retry_case {
	enum err_kind kind;
	int attempt;         /* of this run, from 1 */
	int64_t received_at; /* of the event */
	int64_t now;
	double chance;       /* 0 to below 1: drawn by the caller */
};

/* retry_at: when to run again, or 0 when there is no more: the attempts are used up, the event
 * is older than max_age_ms by then, or the failure is one that another try cannot mend
 * (ERR_INVALID: the same bytes fail the same way). */
int64_t retry_at(const struct flow_retry *policy, const struct retry_case *c);

#endif
