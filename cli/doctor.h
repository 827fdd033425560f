/* SPDX-License-Identifier: MIT */
/* doctor: findings of `ringbolt doctor`. Each is a sentence that says what to do. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/table.h"
#include "common/base.h"
#include "common/conf.h"

enum finding { FINDING_FINE, FINDING_WARNING, FINDING_ERROR };

struct doctor {
	const struct conf *conf;
	struct table table;
	unsigned count[3]; /* by finding */
};

void doctor_find(struct doctor *d, enum finding finding, const char *what, const char *fmt, ...)
	PRINTF(4, 5);

/* doctor_machine looks at what is not Ringbolt's own (cli/doctor_machine.c): libraries, disk,
 * file system, clock, limits, environment. */
void doctor_machine(struct doctor *d);

#endif
