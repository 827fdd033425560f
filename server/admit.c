/* SPDX-License-Identifier: MIT */
/* May this request send its body? One function a question, and the table of them, in the order
 * in which they are asked: what costs least and tells least comes first. */
#include "server/arrival.h"

#include "common/clock.h"
#include "server/addresses.h"
#include "server/cors.h"
#include "server/handshake.h"
#include "server/proof.h"
#include "server/reply.h"

#include <stdio.h>
#include <string.h>

static int check_suffix(struct arrival *a)
{
	if (!a->hook)
		return arrival_refuse(a, 404, "no published flow has this URL suffix",
				      "no webhook listens at this path");
	return 0;
}

static int check_method(struct arrival *a)
{
	struct buf allow = BUF_INIT;
	char text[160];

	if (a->match.hook)
		return 0;
	flow_methods_add(a->match.methods, &allow);
	snprintf(text, sizeof(text), "this webhook does not take %.20s; it takes %.100s",
		 a->request->method, allow.ptr);
	arrival_refuse_as(a, WHEN_METHOD, 405, text, text);
	if (a->response->status == 405)
		http_response_header(a->response, "Allow", allow.ptr);
	buf_release(&allow);
	return -1;
}

/* An address that cannot be read is in no list. */
static int check_address(struct arrival *a)
{
	const struct flow_webhook *w = a->hook->webhook;
	struct net_address caller;
	char cause[120];
	bool known = w->n_allow_ips > 0 && net_address_parse(a->request->remote, &caller);

	for (size_t i = 0; known && i < w->n_allow_ips; i++)
		if (net_has(&w->allow_ips[i], &caller))
			return 0;
	if (w->n_allow_ips == 0)
		return 0;
	snprintf(cause, sizeof(cause), "the address %.60s is not in the webhook's allow_ips",
		 a->request->remote);
	return arrival_refuse(a, 403, cause, "this address may not call this webhook");
}

/* ---- browsers that ask first ---- */

static const struct hook *hook_at(const struct arrival *a, unsigned method)
{
	struct hooks_match match;

	hooks_find(a->table, a->request->path + strlen("/in"), method, &match);
	return match.hook;
}

/* Which webhook answers for the method a page means to use: the one that takes it or, so that the
 * browser learns the real ones, any at this suffix that speaks to browsers. NULL: none does. */
static const struct hook *preflight_hook(const struct arrival *a, const char *method)
{
	unsigned wanted = flow_method_find(method);
	const struct hook *hook = wanted ? hook_at(a, wanted) : NULL;

	if (hook)
		return hook->webhook->cors.n_origins ? hook : NULL;
	for (unsigned bit = FLOW_GET; bit <= FLOW_OPTIONS; bit <<= 1) {
		hook = a->match.methods & bit ? hook_at(a, bit) : NULL;
		if (hook && hook->webhook->cors.n_origins)
			return hook;
	}
	return NULL;
}

/* The methods at this suffix whose webhooks let this page in. */
static unsigned preflight_methods(const struct arrival *a, const char *origin)
{
	unsigned methods = 0;

	for (unsigned bit = FLOW_GET; bit <= FLOW_OPTIONS; bit <<= 1) {
		const struct hook *hook = a->match.methods & bit ? hook_at(a, bit) : NULL;
		if (hook && cors_allows(&hook->webhook->cors, origin))
			methods |= bit;
	}
	return methods;
}

/* No credentials come with a preflight, and nothing is run for it: it is counted, no more. */
static int answer_preflight(struct arrival *a)
{
	struct cors_question question;
	char cause[200];

	if (!cors_asks(a->request, &question))
		return 0;
	const struct hook *hook = preflight_hook(a, question.method);
	if (!hook)
		return 0;
	a->hook = hook;
	if (check_address(a) < 0)
		return -1;
	if (!cors_allows(&hook->webhook->cors, question.origin)) {
		snprintf(cause, sizeof(cause), "a page of %.100s asked to call, which is not among the webhook's "
			 "cors.origins", question.origin);
		return arrival_refuse(a, 403, cause, "pages of this origin may not call this webhook");
	}
	cors_answer(&hook->webhook->cors, preflight_methods(a, question.origin), a->response);
	limit_count(hook->limit, LIMIT_PREFLIGHT);
	return -1;
}

