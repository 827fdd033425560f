/* SPDX-License-Identifier: MIT */
/*
 * keep: what of a request may reach the disk. Headers are kept in order with their repeats;
 * the value of one that holds a secret becomes "[redacted]" before it leaves this process.
 */
#ifndef SERVER_KEEP_H
#define SERVER_KEEP_H

#include "common/buf.h"
#include "flow/flow.h"
#include "server/front.h"
#include "server/hooks.h"

/* keep_headers adds [["Name","value"],...]. redacted: lower-case names; credential (may be
 * NULL): one more, in any case. names (may be NULL) gets the names of those whose value was blanked,
 * as in struct flow_redacted. */
void keep_headers(const struct http_request *request, const char *const *redacted, size_t n_redacted,
		  const char *credential, struct buf *out, struct buf *names);

/* keep_rejection writes a refused arrival down: hook NULL when no flow has the suffix, request
 * NULL when there was none to speak of. Also headers whose name only sounds like a secret are blanked. A store that cannot take it is logged and no more. */
void keep_rejection(struct front *f, const struct hook *hook, const struct http_request *request,
		    const char *remote, int status, const char *cause, int64_t body_bytes);

#endif
