/* SPDX-License-Identifier: MIT */
/* Backoff with jitter and two caps: on attempts and on age. */
#include "worker/retry.h"

static bool may_mend(enum err_kind kind)
{
	switch (kind) {
	case ERR_INVALID:
	case ERR_DENIED: return false;
	case ERR_NONE:
	case ERR_MISSING:
	case ERR_CONFLICT:
	case ERR_TOO_BIG:
	case ERR_BUSY:
	case ERR_TIMEOUT:
	case ERR_UPSTREAM:
	case ERR_SYSTEM:
	case ERR_DISK: return true;
	}
	return true;
}

int64_t retry_at(const struct flow_retry *policy, const struct retry_case *c)
{
	double pause = (double)policy->first_ms;

	if (c->attempt >= policy->attempts || !may_mend(c->kind))
		return 0;
	for (int i = 1; i < c->attempt && pause < (double)policy->max_ms; i++)
		pause *= policy->factor;
	if (pause > (double)policy->max_ms)
		pause = (double)policy->max_ms;
	/* Half of the jitter below, half above: the mean stays what was asked for. */
	pause *= 1.0 + policy->jitter * (c->chance - 0.5);
	int64_t at = c->now + (pause < 1.0 ? 1 : (int64_t)pause);
	if (policy->max_age_ms > 0 && at - c->received_at > policy->max_age_ms)
		return 0;
	return at;
}
