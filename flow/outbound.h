/* SPDX-License-Identifier: MIT */
/*
 * outbound: the one door through which anything leaves for another system. Owner of
 * libcurl. Time, size and address limits are set here and nowhere else, so that steps,
 * test buttons and alerts all pass the same guard.
 *
 * An address is judged after the name is resolved, for each connection (see
 * outbound_address_refused); redirects are not followed.
 */
#ifndef FLOW_OUTBOUND_H
#define FLOW_OUTBOUND_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

#include <sys/socket.h>

struct outbound_request {
	const char *method;
	const char *url;
	const char *headers;         /* JSON [["Name","value"],...]; checked here */
	struct slice body;
	int64_t timeout_ms;          /* for all of it */
	size_t max_response_bytes;
};

struct outbound_response {
	int status;
	struct buf headers;          /* JSON {"lower-name": "value"}, repeats joined with ", " */
	struct buf body;
	bool body_is_json;           /* content type says so and it passed jsontext_check */
};
void outbound_response_release(struct outbound_response *r);

/* outbound_init once per process, after fork. */
void outbound_init(void);

/* outbound_call: 0 whenever an answer came, whatever its status; -1 ERR_UPSTREAM,
 * ERR_TIMEOUT, ERR_TOO_BIG, ERR_DENIED or ERR_INVALID with a sentence that names the host
 * (never the query, which may hold a key). Connections are kept and reused. */
int outbound_call(const struct outbound_request *request, struct outbound_response *response,
		  struct err *err) MUSTCHECK;

/* outbound_address_refused: why this address may not be called, or NULL. */
const char *outbound_address_refused(const struct sockaddr *address);

#endif
