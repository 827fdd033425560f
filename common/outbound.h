/* SPDX-License-Identifier: MIT */
/*
 * outbound: the one door through which anything leaves for another system. Owner of
 * libcurl. Time, size and address limits are set here and nowhere else, so that steps,
 * test buttons and alerts all pass the same guard.
 *
 * An address is judged after the name is resolved, for each connection and again before each
 * request on one that is used again (see outbound_address_refused). So neither odd spellings
 * nor a name that changes its address between check and call matter. Only the public
 * internet is called, unless the operator allows more.
 */
#ifndef COMMON_OUTBOUND_H
#define COMMON_OUTBOUND_H

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
	int redirects;               /* how many are followed; 0: none, the redirect is the answer */
	const char *key;             /* names the call among all of its event, whatever headers say: the
					Idempotency-Key of docs/flow.md; NULL: none. Not sent. */
	bool for_token;              /* asks for a token of a connection: no step's own call */
};

struct outbound_response {
	int status;
	struct buf headers;          /* JSON {"lower-name": "value"}, repeats joined with ", " */
	struct buf body;
	bool body_is_json;           /* content type says so and it passed jsontext_check */
	int64_t retry_after_ms;      /* what Retry-After asks for; 0: nothing */
};
void outbound_response_release(struct outbound_response *r);

/* What may be called beside the public internet; borrowed only for the call. */
struct outbound_policy {
	const char *allow;           /* ranges of private addresses: "10.1.0.0/16, fd00::/8" */
	const char *own[4];          /* where this server listens ("127.0.0.1:8080"): never called */
};

/* outbound_init once per process, after fork; a policy of NULL allows nothing private. 0, or -1
 * when the policy cannot be read. */
int outbound_init(const struct outbound_policy *policy, struct err *err) MUSTCHECK;

/* outbound_call: 0 whenever an answer came, whatever its status; -1 ERR_UPSTREAM,
 * ERR_TIMEOUT, ERR_TOO_BIG, ERR_DENIED or ERR_INVALID with a sentence that names the host
 * (never the query, which may hold a key). Connections are kept and reused.
 *
 * A redirect is followed only where nothing has to be sent again: GET, HEAD and OPTIONS
 * without a body, or where 303 (or 301 and 302 after a POST) asks for a GET, which then
 * has no body; and never from https to http. To another scheme, host or port go no headers
 * but Accept, Accept-Language and User-Agent. A redirect that is not followed is the
 * answer. */
int outbound_call(const struct outbound_request *request, struct outbound_response *response,
		  struct err *err) MUSTCHECK;

/* outbound_address_refused: why this address and port may not be called, or NULL. The text
 * lasts until the next question. */
const char *outbound_address_refused(const struct sockaddr *address);

#endif
