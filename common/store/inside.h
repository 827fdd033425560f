/* SPDX-License-Identifier: MIT */
/*
 * inside: what the files behind store.h share, and nobody else sees.
 *
 * One process has one struct store: one writing connection, used by whoever leads the
 * commit queue at that moment, and a few reading connections lent to threads for one
 * question at a time. So memory does not grow with the number of threads.
 */
#ifndef COMMON_STORE_INSIDE_H
#define COMMON_STORE_INSIDE_H

#include "common/crypto.h"
#include "common/store.h"
#include "common/store/bell.h"
#include "common/store/sql.h"

#include <pthread.h>
#include <stdatomic.h>

#define READERS_MAX 4
#define RUN_ID(event, run) ((event) * 65536 + (run))
#define RUN_MAX 65535
#define OWNER_NOBODY 8388607 /* three bytes: see events in migrations/0001_first.sql */

struct job;

struct store {
	char *dir;
	bool read_only;
	struct bell *bell;
	int lock_fd;
	int64_t queue_cap;

	/* The commit queue (commit.c). */
	pthread_mutex_t queue_lock;
	struct job *queue_head, *queue_tail;
	bool led;
	struct conn writer;
	bool locked;                /* the leader holds the write lock */
	pthread_mutex_t sync_lock;
	pthread_cond_t sync_done;
	uint64_t committed, synced; /* transactions of this process */
	bool syncing;

	/* For checkpoints alone (health.c). */
	struct conn keeper;
	int keeper_lock;

	/* Reading connections (store.c). */
	pthread_mutex_t readers_lock;
	pthread_cond_t reader_back;
	struct conn readers[READERS_MAX];
	bool lent[READERS_MAX];
	int readers_open;

	atomic_bool broken;

	/* When flows and secrets last changed, as far as this process knows (flow.c). */
	_Atomic uint32_t config_ticket, config_rung;
	_Atomic int64_t config_looked_at;

	/* The key file (key.c), and the secrets of the environment as it was at opening (secret.c). */
	pthread_mutex_t key_lock;
	unsigned char key[CRYPTO_KEY_BYTES];
	char *key_path;
	struct env_secret *env_secrets;
	size_t n_env_secrets;
};

/* ---- one write transaction, shared by those who come together (commit.c) ---- */

/* When a change is synced, the later ones stricter (commit.c says what each is for). */
enum sync { SYNC_LATER, SYNC_AFTER, SYNC_FIRST };

/* commit applies one change inside a write transaction and returns after its commit, and with
 * SYNC_AFTER and SYNC_FIRST after its sync: what apply returned (zero or more), or -1 with
 * nothing changed (after a failed sync: with nobody told). apply may be called twice, the first
 * time undone, when a neighbour in the transaction failed; it must only use c and its arg, and
 * not take long. */
int commit(struct store *s, enum sync sync, int (*apply)(struct conn *c, void *arg, struct err *err),
	   void *arg, struct err *err) MUSTCHECK;

/* sync_log is the smallest change there is: a synced commit of it syncs all that was
 * committed before it, by whatever process. */
int sync_log(struct conn *c, void *arg, struct err *err) MUSTCHECK;

/* ---- the write lock (lock.c): flock on DIR/ringbolt.lock, freed by the kernel at a death ---- */
int lock_open(const char *dir, struct err *err) MUSTCHECK; /* a descriptor, or -1 */
int lock_take(int fd, struct err *err) MUSTCHECK;
void lock_give(int fd);

/* ---- reading connections ---- */
struct conn *reader_take(struct store *s, struct err *err) MUSTCHECK;
void reader_give(struct store *s, struct conn *c);

/* ---- helpers of several files ---- */
int migrate(struct conn *c, struct err *err) MUSTCHECK; /* how many were applied */
int64_t migrate_target(void);
int migrate_refuse_newer(int64_t have, struct err *err);
/* counts_add counts one arrival or end (outcome: a literal); counts_write writes what was
 * counted in a transaction, just before its commit: a row a kind, not a row an event. */
int counts_add(struct conn *c, int64_t now, int64_t flow_id, const char *outcome, struct err *err) MUSTCHECK;
int counts_add_many(struct conn *c, int64_t now, int64_t flow_id, const char *outcome, int64_t n,
		    struct err *err) MUSTCHECK;
/* counts_add_event counts an accepted one, and remembers when its id came. */
int counts_add_event(struct conn *c, int64_t now, int64_t flow_id, int64_t event_id, struct err *err) MUSTCHECK;
int counts_write(struct conn *c, struct err *err) MUSTCHECK;
/* count_bounds: all events received at or after since and before until (0: no bound) have ids
 * from *first to *last. As near as the minutes are kept; never too narrow. */
int count_bounds(struct conn *c, int64_t since, int64_t until, int64_t *first, int64_t *last,
		 struct err *err) MUSTCHECK;
int config_changed(struct conn *c, struct err *err) MUSTCHECK; /* inside the transaction */
int secrets_open(struct store *s, const char *key_file, struct err *err) MUSTCHECK;
void secrets_close(struct store *s);
void secrets_forget_environment(void); /* wipes them from this process */
char *store_path(const char *dir, const char *name); /* "DIR/name", the caller's */

/* ---- the key file (key.c) ---- */

/* Where a key may be: in hand, in its file, or in FILE.new while a rotation is under way. */
enum key_place { KEY_HELD, KEY_FILE, KEY_NEXT, KEY_PLACES };

#define KEY_MARK_SIZE 17
/* key_mark tells one key from another and nothing else about it. */
void key_mark(const unsigned char key[CRYPTO_KEY_BYTES], char out[KEY_MARK_SIZE]);

int key_make(const char *dir, const char *key_file, struct err *err) MUSTCHECK; /* unless it is there */
int key_open(struct store *s, const char *key_file, struct err *err) MUSTCHECK;
/* key_at: 1, or 0 when there is none that can be read. */
int key_at(struct store *s, enum key_place place, unsigned char out[CRYPTO_KEY_BYTES]) MUSTCHECK;
void key_adopt(struct store *s, const unsigned char key[CRYPTO_KEY_BYTES]);
/* key_in_use: the key that config.key_mark names: 0, or -1 with a sentence. */
int key_in_use(struct store *s, struct conn *c, unsigned char out[CRYPTO_KEY_BYTES],
	       struct err *err) MUSTCHECK;
/* key_file_in_use: the file holds that key, so that FILE.new may be written: 0 or -1. */
int key_file_in_use(struct store *s, struct conn *c, struct err *err) MUSTCHECK;
/* key_write_next writes FILE.new and syncs it; key_replace puts it in the key file's place and
 * keeps the old one as FILE.old. */
int key_write_next(const char *path, const unsigned char key[CRYPTO_KEY_BYTES], struct err *err) MUSTCHECK;
int key_replace(const char *path, struct err *err) MUSTCHECK;
/* key_finish ends a rotation that was cut short after its transaction. */
int key_finish(struct conn *c, const char *dir, const char *key_file, struct err *err) MUSTCHECK;
struct slice secret_place(const char *name, struct buf *out); /* to which a sealed value is bound */

#endif
