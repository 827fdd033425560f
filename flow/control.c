/* SPDX-License-Identifier: MIT */
/* What a webhook says of how many requests are let in, and of when its events run. */
#include "flow/document.h"

#include <string.h>

/* In the order of events: the first runs first. */
const char *const priority_words[] = {"high", "normal", "low", NULL};

const char *const failure_words[] = {"continue", "stop", NULL};

const struct param rate_limit_params[] = {
	{.name = "per_second", .type = PARAM_NUMBER, .flags = PARAM_REQUIRED, .min = 0, .max = 1000000,
	 .text = "Requests a second in the long run; 0.1 is one in ten seconds."},
	{.name = "burst", .type = PARAM_INT, .min = 1, .max = 1000000,
	 .text = "How many may come at once after a rest. Default: those of one second, at least 1."},
	{0},
};

#define RATE_MIN 0.001

static void read_rate(struct flow *f, const struct args *a, struct faults *faults)
{
	const struct args *rate = arg_object(a, "rate_limit");

	if (!rate || !arg_given(rate, "per_second"))
		return;
	double per_second = arg_number(rate, "per_second");
	if (per_second < RATE_MIN) {
		fault_add(faults, arg_find(a, "rate_limit")->pointer, "per_second",
			  "\"per_second\" must be at least 0.001, one request in 1000 seconds");
		return;
	}
	f->webhook.rate_limit = (struct flow_rate){
		.per_second = per_second,
		.burst = arg_given(rate, "burst") ? arg_int(rate, "burst")
			 : per_second < 1 ? 1 : (int64_t)per_second,
	};
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

	read_rate(f, a, faults);
	f->webhook.priority = strcmp(priority, "high") == 0 ? 1 : strcmp(priority, "low") == 0 ? -1 : 0;
	read_order(f, a, faults);
	f->webhook.concurrency = (int)arg_int(a, "concurrency");
}
