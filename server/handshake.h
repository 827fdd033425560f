/* SPDX-License-Identifier: MIT */
/*
 * handshake: requests that a system sends to see whether somebody is there, answered by the rules of
 * its file (flow/system.h): whatever methods the flow takes, at any time, also while it is paused. They
 * are counted as "handshake" and are no events.
 */
#ifndef SERVER_HANDSHAKE_H
#define SERVER_HANDSHAKE_H

#include "server/front.h"
#include "server/hooks.h"

/* handshake_possible: by what comes before the body, this may be one; so the body must be read before
 * it can be told. */
bool handshake_possible(const struct hook *hook, const struct http_request *request);

struct handshake_refusal {
	int status;
	char cause[640];         /* for the operator */
};

/* handshake_answer: 1 and the response is filled; 0 it is none, go on as ever; -1 it is one, but its
 * proof or its fetch failed. */
int handshake_answer(struct front *f, const struct hook *hook, const struct http_request *request,
		     struct slice body, struct http_response *response, struct handshake_refusal *why) MUSTCHECK;

#endif
