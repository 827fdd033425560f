/* SPDX-License-Identifier: MIT */
/*
 * system: what is known of one sender of webhooks, as data: how it signs, identifies, greets and
 * waits. One JSON file a system: those inside the binary (schema/systems/<name>.json), and an
 * operator's own, <data>/systems/<name>.json, which add or override one. docs/systems.md is drawn
 * from them; schema/system.schema.json describes the file.
 *
 * Here the file is read, checked whole and compiled, and what it names is found in one request
 * (system_source.h). Nothing here knows a secret, a network or a database.
 *
 * A system is immutable once read. Several threads may use one.
 */
#ifndef FLOW_SYSTEM_H
#define FLOW_SYSTEM_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "flow/event.h"
#include "flow/flow.h"
#include "flow/system_source.h"

#define SYSTEM_DOCUMENT_MAX (256 * 1024)

enum system_scheme_type {
	SCHEME_HMAC,
	SCHEME_DIGEST,        /* a plain digest, with the secret somewhere in what it is made of */
	SCHEME_SHARED_SECRET, /* the secret itself is sent */
	SCHEME_BASIC,
	SCHEME_ED25519,
	SCHEME_ECDSA,
	SCHEME_RSA,
	SCHEME_JWT,
};

/* What is done to a secret before it is a key, in order. */
enum system_key_step { KEY_STRIP, KEY_BASE64, KEY_BASE64URL, KEY_HEX, KEY_DIGEST };
struct system_key_change {
	enum system_key_step step;
	const char *text;                 /* strip: the prefix; digest: the algorithm */
};

struct system_check {
	const struct system_template *a, *b;
};

struct system_claim {
	const char *name;
	const struct system_sources *paths; /* where it may stand */
	const struct system_template *text; /* NULL: json stands */
	const char *json;
};

enum system_key_form { FORM_PEM, FORM_CERTIFICATE, FORM_JWKS, FORM_JSON };

/* Where a public key comes from when the operator has not pasted it. */
struct system_public_key {
	const struct system_template *fetch; /* NULL: only pasted */
	const char *const *hosts;            /* ended by NULL */
	enum system_key_form form;
	const struct system_source *path;    /* of FORM_JSON */
	int64_t cache_s;
	const char *trusted;                 /* roots as PEM; NULL: those of the machine */
};

struct system_scheme {
	const char *name;                 /* "" when there is one */
	enum system_scheme_type type;
	const char *type_name;
	const char *algorithm;
	const struct system_condition *when; /* NULL: always */
	const struct system_part *signature; /* of a jwt: the token */
	const struct system_part *timestamp, *id; /* NULL: none */
	int64_t tolerance_s;              /* 0: not checked */
	const struct system_template *signs;
	const struct system_key_change *key;
	size_t n_key;
	bool url_port_either, newline_either, raw;
	const struct system_check *checks;
	size_t n_checks;
	const struct system_source *each; /* NULL: the request as a whole */
	const struct system_template *user; /* basic; NULL: the secret is "user:password" */
	struct system_public_key public_key;
	const char *const *algorithms;    /* jwt; ended by NULL */
	const struct system_claim *claims;
	size_t n_claims;
	int64_t max_age_s;
	bool chain;                       /* jwt: the key comes in the token's x5c */
};

enum system_proof { PROOF_NONE, PROOF_SIGNATURE, PROOF_EQUAL };

struct system_value_rule {            /* a computed value of a handshake */
	const char *name;
	bool hmac;                        /* with the secret; else a plain digest */
	const char *algorithm;
	enum system_encoding encoding;
	const struct system_template *signs;
	const struct system_key_change *key;
	size_t n_key;
};

struct system_reply_header {
	const char *name;
	const struct system_template *value;
};

