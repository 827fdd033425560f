/* SPDX-License-Identifier: MIT */
/*
 * rights: THE table of what someone may do, by name, and who asks. A right includes no other.
 */
#ifndef SERVER_RIGHTS_H
#define SERVER_RIGHTS_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

/* Bits. None is zero: a route that names no right is open to nobody. */
enum route_right {
	RIGHT_PUBLIC = 1 << 0,       /* anyone who reaches the port; the handler decides further */
	RIGHT_HEALTH = 1 << 1,       /* anyone who reaches the console: probes and scrapers */
	RIGHT_EVENTS_READ = 1 << 2,
	RIGHT_EVENTS_REPLAY = 1 << 3,
	RIGHT_FLOWS_READ = 1 << 4,
	RIGHT_FLOWS_WRITE = 1 << 5,
	RIGHT_SECRETS_WRITE = 1 << 6,
	RIGHT_ADMIN = 1 << 7,
};

struct right {
	enum route_right bit;
	const char *name, *text;
};
extern const struct right rights_table[]; /* those that can be given */
extern const size_t rights_count;

/* rights_name: "events:read"; NULL for one that is not given to anyone. */
const char *rights_name(enum route_right bit);

/* rights_parse reads names with commas between; each once, at least one. 0 and *bits, or -1
 * with the nearest name. */
int rights_parse(const char *text, unsigned *bits, struct err *err) MUSTCHECK;

/* Who asks, and what for he may. */
struct caller {
	char name[80];           /* "key deploy", for the record */
	unsigned rights;
};

#endif
