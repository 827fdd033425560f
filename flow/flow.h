/* SPDX-License-Identifier: MIT */
/*
 * flow: the document an integrator writes: one webhook, then steps. Parses and checks it
 * whole, and answers what the front must know of it. This is the one header of this room
 * that the server includes: it runs nothing and compiles no jq.
 *
 * A flow is immutable once parsed and owns all it points to. schema/flow.schema.json
 * describes the document for editors; docs/flow.md for people.
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "common/base.h"
#include "common/buf.h"
#include "common/crypto_jws.h"
#include "common/err.h"
#include "common/json.h"
#include "common/net.h"
#include "flow/event.h"

struct flow;
struct system;

/* ---- faults: all that is wrong with a document, not only the first ---- */

struct fault {
	char *pointer; /* JSON pointer (RFC 6901): "/steps/2/override_status"; "" is the whole */
	char *text;    /* a sentence that names the thing and the way out */
	bool warning;  /* runs, but ask yourself: never stops a flow from being applied */
};

struct faults {
	struct fault *list;
	size_t count;
	size_t errors; /* how many of them are not warnings */
};

void faults_release(struct faults *f);

/* flow_parse reads and checks a document. 0 and *out when it may be applied (there may be
 * warnings); -1 when not, *out NULL and faults->errors > 0. faults is always filled. */
int flow_parse(const char *text, size_t len, struct flow **out, struct faults *faults) MUSTCHECK;
void flow_free(struct flow *f);

/* flow_check_expressions compiles the flow's jq, which flow_parse does not (30 ms; never in
 * the front). 0, or -1 with a fault added for each expression that jq refuses. */
int flow_check_expressions(struct flow *f, struct faults *faults) MUSTCHECK;

/* flow_schema is schema/flow.schema.json, drawn from the step table and the declared
 * parameters. The caller frees the tree. */
cJSON *flow_schema(void);

/* ---- what the front asks of a webhook ---- */

enum flow_method {
	FLOW_GET = 1,
	FLOW_POST = 2,
	FLOW_DELETE = 4,
	FLOW_PATCH = 8,
	FLOW_PUT = 16,
	FLOW_HEAD = 32,
	FLOW_OPTIONS = 64,
};
/* flow_method_find: the bit of "POST", or 0. flow_method_name: the name of one bit. */
unsigned flow_method_find(const char *name);
const char *flow_method_name(unsigned bit);
/* flow_methods_add adds the names of all bits: "GET, POST". */
void flow_methods_add(unsigned methods, struct buf *out);

enum flow_auth_type { AUTH_NONE, AUTH_API_KEY, AUTH_BASIC, AUTH_BEARER, AUTH_HMAC, AUTH_JWT,
		      AUTH_SYSTEM };

struct flow_jwt {
	bool in_body;            /* of the body the member auth.name; "": the whole body */
	unsigned algorithms;     /* enum crypto_jws_algorithm, of one sort (crypto_jws_use) */
	const char *issuer, *audience; /* NULL: any */
	const struct crypto_jwt_claim *claims;
	size_t n_claims;
	int64_t tolerance_s;
	int64_t max_age_s;       /* 0: any age, but then the token must expire */
};

struct flow_setting {
	const char *name, *value; /* value NULL: not given */
	bool secret;             /* value is the name of a secret */
};

struct flow_auth {
	enum flow_auth_type type;
	bool in_query;           /* api_key, jwt: in the query string instead of a header */
	const char *name;        /* api_key, jwt: header or query name; hmac: header */
	const char *user;        /* basic */
	const char *algorithm;   /* hmac: "sha256", "sha1", "sha512", ... (crypto.h knows which) */
	const char *prefix;      /* hmac, jwt: before digest or token, "" when none */
	const char *encoding;    /* hmac: "hex" or "base64" */
	const struct flow_jwt *jwt; /* jwt */
	const char *scheme;      /* system: the only one; NULL: any */
	int64_t tolerance_s;     /* system: of a signed time; -1: as its file says */
	const struct flow_setting *settings; /* system: in the order of its file */
	size_t n_settings;
	const char *const *secrets; /* names of the live secrets, any of which is accepted */
	size_t n_secrets;
	bool let_in;             /* "enforce": false: who fails is let in, and that is recorded */
};

