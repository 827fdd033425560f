/* SPDX-License-Identifier: MIT */
/* event: what a flow may know of one request and its run; the input of everything here. */
#ifndef FLOW_EVENT_H
#define FLOW_EVENT_H

#include "common/base.h"

struct system;

/* The request and the facts of the run, all borrowed: they outlive the scope. */
struct scope_event {
	int64_t id;           /* 0 in a test without an event */
	int64_t received_at;  /* milliseconds since 1970 */
	const char *method;
	const char *path;     /* raw, without the query: "/in/orders/7" */
	const char *query;    /* raw, without "?"; "" when none */
	const char *headers;  /* JSON: [["Name","value"],...] in order, repeats kept */
	const struct system *system; /* of its flow: flow_system; NULL: nothing is known of the sender */
	const char *suffix;   /* the webhook's pattern: "/orders/{id}" */
	const char *remote;   /* address of the caller */
	const char *trigger;  /* "arrival", "retry", "replay", "crash", "delay",
				 "call", "test" */
	int run;              /* number of this run of the event, from 1 */
	int attempt;          /* attempts since arrival or replay, from 1 */
	struct slice body;
};

#endif
