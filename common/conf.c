/* SPDX-License-Identifier: MIT */
/* THE table of settings, and the four places a value may come from. A new setting is one
 * line here and one field in conf.h; flags, environment, file and help follow. */
#include "common/conf.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/conf_value.h"
#include "common/mem.h"
#include "common/nearest.h"
#include "common/net.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGE_MAX (100 * 365 * (int64_t)86400000)

enum type { PATH, ADDRESS, URL, LEVEL, NETS, HEADER, INT, INT64, BYTES, SPAN, RANGE };

/* What a value of the type looks like, for the sentence that refuses one. */
static const char *const forms[] = {
	[PATH] = "a path",
	[ADDRESS] = "an address such as 127.0.0.1:8080, or a port alone",
	[URL] = "a URL such as https://hooks.example.com, without a query",
	[LEVEL] = "debug, info, warn or error",
	[NETS] = "ranges of addresses such as 10.1.0.0/16,fd00::/8",
	[HEADER] = "X-Forwarded-For or Forwarded",
	[INT] = "a whole number",
	[INT64] = "a whole number",
	[BYTES] = "a number of bytes such as 10485760 or 10MiB",
	[SPAN] = "a time such as 500ms, 30s or 5m",
	[RANGE] = "two numbers, least and most, such as 2:8, or one for both",
};

static const struct setting {
	const char *name; /* as a flag without its dashes, and in ringbolt.conf */
	enum type type;
	int64_t min, max; /* of numbers, bytes, milliseconds */
	const char *fallback;
	size_t at; /* of its field in struct conf */
	const char *text;
} table[] = {
#define AT(field) offsetof(struct conf, field)
	{"data", PATH, 1, 0, "./ringbolt-data", AT(data),
	 "The data directory: database, key file, ringbolt.conf."},
	{"flows", PATH, 0, 0, "", AT(flows),
	 "A folder of flow documents that serve applies and publishes at its start and on SIGHUP."},
	{"listen", ADDRESS, 0, 0, "127.0.0.1:8080", AT(listen),
	 "Where webhooks come in; 0.0.0.0:8080 to be reached from other machines."},
	{"console", ADDRESS, 0, 0, "127.0.0.1:8081", AT(console),
	 "Where the console, its API, /healthz and /metrics answer."},
	{"base-url", URL, 0, 0, "", AT(base_url),
	 "The public URL of intake, for the links in replies; made from listen when empty."},
	{"trusted-proxies", NETS, 0, 0, "", AT(trusted_proxies),
	 "Proxies in front, as CIDR ranges with commas between: who calls is taken from what they say."},
	{"forwarded-header", HEADER, 0, 0, "X-Forwarded-For", AT(forwarded_header),
	 "The header in which trusted-proxies say it: X-Forwarded-For or Forwarded, never both."},
	{"key-file", PATH, 0, 0, "", AT(key_file),
	 "The key that encrypts secrets; ringbolt.key in the data directory when empty."},
	{"workers", RANGE, 1, 256, "2:8", AT(workers_min),
	 "How many workers run flows: the least and the most."},
	{"threads", INT, 1, 4096, "128", AT(threads),
	 "Threads of intake: as many requests can be in hand, the waiting ones included."},
	{"max-body-bytes", BYTES, 1, 1 << 30, "10MiB", AT(max_body_bytes),
	 "The largest request body, unless its flow says less."},
	{"max-queued", INT64, 1, 1000000000000, "10000000", AT(max_queued),
	 "How many events may wait; callers are told 503 from then on."},
	{"run-limit", SPAN, 100, 86400000, "60s", AT(run_limit_ms),
	 "A run that takes longer is ended and has failed, unless its flow says otherwise."},
	{"drain", SPAN, 0, 3600000, "10s", AT(drain_ms),
	 "How long requests and runs may go on after SIGTERM."},
	{"body-deadline", SPAN, 100, 3600000, "30s", AT(body_deadline_ms),
	 "A request body must be here by then, counted from its headers."},
	{"worker-memory-mb", INT64, 64, 1048576, "512", AT(worker_memory_mb),
	 "The most memory a worker may use, in MiB."},
	{"crash-max", INT, 1, 1000, "3", AT(crash_max),
	 "How many runs of one event may end with a dead worker before it has failed."},
	{"allow-destinations", NETS, 0, 0, "", AT(allow_destinations),
	 "Private addresses that flows may call, as CIDR ranges with commas between: 10.1.0.0/16."},
	{"sqlite-dir", PATH, 0, 0, "", AT(sqlite_dir),
	 "The folder of databases that the step sqlite_query may open; the step is off when empty."},
	{"command-dir", PATH, 0, 0, "", AT(command_dir),
	 "The folder of programs that the step command may run; the step is off when empty."},
	{"keep-bodies", SPAN, 0, AGE_MAX, "0s", AT(keep.age_ms[RETENTION_BODIES]),
	 "How long bodies of requests and replies are kept, such as 30d; without its body an event "
	 "cannot be replayed. 0s, here and below: for ever. `ringbolt retention` shows what would go."},
	{"keep-traces", SPAN, 0, AGE_MAX, "0s", AT(keep.age_ms[RETENTION_TRACES]),
	 "How long what the steps of runs saw and gave is kept."},
	{"keep-events", SPAN, 0, AGE_MAX, "0s", AT(keep.age_ms[RETENTION_EVENTS]),
	 "How long finished events are kept at all, the failed ones too; pinned ones stay."},
	{"keep-rejections", SPAN, 0, AGE_MAX, "0s", AT(keep.age_ms[RETENTION_REJECTIONS]),
	 "How long refused arrivals are kept, of which there are never more than ten thousand."},
	{"keep-bytes", BYTES, 0, 1LL << 50, "0", AT(keep.bytes),
	 "How large the database may be: above it the oldest finished events go, whatever their "
	 "age. 0: no such limit."},
	{"log-level", LEVEL, 0, 0, "info", AT(log_level),
	 "The least that is logged: debug, info, warn or error."},
};

