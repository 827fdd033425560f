/* SPDX-License-Identifier: MIT */
/* system_inner: how what flow/system.h hides is held; for its own files only. */
#ifndef FLOW_SYSTEM_INNER_H
#define FLOW_SYSTEM_INNER_H

#include "flow/param.h"
#include "flow/system.h"

#include <regex.h>
#include <stdatomic.h>

enum source_kind {
	SOURCE_BODY, SOURCE_METHOD, SOURCE_URL, SOURCE_URL_PATH, SOURCE_TIMESTAMP, SOURCE_ID,
	SOURCE_SECRET, SOURCE_FORM_SORTED, SOURCE_LINES, SOURCE_HEADER, SOURCE_QUERY, SOURCE_FORM,
	SOURCE_JSON, SOURCE_ITEM, SOURCE_SETTING, SOURCE_VALUE, SOURCE_FORM_JSON, SOURCE_TOKEN,
	SOURCE_URL_BASE,
};

/* Where a source may stand beside those that are everywhere. */
enum source_place {
	PLACE_SIGNS = 1,   /* timestamp, id: in what is signed and in its checks */
	PLACE_SECRET = 2,  /* secret: in a digest */
	PLACE_ITEM = 4,    /* item: within each */
	PLACE_VALUE = 8,   /* value: in a handshake's reply */
	PLACE_TOKEN = 16,  /* token: where a scheme of type jwt has read one */
};

struct path_step {
	const char *key;           /* NULL: an index */
	size_t len;
	int64_t index;
};

struct system_source {
	enum source_kind kind;
	const char *text;          /* as written */
	const char *name;          /* of a header, parameter, setting or value; lines: the list */
	size_t index;              /* of a setting */
	bool wild;                 /* header:NAME-*: every header that begins so */
	struct path_step *path;
	size_t n_path;
};

enum filter { FILTER_DIGEST, FILTER_HEX, FILTER_BASE64, FILTER_BASE64URL, FILTER_CRC32, FILTER_LOWER,
	      FILTER_UPPER };
#define FILTERS_MAX 4
struct piece {
	const char *text;          /* literal, when source is NULL */
	size_t len;
	const struct system_source *source;
	struct {
		enum filter filter;
		const char *algorithm;
	} filters[FILTERS_MAX];
	size_t n_filters;
};
struct system_template {
	struct piece *pieces;
	size_t n;
};

struct system_part {
	const struct system_source **sources;
	size_t n_sources;
	const char *split, *prefix, *after; /* NULL: not */
	enum system_encoding decode; /* what stands around the JSON that holds it */
	const struct system_source *json; /* its place in there; NULL: no JSON */
	int64_t index, from_index; /* -1: not */
	enum system_encoding encoding;
	enum system_unit unit;
};

struct rule {
	const struct system_source *source;
	const cJSON *wanted;
	const struct pattern *matches; /* instead of wanted */
};
/* A pattern that the whole of a value must match; freed with the system. */
struct pattern {
	regex_t regex;
	struct pattern *next;
};
#define PATTERN_VALUE_MAX 4096 /* a longer value matches nothing */
struct system_condition {
	struct rule *rules;
	size_t n;
};

struct system_sources {
	const struct system_source **list;
	size_t n;
};

/* The system as it is held: what others see first, so that one is the other. */
struct system_held {
	struct system system;
	atomic_int holders;
	cJSON *json;
	struct args args;
	void **owned;
	size_t n_owned;
	struct pattern *patterns;
};

/* What compiling needs throughout. */
struct maker {
	struct system_held *held;
	struct faults *faults;
};

/* make_own hands memory over to the system. */
void *make_own(struct maker *m, void *take);

/* Each notes its fault at the pointer and returns NULL. place: enum source_place. */
const struct system_source *make_source(struct maker *m, const char *pointer, const char *text,
					unsigned place);
const struct system_template *make_template(struct maker *m, const char *pointer, const char *text,
					    unsigned place);
const struct system_part *make_part(struct maker *m, const struct arg *a, unsigned place);
const struct system_condition *make_condition(struct maker *m, const struct arg *a, unsigned place);
const struct system_sources *make_sources(struct maker *m, const struct arg *a, unsigned place);

/* source_each calls back for each value; each < 0 ends it. */
void source_each(const struct system_source *s, struct system_view *v,
		 void (*each)(void *arg, struct slice value), void *arg);

bool source_early(const struct system_source *s);
/* source_within finds a path within JSON text (that passed jsontext_check): 1 or 0. */
int source_within(const struct system_source *s, struct slice json, struct slice *out);
/* source_decode adds what text is in an encoding: 1, or 0. */
int source_decode(enum system_encoding encoding, struct slice text, struct buf *out);

/* source_pair adds the decoded value of a parameter: how often its name stands there (nothing is
 * added when that is more than once). source_form_sorted adds all names and values by name. */
int source_pair(struct slice text, const char *name, struct buf *out);
void source_form_sorted(struct slice text, struct buf *out);

/* make_schemes and make_handshakes read those lists (system_scheme.c, system_handshake.c). */
void make_schemes(struct maker *m, const struct arg *list);
void make_handshakes(struct maker *m, const struct arg *list);
const struct system_key_change *make_key(struct maker *m, const struct arg *a, size_t *n);
const char *const *make_hosts(struct maker *m, const struct arg *a);
const char *const *make_texts(struct maker *m, const struct arg *a);
bool make_algorithm(struct maker *m, const struct arg *a, const char *algorithm);
enum system_encoding make_encoding(const char *word);

extern const struct param system_params[];
extern const struct param system_scheme_params[];
extern const struct param system_handshake_params[];

#endif
