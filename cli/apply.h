/* SPDX-License-Identifier: MIT */
/*
 * apply: flow documents from files into the store. Shared by `flow check`, `flow apply` and
 * the server's start and SIGHUP (`serve --flows`).
 *
 *     struct apply_set set = {0};
 *     apply_add(&set, "flows", &err) < 0 ||  -- a file, or every *.json of a folder
 *     apply_check(&set) > 0 ||               -- faults are in each document's list
 *     apply_store(&set, store, true, now, &err) < 0
 *     apply_release(&set);
 */
#ifndef CLI_APPLY_H
#define CLI_APPLY_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/store.h"
#include "flow/flow.h"

#define APPLY_DOCUMENT_MAX (4 << 20)

enum apply_outcome { APPLY_PENDING, APPLY_NEW, APPLY_UNCHANGED, APPLY_FAULTY, APPLY_FAILED };

struct apply_doc {
	char *path;
	struct buf text;        /* as it stands in the file; what is kept */
	struct flow *flow;      /* NULL when faulty */
	struct faults faults;   /* warnings too */
	enum apply_outcome outcome;
	int version;            /* once stored */
	struct err err;         /* why it could not be stored */
};
struct apply_set {
	struct apply_doc *docs;
	size_t count;
};

/* apply_add takes a file ("-": standard input), or the *.json files of a folder in the order
 * of their names. 0, or -1 when something cannot be read. */
int apply_add(struct apply_set *set, const char *path, struct err *err) MUSTCHECK;

/* apply_names_file: a word is a file when there is one of that name, or when only a file could
 * be called so. */
bool apply_names_file(const char *word);

/* apply_check parses and checks every document, jq included, and refuses two of one name.
 * Returns how many are faulty. */
size_t apply_check(struct apply_set *set);

/* apply_store keeps the sound ones, each in its own transaction; a document that takes over
 * the suffix of another one in the set may stand before it. 0, or -1 when one could not be
 * stored (its err says why; err has the first); the others are stored all the same. */
int apply_store(struct apply_set *set, struct store *s, bool publish, int64_t now,
		struct err *err) MUSTCHECK;
void apply_release(struct apply_set *set);

/* apply_diff adds the lines in which each document differs from the published one of its flow
 * (cli/diff.h), behind two lines that name them. s may be NULL: nothing is published. */
int apply_diff(const struct apply_set *set, struct store *s, struct buf *out, struct err *err) MUSTCHECK;

/* apply_dir does all of it for a folder and publishes; each file's outcome is logged. A
 * faulty file is refused with its faults and the published version of its flow stays; the
 * others are applied. Returns how many flows have a new version; -1 when the folder cannot
 * be read or the store failed. */
int apply_dir(struct store *s, const char *dir, int64_t now, struct err *err) MUSTCHECK;

/* apply_routes: what a flow listens at, for store_flow_apply and _publish. apply_routes_free
 * frees. */
void apply_routes(const struct flow *f, struct flow_route **routes, size_t *count);
void apply_routes_free(struct flow_route *routes, size_t count);

#endif
