/* SPDX-License-Identifier: MIT */
/*
 * roles: forking. Each function here makes one child that opens its own things after the fork
 * and never returns; the supervisor, which opens nothing, lives on the other side. Every
 * child dies with its supervisor (PR_SET_PDEATHSIG), and holds the lock of the data directory
 * while it lives, so a new supervisor waits until the last of them is gone.
 */
#ifndef CLI_ROLES_H
#define CLI_ROLES_H

#include "common/board.h"
#include "common/conf.h"
#include "common/err.h"

#include <sys/types.h>

enum role { ROLE_FRONT, ROLE_WORKER, ROLE_JANITOR };

const char *role_name(enum role role);

/* role_hold_directory takes DIR/ringbolt.pid for good: -1 and the exit code when another server
 * has it. Waits for the children of a server that died. */
int role_hold_directory(const struct conf *conf, int *code, struct err *err) MUSTCHECK;

/* role_fork: the child's pid, or -1. slot: the worker's place on the board. */
pid_t role_fork(enum role role, const struct conf *conf, struct board *board, int slot);

/* What a dead worker had, to be given back by a child (store_owner_free). */
struct free_order {
	int64_t owner; /* 0: nothing to free */
	int64_t event_id, started_at;
	bool timed_out;
	char reason[160];
};
void free_order_fill(struct free_order *order, const struct board_slot *slot, int status);
pid_t role_fork_freer(const struct conf *conf, const struct free_order *order);

/* role_fork_preparer readies the database (store_recover), frees what the last server's workers
 * held, and applies the flows folder. check: after a disk error. */
pid_t role_fork_preparer(const struct conf *conf, struct board *board, bool check);

/* role_fork_applier reads the flows folder again. */
pid_t role_fork_applier(const struct conf *conf);

/* role_wait waits for a child and gives its exit code (EXIT_FAILED when it was killed). */
int role_wait(pid_t pid);

#endif
