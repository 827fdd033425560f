/* SPDX-License-Identifier: MIT */
/*
 * recorded: what other systems answered in the last recorded run of an event, to answer the
 * calls of another run of it the same way, with nothing sent.
 *
 * An answer is found by its step, the round of each loop it is in and the steps that called its
 * flow. What the trace does not hold (record "none", an answer that was cut, a step that is new)
 * is answered by a stand-in: 200, {}. An answer taken as bytes comes back as its base64 text.
 */
#ifndef CLI_RECORDED_H
#define CLI_RECORDED_H

#include "common/base.h"
#include "common/err.h"
#include "common/outbound.h"

struct recorded {
	struct recorded_answer *list;
	size_t count;
	size_t stubbed; /* calls that a stand-in answered */
};

/* recorded_read takes struct event_detail's runs, which must outlive it. */
void recorded_read(struct recorded *r, const char *runs);
void recorded_release(struct recorded *r);

/* recorded_give adds an answer by hand, which stands before a recorded one: "STEP=JSON" with
 * {"status": 200, "headers": {}, "body": any}, or {"error": "a sentence"} for no answer at all, or
 * "STEP=@FILE". STEP is "send", "send-0" for one round of a loop, "price-send" in a flow that step
 * price calls. After recorded_read. 0, or -1 with what is wrong. */
int recorded_give(struct recorded *r, const char *text, struct err *err) MUSTCHECK;
/* recorded_has: whether an answer stands ready for this call. recorded_unused: a step for which one
 * was given by hand and that has not asked for it, or NULL; i counts them from 0. */
bool recorded_has(const struct recorded *r, const struct outbound_request *request);
const char *recorded_unused(const struct recorded *r, size_t i);

/* recorded_answer answers a call: 0; -1 where the recorded call got no answer, with its
 * sentence. */
int recorded_answer(struct recorded *r, const struct outbound_request *request,
		    struct outbound_response *response, struct err *err) MUSTCHECK;

/* recorded_stand_in: 200, {}; for a token, one that proves nothing. */
void recorded_stand_in(const struct outbound_request *request, struct outbound_response *response);

#endif
