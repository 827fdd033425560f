/* SPDX-License-Identifier: MIT */
/* replay: the selection of a replay as it is kept, so that it can be gone on with; inside the store. */
#ifndef COMMON_STORE_REPLAY_KEPT_H
#define COMMON_STORE_REPLAY_KEPT_H

#include "common/store/inside.h"

/* replay_describe says a filter in words; replay_filter_write as JSON. */
void replay_describe(const struct event_filter *f, struct buf *out);
void replay_filter_write(const struct event_filter *f, struct buf *out);

/* A replay read back: its plan, which goes on behind the last event it had come to, and when
 * the last of those it had queued is due (0: none waits). */
struct replay_kept {
	struct replay_plan plan;
	int64_t due_at;
	/* private */
	char *texts[4];
	int64_t *ids;
};
/* replay_kept_load: 0, or -1 when there is no such replay or nothing to go on with. */
int replay_kept_load(struct store *s, int64_t id, struct replay_kept *out, struct err *err) MUSTCHECK;
void replay_kept_release(struct replay_kept *kept);

#endif
