/* SPDX-License-Identifier: MIT */
/* The handshakes of a system's file, and the reply one gives. */
#include "flow/system_inner.h"

#include "common/mem.h"
#include "common/header.h"

#include <stdlib.h>
#include <string.h>

/* Every text in a tree, as a template: read here only to see whether it can be. */
static void check_tree(struct maker *m, const char *pointer, const cJSON *node)
{
	const cJSON *item;

	if (cJSON_IsString(node))
		make_template(m, pointer, node->valuestring, PLACE_VALUE);
	cJSON_ArrayForEach(item, node)
		check_tree(m, pointer, item);
}

static void read_proof(struct maker *m, const struct arg *a, struct system_handshake *h)
{
	const cJSON *equal = json_get(a->node, "equal"), *first, *second;

	if (cJSON_IsString(a->node) && strcmp(a->node->valuestring, "none") == 0)
		return;
	if (cJSON_IsString(a->node) && strcmp(a->node->valuestring, "signature") == 0) {
		h->proof = PROOF_SIGNATURE;
		return;
	}
	first = cJSON_GetArrayItem(equal, 0);
	second = cJSON_GetArrayItem(equal, 1);
	if (cJSON_GetArraySize(equal) != 2 || !cJSON_IsString(first) || !cJSON_IsString(second)) {
		if (a->node)
			fault_add(m->faults, a->pointer, NULL, "\"proof\" is \"signature\", \"none\" or "
				  "{\"equal\": [TEMPLATE, TEMPLATE]}");
		return;
	}
	h->proof = PROOF_EQUAL;
	h->equal[0] = make_template(m, a->pointer, first->valuestring, 0);
	h->equal[1] = make_template(m, a->pointer, second->valuestring, 0);
}

static void read_values(struct maker *m, const struct arg *a, struct system_handshake *h)
{
	struct system_value_rule *list = make_own(m, mem_array(a->n_items + 1, sizeof(*list)));
	const cJSON *item = a->node ? a->node->child : NULL;

	for (size_t i = 0; i < a->n_items && item; i++, item = item->next) {
		const struct args *v = &a->items[i];
		const char *type = arg_text(v, "type"), *signs = arg_text(v, "signs");
		struct system_value_rule *r = &list[i];
		r->name = item->string;
		r->hmac = type && strcmp(type, "hmac") == 0;
		r->algorithm = arg_text(v, "algorithm");
		r->encoding = make_encoding(arg_text(v, "encoding"));
		r->key = make_key(m, arg_find(v, "key"), &r->n_key);
		make_algorithm(m, a, r->algorithm);
		r->signs = signs ? make_template(m, arg_find(v, "signs")->pointer, signs,
						 r->hmac ? 0 : PLACE_SECRET) : NULL;
	}
	h->values = list;
	h->n_values = a->n_items;
}

/* An answer that signs what a stranger sends would sign him anything, an event too: each value in
 * it must be of a form that no event has. */
static void check_oracle(struct maker *m, const char *pointer, const struct system_handshake *h)
{
	for (size_t i = 0; i < h->n_values; i++) {
		const struct system_template *t = h->values[i].signs;
		for (size_t k = 0; h->values[i].hmac && t && h->proof == PROOF_NONE && k < t->n; k++) {
			const struct system_source *s = t->pieces[k].source;
			bool bounded = !s || s->kind == SOURCE_SETTING || s->kind == SOURCE_URL_BASE;
			for (size_t n = 0; s && h->when && n < h->when->n; n++)
				bounded = bounded || (h->when->rules[n].matches &&
						      strcmp(h->when->rules[n].source->text, s->text) == 0);
			if (!bounded)
				fault_add(m->faults, pointer, NULL, "\"%.80s\" comes from anybody and would be signed "
					  "with the secret; bound it in \"when\": {\"%.80s\": {\"matches\": PATTERN}}",
					  s->text, s->text);
		}
	}
}

static void read_headers(struct maker *m, const struct arg *a, struct system_handshake *h)
{
	struct system_reply_header *list = make_own(m, mem_array(1 + (size_t)cJSON_GetArraySize(a->node),
								 sizeof(*list)));
	const cJSON *item;

	cJSON_ArrayForEach(item, a->node) {
		const char *why = header_refused_in_reply(item->string);
		if (why || !cJSON_IsString(item)) {
			fault_add(m->faults, a->pointer, item->string, "header \"%.80s\" %s", item->string,
				  why ? why : "must be text");
			continue;
		}
		list[h->n_headers].name = item->string;
		list[h->n_headers].value = make_template(m, a->pointer, item->valuestring, PLACE_VALUE);
		h->n_headers += list[h->n_headers].value != NULL;
	}
	h->headers = list;
}

