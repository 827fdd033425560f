/* SPDX-License-Identifier: MIT */
/*
 * system_sign: the way back: a delivery signed as its system would sign it, for those who try out a
 * flow. Knows headers and the query; a signature inside a body is not written.
 */
#ifndef FLOW_SYSTEM_SIGN_H
#define FLOW_SYSTEM_SIGN_H

#include "flow/system.h"

struct system_signing {                 /* all borrowed */
	const struct system *system;
	const char *scheme;             /* NULL: the first that can be written */
	const struct slice *secrets;    /* as the operator has them; of key pairs the private key */
	size_t n_secrets;               /* several: a signature with each, where the system sends several */
	const struct slice *settings;   /* in the order of the system's; ptr NULL: not given */
	const char *method, *url;       /* url: public, with its query */
	const char *id;                 /* of the delivery; NULL: made up where one is signed */
	int64_t at_ms;                  /* the time signed */
	struct slice body;
	const struct system_header *headers; /* those the delivery has anyway */
	size_t n_headers;
};

/* system_sign adds the headers as JSON, ["Name","value"],... without the outer brackets, and what
 * must be added to the query ("a=b", or nothing). 0 or -1. */
int system_sign(const struct system_signing *s, struct buf *headers, struct buf *query, struct err *err) MUSTCHECK;

#endif
