/* SPDX-License-Identifier: MIT */
/* Two versions of a flow, one event after the other. Each run is put into words, and the words
 * are compared. */
#include "cli/compare.h"

#include "cli/apply.h"
#include "cli/called.h"
#include "cli/cmd.h"
#include "cli/recorded.h"
#include "cli/table.h"
#include "common/crypto.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "flow/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 400

/* What is compared of a run: a name and its words, in order; a name stands once. */
struct fact {
	char *name;
	char *words;
};
struct side {
	struct flow *flow;
	struct fact *facts;
	size_t n_facts, requests;
};

struct compare {
	struct store *store;
	const struct compare_plan *plan;
	struct called called;
	struct recorded recorded;
	struct side sides[2];
	struct side *running;
	int64_t *ids;
	size_t n_ids;
	size_t differ, outcomes, replies, requests, stubbed;
};

static void add_fact(struct side *side, char *name, char *words)
{
	side->facts = mem_resize(side->facts, side->n_facts + 1, sizeof(*side->facts));
	side->facts[side->n_facts++] = (struct fact){name, words};
}

static void forget_facts(struct side *side)
{
	for (size_t i = 0; i < side->n_facts; i++) {
		free(side->facts[i].name);
		free(side->facts[i].words);
	}
	free(side->facts);
	side->facts = NULL;
	side->n_facts = side->requests = 0;
}

/* Every byte counts: what is no text stands in base64. */
static char *body_words(struct slice body)
{
	struct buf out = BUF_INIT;

	if (body.len == 0 || (utf8_valid(body.ptr, body.len) && !memchr(body.ptr, 0, body.len)))
		return mem_dup_len(body.len ? body.ptr : "", body.len);
	buf_add_text(&out, "base64 ");
	crypto_base64(body.ptr, body.len, &out);
	return buf_take(&out);
}

/* ---- the host ---- */

static int host_secret(void *arg, const char *name, char **value, struct err *err)
{
	(void)arg;
	(void)err;
	*value = mem_format("[secret %s]", name);
	return 1;
}

static int host_connection(void *arg, const char *name, char **document, struct err *err)
{
	struct compare *c = arg;

	return store_connection_load(c->store, name, document, err);
}

static int host_call(void *arg, const struct outbound_request *request,
		     struct outbound_response *response, struct err *err)
{
	struct compare *c = arg;
	struct side *side = c->running;

	if (!request->for_token) {
		size_t n = ++side->requests;
		add_fact(side, mem_format("request %zu", n), mem_format("%s %s", request->method, request->url));
		add_fact(side, mem_format("request %zu body", n),
			 body_words(request->body));
	}
	return recorded_answer(&c->recorded, request, response, err);
}

static int host_flow(void *arg, const char *name, struct flow **flow, struct err *err)
{
	struct compare *c = arg;

	return called_find(&c->called, name, flow, err);
}

/* ---- one event ---- */

static void run_side(struct compare *c, struct side *side, const struct event_detail *d)
{
	const struct scope_event event = {
		.id = d->id, .received_at = d->received_at, .method = d->method, .path = d->path,
		.query = d->query, .headers = d->headers, .suffix = flow_webhook(side->flow)->url_suffix,
		.system = flow_system(side->flow),
		.remote = d->remote, .trigger = "replay", .run = 1, .attempt = 1, .body = buf_slice(&d->body),
	};
	const struct run_host host = {.arg = c, .secret = host_secret, .call = host_call,
				      .connection = host_connection, .flow = host_flow};
	struct run_result r = {0};

	c->running = side;
	run_flow_through(side->flow, &event, &host, &r);
	bool failed = r.outcome == RUN_FAILED;
	add_fact(side, mem_dup("outcome"), mem_format("%s%s", failed ? "failed: " : "succeeded",
						      failed ? r.err.text : ""));
	add_fact(side, mem_dup("reply status"), r.replied ? mem_format("%d", r.reply.status) : mem_dup("no reply"));
	if (r.replied) {
		add_fact(side, mem_dup("reply headers"), mem_dup(r.reply.headers ? r.reply.headers : "[]"));
		add_fact(side, mem_dup("reply body"), body_words(buf_slice(&r.reply.body)));
	}
	run_result_release(&r);
}

