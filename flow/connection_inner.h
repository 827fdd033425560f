/* SPDX-License-Identifier: MIT */
/* connection_inner: what connection.c, connection_auth.c and connection_token.c share. */
#ifndef FLOW_CONNECTION_INNER_H
#define FLOW_CONNECTION_INNER_H

#include "flow/connection.h"
#include "flow/param.h"

/* The table of kinds of authentication, for the declaration and for the doing. */
extern const struct param_kind connection_auth_kinds[];
int connection_auth_apply(const struct param_kind *kind, const struct args *args,
			  struct connection_call *call, struct err *err) MUSTCHECK;

/* connection_header adds a header that the step may not set as well. */
int connection_header(struct connection_call *call, const char *name, struct slice value,
		      struct err *err) MUSTCHECK;

/* OAuth2 client credentials (RFC 6749 section 4.4); the tokens of this process. */
extern const struct param oauth2_client_credentials_params[];
int oauth2_client_credentials_apply(const struct args *args, struct connection_call *call,
				    struct err *err) MUSTCHECK;
void connection_token_forget(const char *connection);

#endif