/* ---- credentials and rates ---- */

/* Before the method and the credentials: a greeting may come by another method, and unsigned. */
static int answer_handshake(struct arrival *a)
{
	struct handshake_refusal why;

	if (!handshake_possible(a->hook, a->request))
		return 0;
	if (arrival_body_read(a) < 0)
		return -1;
	int rc = handshake_answer(a->front, a->hook, a->request, buf_slice(&a->body), a->response, &why);
	if (rc < 0)
		arrival_refuse(a, why.status, why.cause, why.status == 401   ? "not authenticated"
							 : why.status == 503 ? "try again later" : "refused");
	return rc == 0 ? 0 : -1;
}

static int refuse_rate(struct arrival *a, const char *whose, const struct flow_rate *rate, int64_t now_us,
		       int64_t wait_us, const char *sentence)
{
	char cause[160], seconds[24];

	if (limit_refused(a->hook->limit, now_us)) {
		snprintf(cause, sizeof(cause), "over the rate limit of %g a second, burst %lld%s",
			 rate->per_second, (long long)rate->burst, whose);
		arrival_refuse(a, 429, cause, "");
	}
	http_response_error(a->response, 429, sentence);
	reply_override(a->hook, WHEN_RATE_LIMITED, a->response);
	snprintf(seconds, sizeof(seconds), "%lld", (long long)((wait_us + 999999) / 1000000));
	http_response_header(a->response, "Retry-After", seconds);
	return -1;
}

/* Before the credentials: who guesses them from one address is slowed down, and nobody else. */
static int check_address_rate(struct arrival *a)
{
	const struct flow_rate *rate = &a->hook->webhook->address_limit;
	int64_t now_us = clock_mono_us(), wait_us;
	struct net_address caller;

	if (rate->per_second <= 0)
		return 0;
	if (!net_address_parse(a->request->remote, &caller))
		caller = (struct net_address){0}; /* all of them share one bucket */
	wait_us = addresses_take(a->front->addresses, a->hook->flow_id, &caller, rate, now_us);
	return wait_us == 0 ? 0
	       : refuse_rate(a, " of each address", rate, now_us, wait_us,
			     "this webhook takes no more requests from this address just now; try again later");
}

static int check_head(struct arrival *a)
{
	struct verify_result result;

	return proof_head(a->hook, a->request, a->received_at, &result) ? 0 : arrival_doubt(a, &result);
}

/* After the credentials, so that strangers use up nothing of it. */
static int check_rate(struct arrival *a)
{
	const struct flow_rate *rate = &a->hook->webhook->rate_limit;
	int64_t now_us = clock_mono_us(), wait_us;

	if (rate->per_second <= 0 || (wait_us = limit_take(a->hook->limit, rate, now_us)) == 0)
		return 0;
	return refuse_rate(a, "", rate, now_us, wait_us,
			   "this webhook takes no more requests just now; try again later");
}

int admit_request(struct arrival *a)
{
	static int (*const questions[])(struct arrival *a) = {
		check_suffix,       /* 404 */
		answer_preflight,   /* 204, or 403 */
		check_address,      /* 403 */
		check_address_rate, /* 429 */
		answer_handshake,   /* as the system's file says; only a request that may be one loses its body */
		check_method,       /* 405 */
		check_head,         /* 401 */
		check_rate,         /* 429 */
	};

	for (size_t i = 0; i < ARRAY_LEN(questions); i++)
		if (questions[i](a) < 0)
			return -1;
	return 0;
}
