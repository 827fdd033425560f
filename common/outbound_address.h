/* SPDX-License-Identifier: MIT */
/*
 * outbound_address: the judgement behind outbound_address_refused, which is declared in
 * common/outbound.h for everybody, and the same for an address written as text.
 *
 * Sources: the IANA special-purpose address registries (RFC 6890), RFC 4291, RFC 6052
 * (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP).
 */
#ifndef COMMON_OUTBOUND_ADDRESS_H
#define COMMON_OUTBOUND_ADDRESS_H

#include "common/err.h"

struct outbound_policy;

/* outbound_address_policy says from now on what may be called: 0 or -1. */
int outbound_address_policy(const struct outbound_policy *policy, struct err *err) MUSTCHECK;

/* outbound_text_refused: why this address ("10.0.0.1", "fd00::1") and port may not be called,
 * or NULL. What cannot be read is refused. The text lasts until the next question. */
const char *outbound_text_refused(const char *address, int port);

#endif
