/* SPDX-License-Identifier: MIT */
/*
 * store_access: the keys of the API, and the record of who changed what. A part of
 * common/store.h, which includes it; include that one.
 *
 * A key reads rbk_<id>_<secret>: 256 random bits, of which the database knows the SHA-256. It is
 * shown once. What rights mean is the server's business; here they are names.
 */
#ifndef COMMON_STORE_ACCESS_H
#define COMMON_STORE_ACCESS_H

#include "common/store.h"

struct access_key {             /* borrowed */
	int64_t id;
	const char *name;
	const char *rights;     /* names with commas between */
	int64_t created_at, expires_at; /* 0: never */
};

/* store_key_add keeps a new key and appends its text to out, the caller's to wipe; id and
 * created_at of row are not read. ERR_CONFLICT when the name is taken. who is for the record. */
int store_key_add(struct store *s, const struct access_key *row, const char *who, int64_t now,
		  struct buf *out, struct err *err) MUSTCHECK;
/* store_key_remove ends a key at once: 1, or 0 when there is none of that name. */
int store_key_remove(struct store *s, const char *name, const char *who, int64_t now,
		     struct err *err) MUSTCHECK;
/* store_keys_each calls back by name; each < 0 ends it. How many. */
int store_keys_each(struct store *s, int (*each)(void *arg, const struct access_key *row), void *arg,
		    struct err *err) MUSTCHECK;
/* store_key_check: 1 when text is a key that has not expired, and then found is called once with
 * its row; 0 otherwise, and nobody learns which part was wrong. */
int store_key_check(struct store *s, const char *text, int64_t now,
		    void (*found)(void *arg, const struct access_key *row), void *arg,
		    struct err *err) MUSTCHECK;

struct audit_row {              /* borrowed */
	int64_t id, at;
	const char *who, *what, *target, *details;
};
/* store_audit_add writes one line of the record, synced. */
int store_audit_add(struct store *s, const struct audit_row *row, struct err *err) MUSTCHECK;
/* store_audit_each calls back for those with smaller ids (0: all), newest first; each < 0 ends it. */
int store_audit_each(struct store *s, int64_t before_id, size_t limit,
		     int (*each)(void *arg, const struct audit_row *row), void *arg,
		     struct err *err) MUSTCHECK;

#endif
