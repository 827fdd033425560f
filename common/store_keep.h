/* SPDX-License-Identifier: MIT */
/*
 * store_keep: what operators give the store to keep: secrets, connections, samples. A part of
 * common/store.h, which includes it; include that one.
 */
#ifndef COMMON_STORE_KEEP_H
#define COMMON_STORE_KEEP_H

#include "common/store.h"

/* ---- secrets ------------------------------------------------------------------- */

/* Values are AES-256-GCM under the key file, bound to their name. An environment variable
 * RINGBOLT_SECRET_<NAME> (upper case, - as _) of this process stands before the stored one. */
struct secret_row {
	char *name;
	int64_t updated_at;
	bool from_environment;
};
int store_secret_set(struct store *s, const char *name, struct slice value, int64_t now,
		     struct err *err) MUSTCHECK;
/* store_secret_learn keeps it only where there is none of that name: 1, or 0. */
int store_secret_learn(struct store *s, const char *name, struct slice value, int64_t now,
		       struct err *err) MUSTCHECK;
int store_secret_remove(struct store *s, const char *name, struct err *err) MUSTCHECK; /* 1, 0 none */
int store_secrets_load(struct store *s, struct secret_row **rows, size_t *count, struct err *err) MUSTCHECK;
void secret_rows_free(struct secret_row *rows, size_t count);
/* store_secret_get: 1 and the value (len bytes, terminated, the caller's to mem_wipe_free). */
int store_secret_get(struct store *s, const char *name, char **value, size_t *len,
		     struct err *err) MUSTCHECK;
/* store_secrets_rotate seals every stored secret anew under a new key: how many. The new key
 * stands beside the key file (FILE.new) before the one transaction that re-seals all, and in its
 * place after it; the old one stays as FILE.old, which backups from before need. Whenever it
 * is cut short, every secret still opens: what opens them is looked for in all these places,
 * also by servers that run. Words of store_token change. ERR_CONFLICT when another rotation
 * is under way. */
int store_secrets_rotate(struct store *s, struct err *err) MUSTCHECK;
/* store_token makes an unguessable word for a purpose and an id, always the same one, from
 * the key file: 32 hex digits. For status URLs. */
void store_token(struct store *s, const char *purpose, int64_t id, char out[33]);
/* store_digest is the same of a text: 64 hex digits that tell nothing of it without the key file. */
void store_digest(struct store *s, const char *purpose, struct slice text, char out[65]);

/* ---- connections --------------------------------------------------------------- */

struct connection_row {         /* borrowed */
	const char *name, *document;
	int64_t updated_at;
};
/* The document is kept as it is; flow/connection.h says whether it is sound. */
int store_connection_set(struct store *s, const char *name, const char *document, int64_t now,
			 struct err *err) MUSTCHECK;
int store_connection_remove(struct store *s, const char *name, struct err *err) MUSTCHECK; /* 1, 0 none */
/* store_connection_load: 1 and the document, the caller's; 0 no such connection. */
int store_connection_load(struct store *s, const char *name, char **document, struct err *err) MUSTCHECK;
/* store_connections_each calls back by name; each < 0 ends it. How many. */
int store_connections_each(struct store *s,
			   int (*each)(void *arg, const struct connection_row *row), void *arg,
			   struct err *err) MUSTCHECK;

/* ---- samples ------------------------------------------------------------------- */

struct sample_row {             /* a request to try a flow with; borrowed */
	const char *name;
	const char *method, *path, *query, *headers; /* as struct event_new has them */
	struct slice body;
	int64_t updated_at;
};
/* A sample of that name is replaced. ERR_MISSING: no such flow, here and below. */
int store_sample_set(struct store *s, const char *flow, const struct sample_row *row,
		     struct err *err) MUSTCHECK;
int store_sample_remove(struct store *s, const char *flow, const char *name, struct err *err) MUSTCHECK; /* 1, 0 none */
/* store_samples_each calls back by name, or for one (name not NULL); each < 0 ends it. How many. */
int store_samples_each(struct store *s, const char *flow, const char *name,
		       int (*each)(void *arg, const struct sample_row *row), void *arg,
		       struct err *err) MUSTCHECK;

#endif
