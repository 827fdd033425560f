/* SPDX-License-Identifier: MIT */
/* The flow as a whole: parsing in one pass that reports every fault, and the answers the
 * front asks for. Nothing here compiles jq except flow_check_expressions. */
#include "flow/flow.h"

#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/document.h"
#include "flow/jq.h"
#include "flow/sender.h"
#include "flow/system.h"

#include <stdlib.h>
#include <string.h>

static const char *name_refused(const char *name)
{
	for (const char *p = name; *p; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
		    (p > name && (*p == '_' || *p == '-')))
			continue;
		return "is no name of a flow: lower-case letters, digits, hyphens and underscores, "
		       "starting with a letter or digit";
	}
	return NULL;
}

const struct param flow_params[] = {
	{.name = "$schema", .type = PARAM_TEXT, .text = "For editors; not read."},
	{.name = "name", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 64,
	 .refuse = name_refused, .pattern = "^[a-z0-9][a-z0-9_-]{0,63}$",
	 .text = "The name by which commands and URLs know the flow."},
	{.name = "title", .type = PARAM_TEXT, .max = 200, .text = "A label for people."},
	{.name = "description", .type = PARAM_TEXT, .max = 10000, .text = "What it is for."},
	{.name = "webhook", .type = PARAM_OBJECT, .flags = PARAM_REQUIRED,
	 .members = webhook_params, .text = "What starts the flow."},
	{.name = "steps", .type = PARAM_STEPS, .flags = PARAM_REQUIRED,
	 .text = "What is done, in order."},
	{.name = "on_error", .type = PARAM_STEPS,
	 .text = "What is done when a run fails; may reply. .steps.error says what went wrong."},
	{0},
};

void *flow_own(struct flow *f, void *take)
{
	f->owned = mem_resize(f->owned, f->n_owned + 1, sizeof(*f->owned));
	return f->owned[f->n_owned++] = take;
}

static void mark_effects(struct flow *f)
{
	bool after = false;

	for (size_t i = f->n_all; i-- > 0;) {
		struct step *s = f->all[i];
		s->effects_after = after;
		s->effects_within = s->type && s->type->effects;
		for (size_t k = 1; k <= s->n_inner; k++)
			s->effects_within = s->effects_within || f->all[i + k]->effects_within;
		after = after || (s->type && s->type->effects);
		/* What stands above in a loop comes after, in the next round. */
		bool again = s->type && s->type->way == WAY_LOOPS && s->effects_within;
		for (size_t k = 1; again && k <= s->n_inner; k++)
			f->all[i + k]->effects_after = true;
	}
}

static void check_types(struct flow *f, struct faults *faults)
{
	for (size_t i = 0; i < f->n_all; i++) {
		const struct step_type *type = f->all[i]->type;
		if (type && type->check)
			type->check(f->all[i], faults);
		if (type && type->check_in)
			type->check_in(f->all[i], f, faults);
	}
}

static void parse(struct flow *f, struct faults *faults)
{
	struct reader r = {.faults = faults, .program = f->program};

	if (!cJSON_IsObject(f->json)) {
		fault_at(faults, NULL, "a flow is an object: {\"name\": ..., \"webhook\": ..., "
			 "\"steps\": [...]}");
		return;
	}
	param_unknown(&r, NULL, f->json, flow_params, NULL);
	param_read(&r, NULL, f->json, flow_params, &f->args);
	f->all = r.steps;
	f->n_all = r.n_steps;
	f->steps = arg_find(&f->args, "steps")->steps;
	f->on_error = arg_find(&f->args, "on_error")->steps;
	const struct args *webhook = arg_object(&f->args, "webhook");
	if (webhook)
		webhook_read(f, webhook, faults);
	mark_effects(f);
	check_types(f, faults);
	check_steps(f, faults);
}

int flow_parse(const char *text, size_t len, struct flow **out, struct faults *faults)
{
	struct flow *f = mem_new(sizeof(*f));
	struct err err;

	*out = NULL;
	*faults = (struct faults){0};
	f->program = program_new();
	f->json = json_parse(text, len, &err);
	if (f->json)
		parse(f, faults);
	else
		fault_at(faults, NULL, "%s", err.text);
	if (faults->errors) {
		flow_free(f);
		return -1;
	}
	*out = f;
	return 0;
}

void flow_free(struct flow *f)
{
	if (!f)
		return;
	redact_release(f);
	args_release(&f->args);
	free(f->all);
	for (size_t i = 0; i < f->n_owned; i++)
		free(f->owned[i]);
	free(f->owned);
	program_free(f->program);
	cJSON_Delete(f->json);
	system_drop(f->system);
	free(f);
}

/* ---- flow_check_expressions ---- */

struct expressions {
	struct faults *faults;
	size_t found;
};

/* Compiles one node alone; where it fails, its parts, so that the fault stands at the very
 * string. Slow (30 ms each), but only once something is known to be wrong. */
