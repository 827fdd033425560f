/* SPDX-License-Identifier: MIT */
/*
 * server: the role "front": two listeners (intake; console and API), each with its own pool
 * of threads, so that neither can lock the other out. Serves until told to stop.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "common/board.h"
#include "common/conf.h"

/* server_run is the whole life of the front, after the fork: opens the store and both
 * listeners, sets board->front_ready, and returns the process's exit code: EXIT_FINE after
 * SIGTERM (drain: new requests get 503, those that wait get their answer, at most
 * conf->drain_ms), EXIT_DISK when the store is broken. */
int server_run(const struct conf *conf, struct board *board);

#endif
