/* SPDX-License-Identifier: MIT */
/* For probes: is this process of use? Alive means that the store answers and keeps what it is
 * told; ready, that new requests are taken too. */
#include "server/front.h"

#include "common/clock.h"

bool front_draining(struct front *f)
{
	return atomic_load_explicit(&f->drain_until_mono_ms, memory_order_relaxed) != 0 ||
	       atomic_load_explicit(&f->board->draining, memory_order_relaxed) != 0;
}

static void say(struct http_response *response, int status, const char *word)
{
	http_response_json(response, status);
	buf_addf(&response->body, "{\"status\":\"%s\"}\n", word);
	http_response_header(response, "Cache-Control", "no-store");
}

static bool healthy(struct front *f)
{
	struct store_gauges gauges;
	struct err err;

	return !store_broken(f->store) && store_gauges(f->store, &gauges, &err) >= 0;
}

void health_live(struct front *f, struct http_request *request, const char *tail,
		 struct http_response *response)
{
	(void)request, (void)tail;
	if (healthy(f))
		say(response, 200, "ok");
	else
		say(response, 503, "the store does not answer");
}

void health_ready(struct front *f, struct http_request *request, const char *tail,
		  struct http_response *response)
{
	(void)request, (void)tail;
	if (front_draining(f))
		say(response, 503, "draining");
	else if (healthy(f))
		say(response, 200, "ready");
	else
		say(response, 503, "the store does not answer");
}