static const struct setting *setting_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static int refuse_unknown(const char *name, struct err *err)
{
	struct nearest near = {.word = name};
	char hint[128];

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		nearest_offer(&near, table[i].name);
	return err_set(err, ERR_INVALID,
		       "there is no setting \"%.60s\"%s (`ringbolt help settings` lists them)", name,
		       nearest_hint(&near, hint));
}

bool conf_flag_known(const char *name)
{
	return setting_find(name) != NULL;
}

void conf_each(void (*each)(void *arg, const char *name, const char *fallback,
			    const char *sentence),
	       void *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		each(arg, table[i].name, table[i].fallback, table[i].text);
}

/* ---- values -------------------------------------------------------------------- */

static void *field(struct conf *conf, const struct setting *s)
{
	return (char *)conf + s->at;
}

static void put_text(struct conf *conf, const struct setting *s, const char *text)
{
	char **at = field(conf, s);

	free(*at);
	*at = mem_dup(text);
}

/* 1 stored, 0 not of this type, -1 when err says more. */
static int put_text_checked(struct conf *conf, const struct setting *s, const char *text,
			    struct err *err)
{
	struct net *nets = NULL;
	char host[64];
	int port;

	if (s->type == ADDRESS && conf_address(text, host, &port, err) < 0)
		return -1;
	if (s->type == NETS && net_list_parse(text, &nets, err) < 0)
		return -1;
	free(nets);
	if ((s->type == URL && !conf_url_sound(text)) || (s->type == LEVEL && !conf_level_known(text)) ||
	    (s->type == HEADER && !conf_header_known(text)) ||
	    (s->type == PATH && strlen(text) < (size_t)s->min))
		return 0;
	put_text(conf, s, text);
	char *kept = *(char **)field(conf, s);
	if (s->type == URL)
		for (size_t n = strlen(kept); n && kept[n - 1] == '/'; n--)
			kept[n - 1] = '\0';
	return 1;
}

static int put_number(struct conf *conf, const struct setting *s, const char *text)
{
	int64_t n = 0, most = 0;
	char *end = "";
	int ok = 0;

	switch (s->type) {
	case INT:
	case INT64: ok = conf_number(text, &end, &n) && *end == '\0'; break;
	case BYTES: ok = conf_bytes(text, &n); break;
	case SPAN: ok = clock_span(text, &n); break;
	case RANGE: ok = conf_range(text, &n, &most); break;
	case PATH: case ADDRESS: case URL: case LEVEL: case NETS: case HEADER: break;
	}
	if (!ok || n < s->min || n > s->max || (s->type == RANGE && most > s->max))
		return 0;
	if (s->type == INT || s->type == RANGE)
		*(int *)field(conf, s) = (int)n;
	else
		*(int64_t *)field(conf, s) = n;
	if (s->type == RANGE)
		conf->workers_max = (int)most;
	return 1;
}

