/* SPDX-License-Identifier: MIT */
/*
 * auth_jwt: authentication by a signed JSON Web Token, as a flow declares it. The tokens are
 * judged by server/verify_jwt.c.
 */
#ifndef FLOW_AUTH_JWT_H
#define FLOW_AUTH_JWT_H

#include "flow/document.h"

extern const struct param auth_jwt_params[];

/* auth_jwt_read fills auth, whose secrets have been read. at: the pointer of the authentication. */
void auth_jwt_read(struct flow *f, const struct args *args, const char *at, struct flow_auth *auth,
		   struct faults *faults);

#endif
