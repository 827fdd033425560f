/* SPDX-License-Identifier: MIT */
/*
 * reply: what a flow answers, checked before it is believed. What comes out of an
 * expression may hold anything a caller sent, so headers and status are refused rather than
 * repaired, and nothing reaches the wire that has not passed here.
 */
#ifndef FLOW_REPLY_H
#define FLOW_REPLY_H

#include "common/base.h"
#include "common/err.h"
#include "flow/run.h"

/* reply_status reads an override of the status, JSON text: an integer (or digits as text)
 * from 200 to 599 that is no redirect. 1; 0 for null; -1. */
int reply_status(struct slice json, int *status, struct err *err) MUSTCHECK;

/* reply_make fills reply (which needs no init). headers: JSON [["Name","value"],...].
 * body: JSON text, ptr NULL for none; a string is sent as text, anything else as JSON. The
 * Content-Type is added where the headers have none. 204 and 205 never have a body. On
 * failure (-1) reply is empty. */
int reply_make(struct reply *reply, int status, struct slice headers, struct slice body,
	       struct err *err) MUSTCHECK;

/* reply_bytes gives a reply made without a body one, as it is; application/octet-stream unless
 * its headers say what it is. Nothing where the status has no body. */
void reply_bytes(struct reply *reply, struct slice bytes);

#endif