static const char *words_of(const struct side *side, const char *name)
{
	for (size_t i = 0; i < side->n_facts; i++)
		if (strcmp(side->facts[i].name, name) == 0)
			return side->facts[i].words;
	return NULL;
}

static void print_words(const char *sign, const char *words)
{
	struct buf safe = BUF_INIT;
	size_t len = words ? strlen(words) : 0, shown = len > SHOWN_MAX ? SHOWN_MAX : len;

	while (shown < len && shown && ((unsigned char)words[shown] & 0xC0) == 0x80)
		shown--;
	table_escape(words ? words : "(none)", words ? shown : 6, false, &safe);
	printf("    %s %s%s\n", sign, safe.ptr, shown < len ? "…" : "");
	buf_release(&safe);
}

static void add_words(struct buf *out, const char *name, const char *words)
{
	buf_addf(out, ",\"%s\":", name);
	if (words)
		buf_add_json_text(out, words, strlen(words));
	else
		buf_add_text(out, "null");
}

/* Counts each kind once an event; prints for people, or adds to the JSON. */
static void differ(struct compare *c, const char *name, unsigned *kinds, struct buf *json)
{
	const char *old = words_of(&c->sides[0], name), *new = words_of(&c->sides[1], name);

	*kinds |= strcmp(name, "outcome") == 0 ? 1 : strncmp(name, "reply", 5) == 0 ? 2 : 4;
	if (c->plan->json) {
		buf_addf(json, "%s{\"what\":\"%s\"", json->len ? "," : "", name);
		add_words(json, "old", old);
		add_words(json, "new", new);
		buf_add_char(json, '}');
		return;
	}
	printf("  %s\n", name);
	print_words("-", old);
	print_words("+", new);
}

static void compare_facts(struct compare *c, const struct event_detail *d)
{
	const struct side *old = &c->sides[0], *new = &c->sides[1];
	struct buf json = BUF_INIT;
	unsigned kinds = 0;
	bool titled = c->plan->json;

	for (int pass = 0; pass < 2; pass++) {
		const struct side *side = pass ? new : old, *other = pass ? old : new;
		for (size_t i = 0; i < side->n_facts; i++) {
			const char *words = words_of(other, side->facts[i].name);
			if (words && (pass || strcmp(words, side->facts[i].words) == 0))
				continue;
			if (!titled)
				printf("event %" PRId64 "\n", d->id);
			titled = true;
			differ(c, side->facts[i].name, &kinds, &json);
		}
	}
	c->differ += kinds != 0;
	c->outcomes += (kinds & 1) != 0;
	c->replies += (kinds & 2) != 0;
	c->requests += (kinds & 4) != 0;
	if (c->plan->json)
		printf("{\"event\":%" PRId64 ",\"same\":%s,\"differences\":[%s]}\n", d->id,
		       kinds ? "false" : "true", json.ptr);
	buf_release(&json);
}

static int compare_event(struct compare *c, int64_t id, struct err *err)
{
	struct event_detail d;
	int got = store_event_load(c->store, id, &d, err);

	if (got <= 0)
		return got;
	recorded_read(&c->recorded, d.runs);
	for (int i = 0; i < 2; i++)
		run_side(c, &c->sides[i], &d);
	compare_facts(c, &d);
	c->stubbed += c->recorded.stubbed;
	for (int i = 0; i < 2; i++)
		forget_facts(&c->sides[i]);
	recorded_release(&c->recorded);
	event_detail_release(&d);
	return 1;
}

/* ---- the versions ---- */

