/* SPDX-License-Identifier: MIT */
/* Flows that are called by one that is tried. */
#include "cli/called.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

int called_find(struct called *c, const char *name, struct flow **flow, struct err *err)
{
	struct flow_row row = {0};
	struct faults faults = {0};

	for (size_t i = 0; i < c->count; i++)
		if (strcmp(flow_name(c->list[i]), name) == 0)
			return *flow = c->list[i], 1;
	int rc = c->store ? store_flow_load(c->store, name, 0, &row, err) : 0;
	if (rc <= 0)
		return rc;
	if (flow_parse(row.document, strlen(row.document), flow, &faults) < 0) {
		rc = err_set(err, ERR_INVALID, "flow \"%.64s\" no longer passes the check: %s", name,
			     faults.list[0].text);
	} else {
		c->list = mem_resize(c->list, c->count + 1, sizeof(struct flow *));
		c->list[c->count++] = *flow;
	}
	faults_release(&faults);
	flow_row_release(&row);
	return rc;
}

void called_release(struct called *c)
{
	for (size_t i = 0; i < c->count; i++)
		flow_free(c->list[i]);
	free(c->list);
	c->list = NULL;
	c->count = 0;
}
