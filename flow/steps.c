/* SPDX-License-Identifier: MIT */
/* The table of step types. A new type is one file in flow/steps/, two lines here, and one
 * case in tests/flows/. */
#include "flow/step.h"

#include <string.h>

extern const struct step_type step_map;
extern const struct step_type step_filter;
extern const struct step_type step_switch;
extern const struct step_type step_http_request;
extern const struct step_type step_sqlite_query;
extern const struct step_type step_command;
extern const struct step_type step_webhook_response;
extern const struct step_type step_stop;

const struct step_type *const steps_table[] = {
	&step_map,
	&step_filter,
	&step_switch,
	&step_http_request,
	&step_sqlite_query,
	&step_command,
	&step_webhook_response,
	&step_stop,
	NULL,
};

/* Words of the language that a later version brings. */
static const char *const later[] = {
	"for_each", "aggregate", "delay", "call_flow", NULL,
};

const struct step_type *step_type_find(const char *name)
{
	for (size_t i = 0; steps_table[i]; i++) {
		if (strcmp(steps_table[i]->name, name) == 0)
			return steps_table[i];
	}
	return NULL;
}

bool step_type_later(const char *name)
{
	for (size_t i = 0; later[i]; i++) {
		if (strcmp(later[i], name) == 0)
			return true;
	}
	return false;
}
