/* SPDX-License-Identifier: MIT */
/*
 * jq_native: the bridge by which a jq program calls the native functions of
 * flow/functions.h, over libjq's callbacks for debug and input. Only jq.c uses it.
 */
#ifndef FLOW_JQ_NATIVE_H
#define FLOW_JQ_NATIVE_H

#include "common/buf.h"
#include "common/err.h"

struct jq_state;

/* The answer to the call in hand; zeroed at first. It outlives what it is attached to. */
struct jq_native {
	struct buf answer; /* empty: none */
	struct err err;
	bool failed;
};

void jq_native_attach(struct jq_native *n, struct jq_state *jq);
void jq_native_release(struct jq_native *n);

#endif
