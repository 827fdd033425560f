/* SPDX-License-Identifier: MIT */
/* Reads lists of steps. A faulty step stays in the list with what could be read of it, so
 * that later checks still know its name and complain of nothing that is there. */
#include "flow/document.h"

#include "common/mem.h"
#include "common/nearest.h"

#include <stdlib.h>
#include <string.h>

static const char *step_name_refused(const char *name)
{
	if (strcmp(name, "error") == 0)
		return "is reserved: .steps.error is what went wrong, inside on_error";
	if (strchr(name, '-'))
		return "has a hyphen, which would be a subtraction in .steps.<name>: "
		       "use an underscore";
	for (const char *p = name; *p; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_' ||
		    (p > name && *p >= '0' && *p <= '9'))
			continue;
		return "may only have letters, digits and underscores, and no digit in front, "
		       "so that .steps.<name> can be written";
	}
	return NULL;
}

static const char *const on_error_words[] = {"fail", "continue", NULL};

static const struct param retry_params[] = {
	{.name = "attempts", .type = PARAM_INT, .min = 1, .max = 10, .fallback = "3",
	 .text = "How often the step is tried in all."},
	{.name = "pause_ms", .type = PARAM_MS, .min = 0, .max = 60000, .fallback = "1000",
	 .text = "The pause before each further try."},
	{.name = "max_pause_ms", .type = PARAM_MS, .min = 0, .max = 60000, .fallback = "10000",
	 .text = "How long a pause the other system may ask for with Retry-After; where it wants "
		 "more, the step gives up."},
	{.name = "statuses", .type = PARAM_STATUSES,
	 .text = "The answers that another try may mend. Default [408, 425, 429, \"500-599\"]."},
	{0},
};

const struct param step_common_params[] = {
	{.name = "name", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 64,
	 .pattern = "^[A-Za-z_][A-Za-z0-9_]*$", .refuse = step_name_refused,
	 .text = "The name by which later steps find its output: .steps.<name>."},
	{.name = "type", .type = PARAM_TEXT, .flags = PARAM_REQUIRED,
	 .text = "What the step does."},
	{.name = "title", .type = PARAM_TEXT, .max = 200, .text = "A label for people."},
	{.name = "on_error", .type = PARAM_STEPS, .choices = on_error_words, .fallback = "fail",
	 .text = "What happens when the step fails: the run fails, the run goes on with "
		 "{\"error\": ...} as the step's output, or these steps run first."},
	{.name = "retry", .type = PARAM_OBJECT, .members = retry_params,
	 .text = "Tries the step again when another system was slow, down or busy."},
	{0},
};

/* A type's declaration ends like this where the type is unknown. */
static const struct param no_params[] = {{0}};

static void read_type(struct reader *r, const struct where *at, const cJSON *node, struct step *s)
{
	const cJSON *type = json_get(node, "type");
	struct where here = {at, "type", 0};
	char hint[128];

	if (!cJSON_IsString(type))
		return; /* step_common_params complains */
	s->type = step_type_find(type->valuestring);
	if (s->type)
		return;
	struct nearest near = {.word = type->valuestring};
	struct buf known = BUF_INIT;
	for (size_t i = 0; steps_table[i]; i++) {
		nearest_offer(&near, steps_table[i]->name);
		buf_addf(&known, "%s%s", i ? ", " : "", steps_table[i]->name);
	}
	fault_at(r->faults, &here, "unknown step type \"%.80s\"%s%s known are: %s",
		 type->valuestring, nearest_hint(&near, hint), near.best ? "" : ";", known.ptr);
	buf_release(&known);
}

static void read_on_error(struct step *s)
{
	const struct arg *a = arg_find(&s->common, "on_error");

	s->on_error_steps = a->steps;
	s->on_error = a->steps ? ON_ERROR_STEPS : ON_ERROR_FAIL;
	if (cJSON_IsString(a->node) && strcmp(a->node->valuestring, "continue") == 0)
		s->on_error = ON_ERROR_CONTINUE;
}

static void read_step(struct reader *r, const struct where *at, const cJSON *node, struct step *s)
{
	s->name = "";
	s->attempts = 1;
	s->number = r->n_steps;
	s->pointer = where_pointer(at);
	r->steps = mem_resize(r->steps, r->n_steps + 1, sizeof(*r->steps));
	r->steps[r->n_steps++] = s;
	if (!cJSON_IsObject(node)) {
		fault_at(r->faults, at, "a step must be an object with a name and a type");
		return;
	}
	read_type(r, at, node, s);
	/* With an unknown type any member may be right. */
	if (s->type)
		param_unknown(r, at, node, step_common_params, s->type->params);
	s->name = json_text(node, "name", "");
	param_read(r, at, node, s->type ? s->type->params : no_params, &s->args);
	s->n_inner = r->n_steps - s->number - 1;
	param_read(r, at, node, step_common_params, &s->common);
	read_on_error(s);
	const struct args *retry = arg_object(&s->common, "retry");
	if (retry) {
		s->attempts = (int)arg_int(retry, "attempts");
		s->pause_ms = arg_int(retry, "pause_ms");
		s->max_pause_ms = arg_int(retry, "max_pause_ms");
		s->retry_statuses = arg_find(retry, "statuses")->node;
	}
}

struct step_list *steps_read(struct reader *r, const struct where *at, const cJSON *node)
{
	struct step_list *steps = mem_new(sizeof(*steps));
	size_t count = (size_t)cJSON_GetArraySize(node), i = 0;
	const cJSON *item;

	if (r->depth >= STEPS_DEPTH_MAX) {
		fault_at(r->faults, at, "steps stand within steps more than %d deep; "
			 "make a branch a flow of its own", STEPS_DEPTH_MAX);
		return steps;
	}
	if (r->n_steps + count > STEPS_MAX) {
		fault_at(r->faults, at, "the flow has more than %d steps", STEPS_MAX);
		return steps;
	}
	r->depth++;
	steps->list = mem_array(count + 1, sizeof(*steps->list));
	cJSON_ArrayForEach(item, node) {
		struct where here = {at, NULL, i};
		steps->count++;
		read_step(r, &here, item, &steps->list[i++]);
	}
	r->depth--;
	return steps;
}

void steps_free(struct step_list *steps)
{
	if (!steps)
		return;
	for (size_t i = 0; i < steps->count; i++) {
		args_release(&steps->list[i].args);
		args_release(&steps->list[i].common);
		free(steps->list[i].pointer);
	}
	free(steps->list);
	free(steps);
}