static void read_reply(struct maker *m, const struct arg *a, struct system_handshake *h)
{
	if (!a->n_items)
		return;
	const struct args *reply = &a->items[0];
	const char *text = arg_text(reply, "text");

	h->status = (int)arg_int(reply, "status");
	if (h->status >= 300 && h->status < 400)
		fault_add(m->faults, a->pointer, "status", "a redirect (%d) is no answer to a handshake", h->status);
	read_headers(m, arg_find(reply, "headers"), h);
	h->json = arg_find(reply, "json")->node;
	if (text && h->json)
		fault_add(m->faults, a->pointer, "text", "\"text\" and \"json\" both say the body: give one of them");
	if (text)
		h->text = make_template(m, arg_find(reply, "text")->pointer, text, PLACE_VALUE);
	if (h->json)
		check_tree(m, arg_find(reply, "json")->pointer, h->json);
}

void make_handshakes(struct maker *m, const struct arg *list)
{
	struct system_handshake *handshakes = make_own(m, mem_array(list->n_items + 1, sizeof(*handshakes)));
	struct system *system = &m->held->system;

	for (size_t i = 0; i < list->n_items; i++) {
		const struct args *a = &list->items[i];
		struct system_handshake *h = &handshakes[i];
		const char *learn = arg_text(a, "learn_secret");
		const struct args *fetch = arg_object(a, "fetch");
		char *pointer = make_own(m, mem_format("%s/%zu", list->pointer, i));
		h->name = arg_text(a, "name");
		h->when = make_condition(m, arg_find(a, "when"), 0);
		if (h->when && !h->when->n)
			fault_add(m->faults, pointer, "when", "\"when\" is empty: then every request would be this "
				  "handshake");
		read_proof(m, arg_find(a, "proof"), h);
		read_values(m, arg_find(a, "values"), h);
		if (learn)
			h->learn = make_source(m, arg_find(a, "learn_secret")->pointer, learn, 0);
		if (fetch && arg_text(fetch, "url")) {
			h->fetch = make_template(m, arg_find(fetch, "url")->pointer, arg_text(fetch, "url"), 0);
			h->fetch_hosts = make_hosts(m, arg_find(fetch, "hosts"));
		}
		read_reply(m, arg_find(a, "reply"), h);
		check_oracle(m, pointer, h);
		if (h->proof == PROOF_SIGNATURE && !system->n_schemes)
			fault_add(m->faults, pointer, "proof", "the system has no scheme that could prove it");
	}
	system->handshakes = handshakes;
	system->n_handshakes = list->n_items;
}

/* ---- the reply ---- */

/* The templates of a tree have been read before and cannot be faulty; a handshake is rare, so they
 * are read again. */
static cJSON *fill_tree(const cJSON *node, struct maker *m, struct system_view *v)
{
	cJSON *copy;
	const cJSON *item;

	if (cJSON_IsString(node)) {
		struct buf text = BUF_INIT;
		const struct system_template *t = make_template(m, "", node->valuestring, PLACE_VALUE);
		if (t)
			system_template_add(t, v, &text);
		copy = cJSON_CreateString(text.ptr);
		buf_release(&text);
		return copy;
	}
	if (!cJSON_IsObject(node) && !cJSON_IsArray(node))
		return cJSON_Duplicate(node, true);
	copy = cJSON_IsObject(node) ? cJSON_CreateObject() : cJSON_CreateArray();
	cJSON_ArrayForEach(item, node) {
		if (cJSON_IsObject(node))
			cJSON_AddItemToObject(copy, item->string, fill_tree(item, m, v));
		else
			cJSON_AddItemToArray(copy, fill_tree(item, m, v));
	}
	return copy;
}

void system_reply(const struct system *s, const struct system_handshake *h, struct system_view *v,
		  struct buf *headers, struct buf *body)
{
	struct buf value = BUF_INIT;

	buf_add_char(headers, '[');
	for (size_t i = 0; i < h->n_headers; i++) {
		buf_clear(&value);
		system_template_add(h->headers[i].value, v, &value);
		header_list_add(headers, h->headers[i].name, value.ptr, value.len);
	}
	buf_add_char(headers, ']');
	buf_release(&value);
	if (h->text)
		system_template_add(h->text, v, body);
	if (!h->json)
		return;
	struct system_held scratch = {.system = *s};
	struct faults ignored = {0};
	struct maker m = {&scratch, &ignored};
	cJSON *filled = fill_tree(h->json, &m, v);
	char *print = json_print(filled);
	buf_add_text(body, print);
	free(print);
	cJSON_Delete(filled);
	for (size_t i = 0; i < scratch.n_owned; i++)
		free(scratch.owned[i]);
	free(scratch.owned);
	faults_release(&ignored);
}
