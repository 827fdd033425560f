/* SPDX-License-Identifier: MIT */
/* janitor: the role that does periodic maintenance: checkpoints, trimming. */
#ifndef WORKER_JANITOR_H
#define WORKER_JANITOR_H

#include "common/board.h"
#include "common/conf.h"

int janitor_run(const struct conf *conf, struct board *board);

#endif