static void describe_limits(const struct setting *s, char out[80])
{
	out[0] = '\0';
	if (s->type == SPAN)
		snprintf(out, 80, ", from %" PRId64 "ms to %" PRId64 "s", s->min, s->max / 1000);
	else if (s->type == PATH)
		snprintf(out, 80, ", not empty");
	else if (s->type >= INT)
		snprintf(out, 80, ", from %" PRId64 " to %" PRId64, s->min, s->max);
}

static int put(struct conf *conf, const struct setting *s, const char *text, struct err *err)
{
	char limits[80];
	int rc = s->type < INT ? put_text_checked(conf, s, text, err) : put_number(conf, s, text);

	if (rc != 0)
		return rc > 0 ? 0 : err_within(err, "%s: ", s->name);
	describe_limits(s, limits);
	return err_set(err, ERR_INVALID, "%s must be %s%s; it cannot be \"%.80s\"", s->name,
		       forms[s->type], limits, text);
}

/* ---- where they come from --------------------------------------------------------- */

/* The spaces at both ends go; returns the first letter. */
static char *trim(char *text)
{
	size_t len = strlen(text);

	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text + strspn(text, " \t");
}

/* One line of ringbolt.conf; seen[] holds the line on which each setting stood. */
static int read_line(struct conf *conf, char *line, size_t number, size_t *seen, struct err *err)
{
	char *name = trim(line), *equals;

	if (!*name || *name == '#')
		return 0;
	if ((equals = strchr(name, '=')) == NULL)
		return err_set(err, ERR_INVALID, "\"%.60s\" is not of the form name = value", name);
	*equals = '\0';
	char *value = trim(equals + 1);
	trim(name);
	const struct setting *s = setting_find(name);
	if (!s)
		return refuse_unknown(name, err);
	if (s == table)
		return err_set(err, ERR_INVALID,
			       "data cannot be set in a file of the data directory: use --data or "
			       "RINGBOLT_DATA");
	if (seen[s - table])
		return err_set(err, ERR_INVALID, "%s stands on line %zu already", name,
			       seen[s - table]);
	seen[s - table] = number;
	return put(conf, s, value, err);
}

static int read_file(struct conf *conf, struct err *err)
{
	char *path = mem_format("%s/ringbolt.conf", conf->data), *line = NULL;
	size_t seen[ARRAY_LEN(table)] = {0}, size = 0, number = 0;
	FILE *file = fopen(path, "re");
	int rc = 0;

	if (!file && errno != ENOENT && errno != ENOTDIR)
		rc = err_set(err, ERR_SYSTEM, "%s cannot be read: %s", path, strerror(errno));
	while (file && rc == 0 && getline(&line, &size, file) >= 0) {
		rc = read_line(conf, line, ++number, seen, err);
		if (rc < 0)
			err_within(err, "%s, line %zu: ", path, number);
	}
	if (file && rc == 0 && ferror(file)) /* a directory, a bad disk */
		rc = err_set(err, ERR_SYSTEM, "%s cannot be read: %s", path, strerror(errno));
	if (file)
		fclose(file);
	free(line);
	free(path);
	return rc;
}

static int read_environment(struct conf *conf, const struct setting *s, struct err *err)
{
	char name[64];
	int n = snprintf(name, sizeof(name), "RINGBOLT_%s", s->name);

	for (int i = 0; i < n; i++)
		name[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
	const char *value = getenv(name);
	if (value && put(conf, s, value, err) < 0)
		return err_within(err, "environment, %s: ", name);
	return 0;
}

static int read_flags(struct conf *conf, const char *const *flags, struct err *err)
{
	for (; flags && flags[0]; flags += 2) {
		const struct setting *s = setting_find(flags[0]);
		if (!s)
			return refuse_unknown(flags[0], err);
		if (put(conf, s, flags[1], err) < 0)
			return err_within(err, "--");
	}
	return 0;
}

int conf_load(struct conf *conf, const char *const *flags, struct err *err)
{
	*conf = (struct conf){0};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (put(conf, &table[i], table[i].fallback, err) < 0)
			goto failed;
	/* The data directory first: it says which file to read. The flags twice: they win. */
	if (read_environment(conf, table, err) < 0 || read_flags(conf, flags, err) < 0 ||
	    read_file(conf, err) < 0)
		goto failed;
	for (size_t i = 1; i < ARRAY_LEN(table); i++)
		if (read_environment(conf, &table[i], err) < 0)
			goto failed;
	if (read_flags(conf, flags, err) == 0)
		return 0;
failed:
	conf_release(conf);
	return -1;
}

void conf_release(struct conf *conf)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].type < INT) {
			char **at = field(conf, &table[i]);
			free(*at);
			*at = NULL;
		}
	}
}
