/* SPDX-License-Identifier: MIT */
/*
 * system_source: what a file of flow/system.h names of a request, compiled once and found many
 * times. Grammar (docs/systems.md has it for people):
 *
 *     source     body | method | url | url_base | url_path | timestamp | id | secret | form_sorted
 *                header:NAME query:NAME form:NAME form_json:NAME:PATH json:PATH item:PATH
 *                token:PATH setting:NAME value:NAME lines:A,B,C
 *     template   text with {source|filter|filter}; {{ is a {
 *     part       a source and how it is cut into candidates
 *     condition  sources and what they must be
 *
 * A header or parameter that stands twice where one is meant is as good as absent: what is
 * verified must be what a flow sees.
 */
#ifndef FLOW_SYSTEM_SOURCE_H
#define FLOW_SYSTEM_SOURCE_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

struct system_source;
struct system_template;
struct system_part;
struct system_condition;
struct system_sources;

enum system_encoding { ENCODING_NONE, ENCODING_HEX, ENCODING_BASE64, ENCODING_BASE64URL };

struct system_header {
	const char *name, *value;
};

struct system_request {             /* all borrowed */
	const char *method;
	const char *url;            /* the public URL as given out, with its raw query */
	const char *query;          /* raw; "" when none */
	const struct system_header *headers;
	size_t n_headers;
	struct slice body;
};

struct system_named {
	const char *name;
	struct slice value;         /* ptr NULL: not given */
};

/* One look at a request. Fill what is known, the rest zero; system_view_release frees what was
 * made on the way. */
struct system_view {
	const struct system_request *request;
	struct slice url;           /* stands for the request's own where ptr is set */
	struct slice timestamp, id, secret;
	struct slice item;          /* JSON, in an each */
	struct slice token;         /* JSON: the claims of a token */
	bool unsignable;            /* out: form_sorted was asked for of a body that is no form */
	const struct slice *settings; /* in the order of the system's */
	size_t n_settings;
	const struct system_named *values;
	size_t n_values;
	int json_state;             /* private: 0 not looked at, 1 JSON, -1 not */
	struct slice json;          /* private */
};

/* system_source_add adds the value: 1; 0 when it is absent; the count when it stands more than
 * once (and nothing is added). */
int system_source_add(const struct system_source *s, struct system_view *v, struct buf *out);
const char *system_source_text(const struct system_source *s); /* "header:X-Y" */
/* system_source_json: the JSON text of a json: or item: source, 1 or 0. */
int system_source_json(const struct system_source *s, struct system_view *v, struct slice *out);
/* system_source_item: item i of the list that the source is, 1 or 0. */
int system_source_item(const struct system_source *s, struct system_view *v, size_t i, struct slice *out);
/* system_source_header: the header's name, or NULL; system_source_query likewise. */
const char *system_source_header(const struct system_source *s);
const char *system_source_query(const struct system_source *s);

/* system_template_add adds the text; what is absent adds nothing. True when nothing was absent. */
bool system_template_add(const struct system_template *t, struct system_view *v, struct buf *out);
/* system_template_slice does the same, without a copy where the template is just {body}. */
struct slice system_template_slice(const struct system_template *t, struct system_view *v,
				   struct buf *scratch);
bool system_template_uses_url(const struct system_template *t);

/* What a part found; at most SYSTEM_CANDIDATES_MAX of them are looked at. */
#define SYSTEM_CANDIDATES_MAX 16
struct system_candidates {
	struct buf bytes;           /* decoded, one behind the other */
	size_t at[SYSTEM_CANDIDATES_MAX], len[SYSTEM_CANDIDATES_MAX], n;
	size_t undecoded;           /* that were there but not hex or base64 */
	char missing[160];          /* when n is 0: why, a phrase: "header X-Y is missing" */
};
void system_candidates_release(struct system_candidates *c);
struct slice system_candidate(const struct system_candidates *c, size_t i);
void system_part_find(const struct system_part *p, struct system_view *v, struct system_candidates *out);
const char *system_part_text(const struct system_part *p); /* "header:X-Y" */
const char *system_part_encoding(const struct system_part *p); /* "hex", "base64" or "" */
const char *system_part_prefix(const struct system_part *p);
size_t system_part_sources(const struct system_part *p, const struct system_source *const **out);
/* system_part_write adds what a sender would put where the part is read: signed values as one. */
enum system_unit { UNIT_S, UNIT_MS, UNIT_ISO };
enum system_unit system_part_unit(const struct system_part *p);
/* system_part_time reads a timestamp as this part writes it: 1 and ms since 1970, or 0. */
int system_part_time(const struct system_part *p, struct slice text, int64_t *ms);

/* system_part_early: it is all in headers, query and method, which come before the body. */
bool system_part_early(const struct system_part *p);

bool system_condition_holds(const struct system_condition *c, struct system_view *v);
/* system_condition_early looks only at what comes before the body: false, it will not hold. */
bool system_condition_early(const struct system_condition *c, struct system_view *v);

#endif
