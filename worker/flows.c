/* SPDX-License-Identifier: MIT */
/* The flow versions this worker has read: a handful, so a list is searched. */
#include "worker/flows.h"

#include "common/mem.h"
#include "flow/run.h"

#include <stdlib.h>
#include <string.h>

#define KEPT 64
#define WARM 48 /* at most so many are made ready before they are asked for */

struct kept {
	int64_t version_id;
	uint64_t used;
	struct flow *flow;
};

struct flows {
	struct store *store;
	uint64_t clock, began;     /* began: when the run in hand did */
	struct kept list[KEPT];
	uint32_t ticket;           /* of the store's flows, when `published` was read */
	int64_t published[WARM];   /* versions to make ready */
	size_t n_published, warmed;
};

struct flows *flows_new(struct store *s)
{
	struct flows *f = mem_new(sizeof(*f));

	f->store = s;
	return f;
}

void flows_forget(struct flows *f)
{
	for (size_t i = 0; i < KEPT; i++)
		flow_free(f->list[i].flow);
	memset(f->list, 0, sizeof(f->list));
	f->ticket = 0;
}

void flows_free(struct flows *f)
{
	if (!f)
		return;
	flows_forget(f);
	free(f);
}

static struct flow *load(struct store *s, int64_t version_id, struct err *err)
{
	char *document = NULL;
	struct faults faults = {0};
	struct flow *flow = NULL;
	int got = store_version_load(s, version_id, &document, err);

	if (got == 0)
		err_set(err, ERR_MISSING, "flow version %lld is gone from the database", (long long)version_id);
	if (got <= 0)
		return NULL;
	if (flow_parse(document, strlen(document), &flow, &faults) < 0)
		err_set(err, ERR_INVALID, "the flow's document no longer passes the check (%s: %s): apply a "
			"corrected version, then replay with the flow of now",
			faults.count ? faults.list[0].pointer : "", faults.count ? faults.list[0].text : "?");
	faults_release(&faults);
	free(document);
	return flow;
}

struct flow *flows_find(struct flows *f, int64_t version_id, struct err *err)
{
	struct kept *oldest = &f->list[0];

	for (size_t i = 0; i < KEPT; i++) {
		if (f->list[i].flow && f->list[i].version_id == version_id) {
			f->list[i].used = ++f->clock;
			return f->list[i].flow;
		}
		if (f->list[i].used < oldest->used)
			oldest = &f->list[i];
	}
	if (oldest->flow && oldest->used > f->began) {
		err_set(err, ERR_INVALID, "one run calls more than %d flows; make them fewer", KEPT - 1);
		return NULL;
	}
	struct flow *flow = load(f->store, version_id, err);
	if (!flow)
		return NULL;
	flow_free(oldest->flow);
	*oldest = (struct kept){version_id, ++f->clock, flow};
	return flow;
}

void flows_begin(struct flows *f)
{
	f->began = f->clock;
}

int flows_call(struct flows *f, const char *name, struct flow **flow, struct err *err)
{
	struct flow_row row;
	int got = store_flow_load(f->store, name, 0, &row, err);

	if (got <= 0)
		return got;
	*flow = flows_find(f, row.version_id, err);
	flow_row_release(&row);
	return *flow ? 1 : -1;
}

static void read_published(struct flows *f)
{
	struct flow_row *rows;
	size_t count;
	struct err ignored;

	f->n_published = f->warmed = 0;
	if (store_flows_load(f->store, &rows, &count, &ignored) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].version_id && f->n_published < WARM)
			f->published[f->n_published++] = rows[i].version_id;
		flow_row_release(&rows[i]);
	}
	free(rows);
}

int flows_warm(struct flows *f)
{
	uint32_t ticket = store_config_ticket(f->store);
	struct err ignored; /* a faulty flow says so when it is run */

	if (ticket != f->ticket) {
		f->ticket = ticket;
		read_published(f);
	}
	if (f->warmed == f->n_published)
		return 0;
	struct flow *flow = flows_find(f, f->published[f->warmed++], &ignored);
	return !flow || run_prepare(flow, &ignored) <= 0; /* well or not: done with this one */
}
