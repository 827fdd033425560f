/* SPDX-License-Identifier: MIT */
/* The table of step types. A new type is one file in flow/steps/, two lines here, and one
 * case in tests/flows/. */
#include "flow/step.h"

#include <string.h>

extern const struct step_type step_map;
extern const struct step_type step_filter;
extern const struct step_type step_switch;
extern const struct step_type step_for_each;
extern const struct step_type step_aggregate;
extern const struct step_type step_http_request;
extern const struct step_type step_call_flow;
extern const struct step_type step_delay;
extern const struct step_type step_sqlite_query;
extern const struct step_type step_command;
extern const struct step_type step_webhook_response;
extern const struct step_type step_stop;

const struct step_type *const steps_table[] = {
	&step_map,
	&step_filter,
	&step_switch,
	&step_for_each,
	&step_aggregate,
	&step_http_request,
	&step_call_flow,
	&step_delay,
	&step_sqlite_query,
	&step_command,
	&step_webhook_response,
	&step_stop,
	NULL,
};

const struct step_type *step_type_find(const char *name)
{
	for (size_t i = 0; steps_table[i]; i++) {
		if (strcmp(steps_table[i]->name, name) == 0)
			return steps_table[i];
	}
	return NULL;
}
