/* SPDX-License-Identifier: MIT */
/*
 * proof: who a request is from, asked of whatever authentication its webhook has: the kinds of verify.h, or
 * its system's schemes, verify_system.h. As there, 1 or 0, with the cause in out.
 */
#ifndef SERVER_PROOF_H
#define SERVER_PROOF_H

#include "server/hooks.h"

int proof_head(const struct hook *hook, const struct http_request *request, int64_t now_ms,
	       struct verify_result *out) MUSTCHECK;
int proof_body(const struct hook *hook, const struct http_request *request, struct slice body, int64_t now_ms,
	       struct verify_result *out) MUSTCHECK;

#endif
