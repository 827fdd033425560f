/* SPDX-License-Identifier: MIT */
#include "flow/sender.h"

#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/flow.h"
#include "flow/system.h"

#include <stdlib.h>
#include <string.h>

#define HEADERS_SEEN_MAX 256

/* A request as it is stored, looked at as one that has just come. */
struct look {
	struct buf text;                /* names and values, each ended by a NUL */
	struct system_header headers[HEADERS_SEEN_MAX];
	struct system_request request;
	struct system_view view;
};

static void add_decoded(struct slice json, struct buf *out)
{
	size_t start = out->len;

	jsontext_text(json, out);
	if (memchr(out->ptr + start, '\0', out->len - start))
		out->len = start + strlen(out->ptr + start);
	buf_add_char(out, '\0');
}

static void look_init(struct look *l, const struct scope_event *event)
{
	struct slice list = {event->headers, strlen(event->headers)}, key, value;
	struct jsontext_walk w;
	size_t n = 0, at[HEADERS_SEEN_MAX][2];

	memset(&l->request, 0, sizeof(l->request));
	memset(&l->view, 0, sizeof(l->view));
	buf_init(&l->text);
	for (jsontext_walk_start(&w, list); n < HEADERS_SEEN_MAX && jsontext_walk_next(&w);) {
		if (!jsontext_item(w.value, 0, &key) || !jsontext_item(w.value, 1, &value))
			continue;
		at[n][0] = l->text.len;
		add_decoded(key, &l->text);
		at[n][1] = l->text.len;
		add_decoded(value, &l->text);
		n++;
	}
	for (size_t i = 0; i < n; i++)
		l->headers[i] = (struct system_header){l->text.ptr + at[i][0], l->text.ptr + at[i][1]};
	l->request = (struct system_request){
		.method = event->method, .query = event->query, .headers = l->headers, .n_headers = n,
		.body = event->body,
	};
	l->view.request = &l->request;
}

static void add_fact(struct buf *out, const char *name, const struct buf *text, bool there)
{
	buf_addf(out, ",\"%s\":", name);
	if (there)
		buf_add_json_text(out, text->ptr, text->len);
	else
		buf_add_text(out, "null");
}

void sender_facts(const struct system *s, const struct scope_event *event, struct buf *out)
{
	struct look *l = mem_new(sizeof(*l));
	struct buf text = BUF_INIT;
	bool there;

	if (s)
		buf_add_text(&text, s->name);
	add_fact(out, "system", &text, s != NULL);
	look_init(l, event);
	buf_clear(&text);
	there = s && system_delivery_id(s, &l->view, &text);
	add_fact(out, "delivery_id", &text, there);
	buf_clear(&text);
	there = s && system_event_type(s, &l->view, &text);
	add_fact(out, "type", &text, there);
	buf_release(&text);
	buf_release(&l->text);
	free(l);
}

int sender_key(const struct system *s, const struct scope_event *event, struct buf *out)
{
	struct buf id = BUF_INIT;
	struct look *l;
	char hex[65];

	if (!s || !s->delivery_id)
		return 0;
	l = mem_new(sizeof(*l));
	look_init(l, event);
	int there = system_delivery_id(s, &l->view, &id);
	if (there && (id.len > FLOW_ORDER_KEY_MAX || memchr(id.ptr, '\0', id.len))) {
		crypto_sha256_hex(buf_slice(&id), hex);
		buf_add_text(out, hex);
	} else if (there) {
		buf_add_slice(out, buf_slice(&id));
	}
	buf_release(&id);
	buf_release(&l->text);
	free(l);
	return there;
}
