/* SPDX-License-Identifier: MIT */
/*
 * sender: what an event's system says of it, found in the request as it is stored: the delivery's
 * id and the event's type.
 */
#ifndef FLOW_SENDER_H
#define FLOW_SENDER_H

#include "common/buf.h"
#include "flow/event.h"

struct system;

/* sender_facts adds both, each as JSON text or null: ,"system":"slack","delivery_id":"Ev1",
 * "type":"event_callback.app_mention" */
void sender_facts(const struct system *s, const struct scope_event *event, struct buf *out);

/* sender_key adds the delivery's id, or its SHA-256 when it is too long for a key: 1, or 0 when it
 * has none. */
int sender_key(const struct system *s, const struct scope_event *event, struct buf *out);

#endif
