/* SPDX-License-Identifier: MIT */
/*
 * conf: the settings. One table (conf.c) says each one's name, type, range, default and the
 * sentence that documents it; flags, environment (RINGBOLT_<NAME>, - as _), ringbolt.conf
 * of the data directory ("name = value" lines) and `ringbolt help settings` all read it.
 * A flag wins over the environment, that over the file, that over the default.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include "common/base.h"
#include "common/err.h"
#include "common/retention.h"

struct conf {
	char *data;             /* the data directory */
	char *flows;            /* folder of flow documents, or "" */
	char *listen;           /* intake: "127.0.0.1:8080" */
	char *console;          /* console and API: "127.0.0.1:8081" */
	char *base_url;         /* public URL of intake; "" : made from listen */
	char *key_file;         /* "" : DIR/ringbolt.key */
	int workers_min, workers_max; /* "--workers 2:8" */
	int threads;            /* of the intake listener */
	int64_t max_body_bytes; /* of any request, unless its flow says less */
	int64_t max_queued;     /* queue cap: then 503 */
	int64_t run_limit_ms;   /* a run that takes longer is killed */
	int64_t drain_ms;       /* on SIGTERM: time to finish */
	int64_t body_deadline_ms; /* a request body must be here by then */
	int64_t worker_memory_mb;
	int crash_max;          /* runs of one event that may end with a dead worker */
	char *trusted_proxies;  /* ranges of proxies whose word on their callers counts: "10.1.0.0/16" */
	char *forwarded_header; /* the header in which they give it */
	char *allow_destinations; /* ranges of private addresses that may be called: "10.1.0.0/16" */
	char *sqlite_dir;       /* databases of the step sqlite_query; "": it is off */
	char *command_dir;      /* programs of the step command; "": it is off */
	struct retention keep;  /* how long what is kept */
	char *log_level;
};

/* conf_load fills conf from all four sources. flags: what stood on the command line, as
 * "name", "value" pairs ended by NULL; an unknown name, or a value out of range, is refused
 * with a sentence that says what is allowed. */
int conf_load(struct conf *conf, const char *const *flags, struct err *err) MUSTCHECK;
void conf_release(struct conf *conf);

/* conf_each walks the table, for help. */
void conf_each(void (*each)(void *arg, const char *name, const char *fallback, const char *sentence), void *arg);
/* conf_flag_known says whether "--name" is a setting. */
bool conf_flag_known(const char *name);

/* conf_address splits "127.0.0.1:8080" or "8080": 0, or -1 with a sentence. */
int conf_address(const char *text, char host[64], int *port, struct err *err) MUSTCHECK;

#endif