enum flow_reply_policy { REPLY_ACCEPTED, REPLY_RESPONSE };

/* The table of "what the caller gets when...": one row, perhaps overridden by the flow. */
enum flow_when {
	WHEN_ACCEPTED,    /* stored; reply policy "accepted" */
	WHEN_FAILED,      /* the run failed before replying */
	WHEN_NO_REPLY,    /* the run ended without replying */
	WHEN_DEADLINE,    /* the deadline is near */
	WHEN_PAUSED,      /* stored as held */
	WHEN_DUPLICATE,   /* stored before */
	WHEN_METHOD,      /* from here on nothing is stored: never below 400 */
	WHEN_UNAUTHENTICATED,
	WHEN_RATE_LIMITED,
	WHEN_TOO_LARGE,
	WHEN_MISMATCH,
	WHEN_UNAVAILABLE, /* never below 500: the sender is to try again */
	WHEN_COUNT,
};
struct flow_answer {
	int status;              /* 0: the default of docs/replies.md stands */
	const char *body;        /* NULL: the default body */
	const char *content_type;
};

/* After how long a failed run is tried again; attempts 1 means never. */
struct flow_retry {
	int attempts;        /* runs in all, the first included */
	int64_t first_ms;
	double factor;
	int64_t max_ms;
	double jitter;       /* 0 to 1: the share of the pause that is left to chance */
	int64_t max_age_ms;  /* since arrival; 0 means no cap */
};

/* What a request gets that does not have the expected structure. */
enum flow_mismatch {
	MISMATCH_IGNORE, /* nothing: live data need not match */
	MISMATCH_WARN,   /* it is taken, the differences are kept with the event */
	MISMATCH_REJECT, /* 400 with the list of differences */
};

enum flow_record { RECORD_ALL, RECORD_ERRORS, RECORD_NONE };

/* How many requests a webhook takes: a bucket of burst, filled at per_second. */
struct flow_rate {
	double per_second;       /* 0: no limit */
	int64_t burst;           /* at least 1 */
};

/* Which pages in a browser may call a webhook and read its answers (the Fetch standard). */
struct flow_cors {
	const char *const *origins; /* as a browser sends them; of none: no page may */
	size_t n_origins;
	bool any;                /* the only one is "*" */
	bool credentials;        /* never together with any */
	const char *headers, *expose; /* "Content-Type, X-API-Key"; "" for none */
	int64_t max_age_s;
};

struct flow_webhook {
	const char *system;       /* "github", "generic", ... */
	const char *name;         /* for people */
	const char *url_suffix;   /* "/orders/{id}" */
	unsigned methods;         /* of enum flow_method */
	struct flow_auth auth;
	enum flow_reply_policy reply;
	int64_t deadline_ms;
	size_t max_body_bytes;    /* 0: the server's own limit */
	bool dedupe;
	int64_t dedupe_window_ms;
	int accepted_status;      /* of a stored event nobody else has an answer for: 202, or what its
				     system takes instead */
	struct flow_answer when[WHEN_COUNT];
	struct flow_retry retry;
	enum flow_mismatch mismatch;
	enum flow_record record;
	const char *const *redact_headers; /* lower-case names whose values never reach disk */
	size_t n_redact_headers;
	int64_t run_limit_ms;     /* a run that takes longer is killed; 0: the server's own limit */
	struct flow_rate rate_limit;
	struct flow_rate address_limit; /* of each address by itself */
	const struct net *allow_ips;    /* who may call; n_allow_ips 0: every address */
	size_t n_allow_ips;
	struct flow_cors cors;
	bool ordered;             /* one at a time of each key: flow_order_key */
	bool order_stop;          /* a failed event keeps those of its key waiting */
	int priority;             /* 1 high, 0 normal, -1 low */
	int concurrency;          /* at most so many runs at once; 0: no limit */
};

