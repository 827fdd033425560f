/* SPDX-License-Identifier: MIT */
/* What a webhook says of how many requests are let in, and of when its events run. */
#include "flow/document.h"

#include <string.h>

/* In the order of events: the first runs first. */
const char *const priority_words[] = {"high", "normal", "low", NULL};

const char *const failure_words[] = {"continue", "stop", NULL};

#define PER_SECOND(needed) \
	{.name = "per_second", .type = PARAM_NUMBER, .flags = needed, .min = 0, .max = 1000000, \
	 .text = "Requests a second in the long run; 0.1 is one in ten seconds."}
#define BURST \
	{.name = "burst", .type = PARAM_INT, .min = 1, .max = 1000000, \
	 .text = "How many may come at once after a rest. Default: those of one second, at least 1."}

static const struct param per_address_params[] = {
	PER_SECOND(PARAM_REQUIRED),
	BURST,
	{0},
};

const struct param rate_limit_params[] = {
	PER_SECOND(0),
	BURST,
	{.name = "per_address", .type = PARAM_OBJECT, .members = per_address_params,
	 .text = "The same for each caller's address by itself (of IPv6: its /64), asked before "
		 "authentication."},
	{0},
};

#define RATE_MIN 0.001

static void read_bucket(const struct arg *a, struct flow_rate *out, struct faults *faults)
{
	const struct args *rate = &a->items[0];

	if (!arg_given(rate, "per_second"))
		return;
	double per_second = arg_number(rate, "per_second");
	if (per_second < RATE_MIN) {
		fault_add(faults, a->pointer, "per_second",
			  "\"per_second\" must be at least 0.001, one request in 1000 seconds");
		return;
	}
	*out = (struct flow_rate){
		.per_second = per_second,
		.burst = arg_given(rate, "burst") ? arg_int(rate, "burst")
			 : per_second < 1 ? 1 : (int64_t)per_second,
	};
}

static void read_rate(struct flow *f, const struct arg *a, struct faults *faults)
{
	if (!a->n_items)
		return;
	const struct args *rate = &a->items[0];
	const struct arg *address = arg_find(rate, "per_address");
	bool given = arg_given(rate, "per_second");
	if (!given && (!address->node || arg_given(rate, "burst")))
		fault_add(faults, a->pointer, NULL, "\"per_second\" is missing; it says how many, and "
			  "\"burst\" nothing without it");
	read_bucket(a, &f->webhook.rate_limit, faults);
	if (address->n_items)
		read_bucket(address, &f->webhook.address_limit, faults);
}

static void read_order(struct flow *f, const struct args *a, struct faults *faults)
{
	const struct arg *failure = arg_find(a, "on_failure");

	f->order_key = arg_find(a, "order_by")->value;
	f->webhook.ordered = f->order_key != NULL;
	f->webhook.order_stop = strcmp(arg_text(a, "on_failure"), "stop") == 0;
	if (failure->node && !arg_find(a, "order_by")->node)
		fault_add(faults, failure->pointer, NULL,
			  "says what a failure does to the events behind it, but nothing waits for another "
			  "without \"order_by\"; add that or leave this out");
}

void control_read(struct flow *f, const struct args *a, struct faults *faults)
{
	const char *priority = arg_text(a, "priority");

	read_rate(f, arg_find(a, "rate_limit"), faults);
	f->webhook.priority = strcmp(priority, "high") == 0 ? 1 : strcmp(priority, "low") == 0 ? -1 : 0;
	read_order(f, a, faults);
	f->webhook.concurrency = (int)arg_int(a, "concurrency");
}