static void find_faulty(struct expressions *x, const struct where *at, const char *pointer,
			const cJSON *node)
{
	struct program *program = program_new();
	size_t before = x->found, i = 0;
	const cJSON *item;
	struct err err;

	/* The flags only matter for what flow_parse has accepted already. */
	struct value *v = value_compile(node, program, VALUE_SECRETS, &err);
	if (!v || program_compile(program, &err) < 0) {
		cJSON_ArrayForEach(item, node) {
			struct where here = {at, cJSON_IsObject(node) ? item->string : NULL, i++};
			find_faulty(x, &here, pointer, item);
		}
		if (x->found == before) {
			char *below = where_pointer(at);
			char *whole = mem_format("%s%s", pointer, below);
			fault_add(x->faults, whole, NULL, "%s", err.text);
			x->found++;
			free(below);
			free(whole);
		}
	}
	value_free(v);
	program_free(program);
}

static void find_in_args(struct expressions *x, const struct args *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct arg *one = &a->list[i];
		if (one->value || one->n_headers)
			find_faulty(x, NULL, one->pointer, one->node);
		for (size_t k = 0; k < one->n_items; k++)
			find_in_args(x, &one->items[k]);
	}
}

int flow_check_expressions(struct flow *f, struct faults *faults)
{
	struct expressions x = {.faults = faults};
	struct err err;

	if (program_compile(f->program, &err) == 0)
		return 0;
	for (size_t i = 0; i < f->n_all; i++)
		find_in_args(&x, &f->all[i]->args);
	if (!x.found)
		fault_add(faults, "", NULL, "%s", err.text);
	return -1;
}

/* ---- what the front asks ---- */

static const char *const method_names[] = {"GET", "POST", "DELETE", "PATCH", "PUT", "HEAD",
					   "OPTIONS"};

unsigned flow_method_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(method_names); i++) {
		if (strcmp(method_names[i], name) == 0)
			return 1u << i;
	}
	return 0;
}

const char *flow_method_name(unsigned bit)
{
	for (size_t i = 0; i < ARRAY_LEN(method_names); i++) {
		if (bit == 1u << i)
			return method_names[i];
	}
	return NULL;
}

void flow_methods_add(unsigned methods, struct buf *out)
{
	const char *between = "";

	for (unsigned bit = FLOW_GET; bit <= FLOW_OPTIONS; bit <<= 1) {
		if (!(methods & bit))
			continue;
		buf_addf(out, "%s%s", between, flow_method_name(bit));
		between = ", ";
	}
}

const char *flow_name(const struct flow *f)
{
	return arg_text(&f->args, "name");
}

const char *flow_title(const struct flow *f)
{
	const char *title = arg_text(&f->args, "title");

	return title && *title ? title : flow_name(f);
}

const struct flow_webhook *flow_webhook(const struct flow *f)
{
	return &f->webhook;
}

const struct system *flow_system(const struct flow *f)
{
	return f->system;
}

bool flow_has_effects(const struct flow *f)
{
	for (size_t i = 0; i < f->n_all; i++) {
		if (f->all[i]->type->effects)
			return true;
	}
	return false;
}

static int key_of(const struct value *key, const struct scope_event *event, struct buf *out,
		  struct err *err)
{
	struct buf json = BUF_INIT;
	struct scope *scope = scope_new(event);
	int rc = value_json(key, scope, NULL, &json, err);
	struct slice value = buf_slice(&json);

	if (rc > 0 && jsontext_kind(value) == JSONTEXT_NULL)
		rc = 0;
	if (rc > 0)
		jsontext_text(value, out);
	scope_free(scope);
	buf_release(&json);
	return rc;
}

int flow_order_key(const struct flow *f, const struct scope_event *event, struct buf *out,
		   struct err *err)
{
	size_t start = out->len;
	int rc = f->order_key ? key_of(f->order_key, event, out, err) : 0;

	if (rc < 0)
		err_within(err, "webhook: order_by: ");
	/* The store keeps it as text, which ends at a NUL. */
	if (rc > 0 && (out->len - start > FLOW_ORDER_KEY_MAX || memchr(out->ptr + start, '\0', out->len - start))) {
		char hex[65];
		crypto_sha256_hex((struct slice){out->ptr + start, out->len - start}, hex);
		out->len = start;
		buf_add_text(out, hex);
	}
	return rc;
}

int flow_dedupe_key(const struct flow *f, const struct scope_event *event, struct buf *out,
		    struct err *err)
{
	if (!f->dedupe_key) {
		char hex[65];
		if (sender_key(f->system, event, out) > 0)
			return 1;
		if (f->dedupe_by_system)
			return 0;
		crypto_sha256_hex(event->body, hex);
		buf_add_text(out, hex);
		return 1;
	}
	int rc = key_of(f->dedupe_key, event, out, err);

	if (rc < 0)
		err_within(err, "webhook: dedupe: key: ");
	return rc;
}

void flow_suffix_shape(const char *suffix, struct buf *out)
{
	bool inside = false;

	for (; *suffix; suffix++) {
		if (*suffix == '}')
			inside = false;
		if (!inside)
			buf_add_char(out, *suffix);
		if (*suffix == '{')
			inside = true;
	}
}