static int parse(const char *name, const char *text, size_t len, struct flow **out, struct err *err)
{
	struct faults faults = {0};
	int rc = flow_parse(text, len, out, &faults);

	if (rc == 0)
		rc = flow_check_expressions(*out, &faults);
	if (rc < 0)
		err_set(err, ERR_INVALID, "%s is faulty: %s: %s", name,
			*faults.list[0].pointer ? faults.list[0].pointer : "the document", faults.list[0].text);
	faults_release(&faults);
	return rc;
}

/* The version's number, or -1. */
static int load_version(struct compare *c, int version, struct flow **out, struct err *err)
{
	const char *name = c->plan->flow;
	struct flow_row row = {0};
	int got = store_flow_load(c->store, name, version, &row, err);

	if (got == 0)
		got = version > 0 ? err_set(err, ERR_MISSING, "the flow \"%.64s\" has no version %d (`ringbolt flow list`)",
					    name, version)
				  : err_set(err, ERR_MISSING, "there is no %sflow \"%.64s\" (`ringbolt flow list`)",
					    version == 0 ? "published " : "", name);
	if (got > 0) {
		char *said = mem_format("version %d of %s", row.version, name);
		got = parse(said, row.document, strlen(row.document), out, err) < 0 ? -1 : row.version;
		free(said);
	}
	flow_row_release(&row);
	return got;
}

static int load_sides(struct compare *c, struct err *err)
{
	struct buf text = BUF_INIT;
	int old = load_version(c, c->plan->old_version, &c->sides[0].flow, err), new = 0;

	if (old < 0)
		return -1;
	if (!c->plan->draft) {
		new = load_version(c, c->plan->new_version, &c->sides[1].flow, err);
	} else {
		new = cmd_read_file(c->plan->draft, APPLY_DOCUMENT_MAX, &text, err);
		if (new == 0)
			new = parse(c->plan->draft, text.ptr, text.len, &c->sides[1].flow, err);
	}
	buf_release(&text);
	if (new == old)
		return err_set(err, ERR_INVALID, "both are version %d of %s: name another one with --old N, --new N or "
			       "--draft FILE", old, c->plan->flow);
	return new < 0 ? -1 : 0;
}

/* ---- all of them ---- */

static int keep_id(void *arg, const struct event_row *row)
{
	struct compare *c = arg;

	c->ids = mem_resize(c->ids, c->n_ids + 1, sizeof(*c->ids));
	c->ids[c->n_ids++] = row->id;
	return 0;
}

static void sum_up(const struct compare *c)
{
	size_t same = c->n_ids - c->differ;

	if (c->plan->json) {
		printf("{\"events\":%zu,\"same\":%zu,\"differ\":%zu,\"outcome\":%zu,\"reply\":%zu,\"requests\":%zu,"
		       "\"stand_ins\":%zu}\n", c->n_ids, same, c->differ, c->outcomes, c->replies, c->requests,
		       c->stubbed);
		return;
	}
	printf("%zu events: %zu the same, %zu differ (outcome %zu, reply %zu, requests %zu)\n", c->n_ids, same,
	       c->differ, c->outcomes, c->replies, c->requests);
	if (c->stubbed)
		printf("%zu calls had no recorded answer and got a stand-in: 200, {}\n", c->stubbed);
}

int compare_run(struct store *s, const struct compare_plan *plan, struct err *err)
{
	struct compare c = {.store = s, .plan = plan, .called = {.store = s}};
	int rc = load_sides(&c, err);

	if (rc == 0)
		rc = store_events_each(s, &plan->filter, keep_id, &c, err);
	for (size_t i = 0; rc >= 0 && i < c.n_ids; i++)
		rc = compare_event(&c, c.ids[i], err);
	if (rc >= 0)
		sum_up(&c);
	flow_free(c.sides[0].flow);
	flow_free(c.sides[1].flow);
	called_release(&c.called);
	free(c.ids);
	return rc < 0 ? -1 : 0;
}