const char *flow_name(const struct flow *f);  /* "orders": [a-z0-9][a-z0-9_-]{0,63} */
const char *flow_title(const struct flow *f); /* for people; the name when none */
const struct flow_webhook *flow_webhook(const struct flow *f);
/* flow_system: what is known of its sender (flow/system.h); lives as long as the flow. */
const struct system *flow_system(const struct flow *f);

/* flow_has_effects: some step calls another system, so a run may not be repeated unseen. */
bool flow_has_effects(const struct flow *f);

/* flow_dedupe_key adds the key by which a delivery is known again: the flow's own
 * expression (plain paths only), or else the delivery id as its system has one, or else the
 * SHA-256 of the body. 1, or 0 when the expression yields null or nothing, or when only the
 * system asked for it and this delivery has no id (the event is then not de-duplicated), or -1. */
int flow_dedupe_key(const struct flow *f, const struct scope_event *event, struct buf *out,
		    struct err *err) MUSTCHECK;

/* flow_order_key adds the key of those events that run one after the other: 1, or 0 when the flow
 * asks for no order or the expression yields null or nothing, or -1. A key of more than
 * FLOW_ORDER_KEY_MAX bytes, or with a NUL byte, is its SHA-256. */
#define FLOW_ORDER_KEY_MAX 200
int flow_order_key(const struct flow *f, const struct scope_event *event, struct buf *out,
		   struct err *err) MUSTCHECK;

/* flow_mismatches compares a request with the expected structure: headers and query parameters
 * must be there, the body must have the sample's members, each of the sample's type (null fits
 * anything; every item of a list must fit the sample's first; more members are welcome). Adds the
 * differences, at most FLOW_MISMATCHES_MAX, as a JSON array of {"pointer","text"}; how many. */
#define FLOW_MISMATCHES_MAX 20
size_t flow_mismatches(const struct flow *f, const struct scope_event *event, struct buf *out);

/* flow_redact cuts what the flow keeps from the disk out of a query and a body; of headers see
 * redact_headers. 0, or -1 when the body cannot be read, so that what must not be stored cannot
 * be found. Values become "[redacted]", all else stays byte for byte. */
struct flow_redacted {
	bool cut_query, cut_body; /* then these stand in place of the request's own: */
	struct buf query, body;
	struct buf names;         /* what was found and cut: JSON texts with commas between */
};
#define FLOW_REDACTED_INIT {.query = BUF_INIT, .body = BUF_INIT, .names = BUF_INIT}
bool flow_redacts(const struct flow *f); /* whether there is anything to ask flow_redact for */
int flow_redact(const struct flow *f, const struct scope_event *event, struct flow_redacted *out,
		struct err *err) MUSTCHECK;
void flow_redacted_release(struct flow_redacted *r);
/* flow_expected is the structure that the webhook expects, {"headers","query","body"} as far as
 * there is any: what the document says (or else the sample of its system), and the header or query
 * parameter of an api_key, which needs not be written down. Its value is "[redacted]", as every event shows it. The caller frees
 * the tree. flow_expected_fill adds that one to such a structure, where it is not in it yet. */
cJSON *flow_expected(const struct flow *f);
void flow_expected_fill(const struct flow_auth *auth, cJSON *expected);

/* flow_answers adds the statuses that the flow (or its system) puts in place of the reply table's, as
 * JSON: {"accepted": 200, "failed": 502}. False, and nothing, when there are none. */
bool flow_answers(const struct flow *f, struct buf *out);

/* flow_suffix_shape adds the suffix with its {name} parts made equal: "/orders/{}". Two
 * suffixes of one shape and one method cannot both be published. */
void flow_suffix_shape(const char *suffix, struct buf *out);

#endif
