/* SPDX-License-Identifier: MIT */
/*
 * auth_system: authentication "as the system signs", as a flow declares it; and what else a
 * webhook takes from its system where it says nothing itself. The proofs are judged by
 * server/verify_system.c.
 */
#ifndef FLOW_AUTH_SYSTEM_H
#define FLOW_AUTH_SYSTEM_H

#include "flow/document.h"

extern const struct param auth_system_params[];

/* auth_system_find looks the webhook's system up, before all else of it is read. */
void auth_system_find(struct flow *f, const struct args *webhook, struct faults *faults);

/* auth_system_read fills auth, whose secrets have been read. at: the pointer of the authentication. */
void auth_system_read(struct flow *f, const struct args *args, const char *at, struct flow_auth *auth,
		      struct faults *faults);

/* auth_system_redact calls back for each header that carries a secret of the system. */
void auth_system_redact(const struct flow *f, void (*each)(void *arg, const char *header), void *arg);

#endif
