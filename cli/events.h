/* SPDX-License-Identifier: MIT */
/* events: rows of event_history on the screen, shared by `event list` and `event tail`. */
#ifndef CLI_EVENTS_H
#define CLI_EVENTS_H

#include "cli/table.h"
#include "common/store.h"

void events_start(struct table *t, bool json, FILE *out);
void events_row(struct table *t, const struct event_row *row);

#endif
