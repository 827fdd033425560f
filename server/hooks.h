/* SPDX-License-Identifier: MIT */
/*
 * hooks: which flow listens where. A table made from the published flows and their secrets,
 * replaced as a whole when the store's configuration changes; a request holds the table it
 * began with until it ends, so nothing it points to changes underneath. Old tables are freed,
 * and their secrets wiped, by the last request that holds them.
 *
 * Lookup is by binary search over the parts of the path, so a thousand flows cost a few
 * comparisons more than one, and nothing an attacker chooses is hashed.
 */
#ifndef SERVER_HOOKS_H
#define SERVER_HOOKS_H

#include "common/base.h"
#include "common/store.h"
#include "flow/flow.h"
#include "server/limit.h"
#include "server/verify.h"

struct keys;
struct verify_system;

struct hooks;       /* the live table and what it takes to replace it */
struct hooks_table; /* one generation */

struct hook {
	int64_t flow_id, version_id;
	bool paused;
	struct flow *flow;
	const struct flow_webhook *webhook; /* of flow */
	struct verify_key *keys;            /* as auth.secrets, in their order */
	size_t n_keys;
	struct verify_system *proof;        /* where its system is asked for proof or shakes hands; or NULL */
	struct limit *limit;                /* of the flow; outlives the table */
};

/* base_url: where the webhooks stand for the world, as server.c has it; fetched: keys of systems, or NULL.
 * Both outlive it. */
struct hooks *hooks_new(struct store *store, const char *base_url, struct keys *fetched);
void hooks_free(struct hooks *h); /* when no table is held any more */

/* hooks_refresh reloads when the configuration has changed, and waits for another thread that is at
 * it, so that what was published before a request came is what the request meets: 1 reloaded, 0
 * nothing to do, -1 failed (the old table stays; tried again after a second). */
int hooks_refresh(struct hooks *h, struct err *err) MUSTCHECK;

/* hooks_reload makes the next hooks_refresh load everything: the files of systems have changed. */
void hooks_reload(struct hooks *h);

/* hooks_count_arrivals writes down how many requests have no row of their own: preflights, and
 * those over a rate limit; at most once a second unless it is the last time. */
int hooks_count_arrivals(struct hooks *h, bool last, struct err *err) MUSTCHECK;

/* hooks_hold gives the live table; every hold needs its hooks_drop. */
struct hooks_table *hooks_hold(struct hooks *h);
void hooks_drop(struct hooks_table *table);
size_t hooks_count(const struct hooks_table *table);

/* What a path and a method lead to. Borrowed from the table. */
struct hooks_match {
	const struct hook *hook; /* that takes the method; NULL: none does */
	const struct hook *any;  /* one at this path, whatever its method; NULL: none */
	unsigned methods;        /* of all hooks at this path, enum flow_method */
};

/* hooks_find looks up the part of the raw path behind "/in": "/orders/7". Parts are cut at the
 * raw slashes and then decoded. A literal part beats a {name} part, from left to right; a
 * {name} takes any part that is not empty. */
void hooks_find(const struct hooks_table *table, const char *path, unsigned method,
		struct hooks_match *out);

/* hooks_table_new makes a table of these hooks, which it takes over, array and all. For
 * hooks_refresh and for tests. */
struct hooks_table *hooks_table_new(struct hook *hooks_take, size_t count);

#endif
