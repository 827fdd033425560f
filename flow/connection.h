/* SPDX-License-Identifier: MIT */
/*
 * connection: another system as an operator names it once: where it is and how a call proves
 * who it is from. A step then says "connection": "crm", "url": "/customers". The document
 * holds names of secrets, never their values:
 *
 *     {"base_url": "https://crm.example.com/v1",
 *      "authentication": {"type": "bearer", "secret": "crm_token"}}
 *
 * What the parameter "authentication" may be is one table (connection_auth.c), described in
 * docs/flow.md.
 */
#ifndef FLOW_CONNECTION_H
#define FLOW_CONNECTION_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"
#include "flow/flow.h"

#define CONNECTION_DOCUMENT_MAX 65536

struct connection;
struct walk;

/* connection_parse: as flow_parse. */
int connection_parse(const char *text, size_t len, struct connection **out,
		     struct faults *faults) MUSTCHECK;
void connection_free(struct connection *c);

/* connection_name_refused: why this is no name of a connection (a phrase after it), or NULL. */
const char *connection_name_refused(const char *name);

const char *connection_base_url(const struct connection *c);
const char *connection_auth(const struct connection *c); /* the type: "bearer" */

/* connection_url adds the URL that this path (with its query) means. The path begins with a
 * slash or is empty, and cannot climb out of the base URL: credentials go along. 0 or -1. */
int connection_url(const struct connection *c, const char *path, struct buf *out,
		   struct err *err) MUSTCHECK;

/* One call, about to be made in the name of a connection. */
struct connection_call {
	struct walk *walk;
	const char *name;       /* of the connection */
	struct buf *url;        /* a key may be added to its query */
	struct buf *headers;    /* [["Name","value"],... not closed; the proof is added */
	struct slice body;      /* what is signed */
	const char *id;         /* the same at each attempt: the Idempotency-Key */
	int64_t now_ms;         /* since 1970 */
	int64_t timeout_ms;     /* of a call for a token */
	bool old_token;         /* out: the proof is a token from before; see connection_renew */
};

/* connection_apply adds what proves who the call is from: 0 or -1. */
int connection_apply(const struct connection *c, struct connection_call *call, struct err *err)
	MUSTCHECK;

/* connection_renew: the other system answered 401. True when its token was an old one and has
 * been forgotten, so that another connection_apply may help. */
bool connection_renew(const struct connection *c, const struct connection_call *call);

#endif
