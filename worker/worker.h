/* SPDX-License-Identifier: MIT */
/*
 * worker: the role that takes events, runs their flows and hands the runs back. Disposable:
 * the supervisor may kill it at any moment, and nothing is lost but the run in its hands.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "common/board.h"
#include "common/conf.h"

/* worker_run is the whole life of a worker, after the fork: EXIT_FINE after a drain,
 * EXIT_DISK when the store is broken. slot is its place on the board; owner its token. */
int worker_run(const struct conf *conf, struct board *board, int slot, int64_t owner);

#endif