struct system_handshake {
	const char *name;
	const struct system_condition *when;
	enum system_proof proof;
	const struct system_template *equal[2];
	const struct system_value_rule *values;
	size_t n_values;
	const struct system_source *learn; /* NULL: no secret is learnt */
	const struct system_template *fetch; /* NULL: nothing is fetched */
	const char *const *fetch_hosts;
	int status;
	const struct system_reply_header *headers;
	size_t n_headers;
	const struct system_template *text; /* NULL */
	const cJSON *json;                /* strings in it are templates; NULL */
};

struct system_setting {
	const char *name, *title;
	bool secret, required;
	const char *fallback;             /* NULL: none */
};

struct system {
	const char *name, *title, *category, *about;
	const char *key_title;            /* what the secret is called there: "Signing secret" */
	bool own;                         /* the operator's file */
	bool dedupe;
	int64_t reply_deadline_ms;        /* 0: not known */
	int reply_status;                 /* what tells the sender that all is well: 202 where it takes that */
	unsigned methods;                 /* enum flow_method */
	const struct system_setting *settings;
	size_t n_settings;
	const struct system_scheme *schemes;
	size_t n_schemes;
	const struct system_handshake *handshakes;
	size_t n_handshakes;
	const struct system_sources *delivery_id, *event_type;
	const struct system_source *batch; /* a list whose items are single events; NULL: none */
	const cJSON *json;                /* the file */
};

/* ---- the file ---- */

/* system_parse reads and checks a file. 0 and *out; -1 and faults when it is faulty. name is what the
 * file is called ("slack"; NULL: it may call itself anything). */
int system_parse(const char *text, size_t len, const char *name, struct system **out,
		 struct faults *faults) MUSTCHECK;
cJSON *system_schema(void);

/* ---- the registry ---- */

/* systems_folder says where the operator's own files are: <data>/systems. Once a process, before
 * threads start; without it there are only those of the binary. */
void systems_folder(const char *data_dir);

/* systems_reload reads again all that are in use: a faulty new file is told to the log and the old
 * one goes on. Flows keep the one they began with until they are parsed again. */
void systems_reload(void);

/* systems_find: 1 and *out, to be given back by system_drop; 0 when there is no such system; -1 when
 * its file is faulty. */
int systems_find(const char *name, const struct system **out, struct err *err) MUSTCHECK;
const struct system *system_hold(const struct system *s);
void system_drop(const struct system *s);

/* systems_names: all names, sorted; the caller frees the list and each of them. */
size_t systems_names(char ***out);

/* systems_near writes the hint for a name that is not there: `; did you mean "github"?`. */
const char *systems_near(const char *name, char out[128]);

/* ---- what is asked of one ---- */

/* system_setting_find: its index, or -1. */
int system_setting_find(const struct system *s, const char *name);

/* system_event_facts adds a delivery's id and type as its sender tells them: 1 or 0 each. */
int system_delivery_id(const struct system *s, struct system_view *v, struct buf *out);
int system_event_type(const struct system *s, struct system_view *v, struct buf *out);

/* system_key makes the key a scheme signs with from the secret as the operator has it: 1, or 0 when
 * the secret is not of that form. */
int system_key(const struct system_key_change *changes, size_t n, struct slice secret, struct buf *out);

/* system_claim_is: the claim is there in the payload of a token, and is this JSON. In constant time for
 * a text. */
bool system_claim_is(const struct system_claim *c, struct slice payload, struct slice wanted);

/* system_json_text adds the text at a path of JSON: 1, or 0. */
int system_json_text(const struct system_source *path, struct slice json, struct buf *out);

/* system_host_pinned: is this host one of the list? A pattern is exact, or has "*" for one label:
 * "*.paypal.com", "sns.*.amazonaws.com". */
bool system_host_pinned(const char *const *hosts, struct slice host);

/* system_reply makes a handshake's reply: status, headers as JSON [["Name","value"],...] and body. */
void system_reply(const struct system *s, const struct system_handshake *h, struct system_view *v,
		  struct buf *headers, struct buf *body);

#endif
