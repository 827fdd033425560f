/* SPDX-License-Identifier: MIT */
/*
 * intake: a request to a webhook on its way to disk. The order is the promise:
 *
 *     framing (http_guard) -> whose address it is (caller.c)
 *       -> suffix, preflight, method, allowed addresses, rate of the address, credentials in headers
 *          or query, rate of the webhook (the table at the end of admit.c)
 *       -> size -> body -> signature over its raw bytes -> expected structure
 *       -> dedupe and order key -> store_event_add -> answer (reply.c), marked for browsers (cors.c)
 *
 * so nobody uploads to a door that is closed to him, and what is stored has passed all of it.
 * Every refusal of a caller is kept with its cause (store_rejection_add); he is told less than
 * the operator. The bodies of all answers are in docs/replies.md, and made in reply.c.
 */
#ifndef SERVER_INTAKE_H
#define SERVER_INTAKE_H

#include "server/front.h"

/* intake_refused keeps a refusal that concerns no known flow: `refused` of http_setup, with a
 * struct front as arg. request may be NULL. */
void intake_refused(void *arg, const struct http_request *request, const char *remote,
		    const struct http_refusal *why);

#endif
