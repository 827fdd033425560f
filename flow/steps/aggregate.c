/* SPDX-License-Identifier: MIT */
/* aggregate: counts, adds up and collects over a list, as a whole or group by group. Groups
 * stand in the order of their first item. */
#include "flow/walk.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/number.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

enum op { OP_COUNT, OP_SUM, OP_MIN, OP_MAX, OP_AVG, OP_JOIN, OP_COLLECT, OP_FIRST, OP_LAST };
static const char *const ops[] = {"count", "sum", "min", "max", "avg", "join", "collect", "first",
				  "last", NULL};

static const char *name_refused(const char *name)
{
	return strcmp(name, "key") == 0 ? "is the group's own: take another name" : NULL;
}

static const struct param value_params[] = {
	{.name = "op", .type = PARAM_CHOICE, .flags = PARAM_REQUIRED, .choices = ops,
	 .text = "What becomes of the values: count, sum, min, max, avg, join (texts to one), "
		 "collect (to a list), first or last."},
	{.name = "of", .type = PARAM_VALUE, .flags = PARAM_ITEM,
	 .text = "The value of one item; null and empty count for nothing. Default: the item."},
	{.name = "separator", .type = PARAM_TEXT, .fallback = ", ",
	 .text = "What join puts between."},
	{0},
};

static const struct param params[] = {
	{.name = "items", .type = PARAM_VALUE, .flags = PARAM_REQUIRED, .text = "The list."},
	{.name = "group_by", .type = PARAM_VALUE, .flags = PARAM_ITEM,
	 .text = "To which group an item belongs; empty: to none. Without it the list is one, and "
		 "the output one object."},
	{.name = "values", .type = PARAM_NAMED, .flags = PARAM_REQUIRED, .members = value_params,
	 .refuse = name_refused, .text = "What is made of each group, by name."},
	{0},
};

/* One value of one group in the making. */
struct sum {
	int64_t n;
	double number;
	struct buf text; /* min, max, first, last: the JSON; join: the text; collect: items */
};

struct group {
	struct buf key; /* compact JSON, as it is compared */
	struct sum *sums;
};

struct work {
	struct walk *w;
	const struct step *s;
	const struct arg *values;
	struct group **groups;
	size_t n_groups;
	void *tree; /* of the same groups, by key: cannot be made slow by chosen keys */
};

static enum op op_of(const struct args *value)
{
	const char *word = arg_text(value, "op");
	int i = 0;

	while (strcmp(ops[i], word) != 0)
		i++;
	return (enum op)i;
}

static int compare_groups(const void *a, const void *b)
{
	const struct buf *x = &((const struct group *)a)->key, *y = &((const struct group *)b)->key;
	int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* The group of a key, which is new if it must be. */
static struct group *group_get(struct work *k, struct slice key)
{
	struct group *g = mem_new(sizeof(*g));

	buf_init(&g->key);
	jsontext_compact(key, &g->key);
	struct group **found = tsearch(g, &k->tree, compare_groups);
	if (!found)
		abort(); /* out of memory, as everywhere */
	if (*found != g) {
		buf_release(&g->key);
		free(g);
		return *found;
	}
	g->sums = mem_array(k->values->n_items + 1, sizeof(*g->sums));
	for (size_t i = 0; i < k->values->n_items; i++)
		buf_init(&g->sums[i].text);
	/* Doubling, by hand. */
	if ((k->n_groups & (k->n_groups - 1)) == 0)
		k->groups = mem_resize(k->groups, k->n_groups ? k->n_groups * 2 : 1, sizeof(*k->groups));
	k->groups[k->n_groups++] = g;
	return g;
}

static void keep_node(void *node)
{
	(void)node; /* the groups are freed by their list */
}

static void work_release(struct work *k)
{
	for (size_t i = 0; i < k->n_groups; i++) {
		for (size_t v = 0; v < k->values->n_items; v++)
			buf_release(&k->groups[i]->sums[v].text);
		buf_release(&k->groups[i]->key);
		free(k->groups[i]->sums);
		free(k->groups[i]);
	}
	free(k->groups);
	tdestroy(k->tree, keep_node);
}

/* ---- one value ---- */

static int wrong_kind(const char *name, enum op op, struct slice value, struct err *err)
{
	return err_set(err, ERR_INVALID, "values: %s: %s takes %s, not %s %.*s", name, ops[op],
		       op == OP_MIN || op == OP_MAX ? "numbers or texts, of one kind" : "numbers",
		       jsontext_kind_name(jsontext_kind(value)),
		       (int)(value.len > 40 ? 40 : value.len), value.ptr);
}

static void replace(struct buf *text, struct slice value)
{
	buf_clear(text);
	jsontext_compact(value, text);
}

/* Is a smaller than b? Both are numbers, or both texts. */
static bool smaller(struct slice a, struct slice b)
{
	if (jsontext_kind(a) == JSONTEXT_NUMBER)
		return number_read(a) < number_read(b);
	struct group x = {.key = BUF_INIT}, y = {.key = BUF_INIT};
	jsontext_text(a, &x.key);
	jsontext_text(b, &y.key);
	bool less = compare_groups(&x, &y) < 0;
	buf_release(&x.key);
	buf_release(&y.key);
	return less;
}

static int add_extreme(struct sum *sum, enum op op, const char *name, struct slice value,
		       struct err *err)
{
	enum jsontext_kind kind = jsontext_kind(value);
	struct slice best = buf_slice(&sum->text);

	if ((kind != JSONTEXT_NUMBER && kind != JSONTEXT_STRING) ||
	    (sum->n && kind != jsontext_kind(best)))
		return wrong_kind(name, op, value, err);
	if (!sum->n || (op == OP_MIN ? smaller(value, best) : smaller(best, value)))
		replace(&sum->text, value);
	return 0;
}

static int add_value(struct sum *sum, const struct args *of, const char *name, struct slice value,
		     struct err *err)
{
	enum op op = op_of(of);

	switch (op) {
	case OP_COUNT: break;
	case OP_SUM:
	case OP_AVG:
		if (jsontext_kind(value) != JSONTEXT_NUMBER)
			return wrong_kind(name, op, value, err);
		sum->number += number_read(value);
		break;
	case OP_MIN:
	case OP_MAX:
		if (add_extreme(sum, op, name, value, err) < 0)
			return -1;
		break;
	case OP_JOIN:
		if (sum->n)
			buf_add_text(&sum->text, arg_text(of, "separator"));
		jsontext_text(value, &sum->text);
		break;
	case OP_COLLECT:
		if (sum->n)
			buf_add_char(&sum->text, ',');
		buf_add_slice(&sum->text, value);
		break;
	case OP_FIRST:
		if (!sum->n)
			replace(&sum->text, value);
		break;
	case OP_LAST: replace(&sum->text, value); break;
	}
	sum->n++;
	return 0;
}

static void write_value(const struct sum *sum, enum op op, struct buf *out)
{
	switch (op) {
	case OP_COUNT: buf_addf(out, "%lld", (long long)sum->n); break;
	case OP_SUM: number_write(sum->number, out); break;
	case OP_AVG:
		if (sum->n)
			number_write(sum->number / (double)sum->n, out);
		else
			buf_add_text(out, "null");
		break;
	case OP_JOIN: buf_add_json_text(out, sum->text.ptr, sum->text.len); break;
	case OP_COLLECT: buf_addf(out, "[%s]", sum->text.ptr); break;
	case OP_MIN:
	case OP_MAX:
	case OP_FIRST:
	case OP_LAST: buf_add_text(out, sum->n ? sum->text.ptr : "null"); break;
	}
}

/* ---- the list ---- */

static const char *value_name(const struct work *k, size_t i)
{
	const cJSON *member = k->values->node->child;

	while (i--)
		member = member->next;
	return member->string;
}

static int add_item(struct work *k, struct slice item, struct err *err)
{
	struct buf json = BUF_INIT;
	struct slice whole = {"null", 4};
	int rc = 1;

	if (arg_given(&k->s->args, "group_by")) {
		rc = walk_json(k->w, &k->s->args, "group_by", &json, err);
		whole = jsontext_trim(buf_slice(&json));
	}
	struct group *g = rc > 0 ? group_get(k, whole) : NULL;
	for (size_t i = 0; g && rc >= 0 && i < k->values->n_items; i++) {
		const struct args *value = &k->values->items[i];
		buf_clear(&json);
		rc = arg_given(value, "of") ? walk_json(k->w, value, "of", &json, err) : 1;
		if (rc < 0)
			break;
		struct slice v = arg_given(value, "of") ? jsontext_trim(buf_slice(&json)) : item;
		if (rc > 0 && jsontext_kind(v) != JSONTEXT_NULL)
			rc = add_value(&g->sums[i], value, value_name(k, i), v, err);
	}
	buf_release(&json);
	return rc < 0 ? -1 : 0;
}

static void write_group(const struct work *k, const struct group *g, bool keyed, struct buf *out)
{
	buf_add_char(out, '{');
	if (keyed)
		buf_addf(out, "\"key\":%s", g->key.ptr);
	for (size_t i = 0; i < k->values->n_items; i++) {
		const char *name = value_name(k, i);
		if (i || keyed)
			buf_add_char(out, ',');
		buf_add_json_text(out, name, strlen(name));
		buf_add_char(out, ':');
		write_value(&g->sums[i], op_of(&k->values->items[i]), out);
	}
	buf_add_char(out, '}');
}

static void write_output(struct work *k, struct buf *output)
{
	if (!arg_given(&k->s->args, "group_by")) {
		write_group(k, group_get(k, (struct slice){"null", 4}), false, output);
		return;
	}
	buf_add_char(output, '[');
	for (size_t i = 0; i < k->n_groups; i++) {
		if (i)
			buf_add_char(output, ',');
		write_group(k, k->groups[i], true, output);
	}
	buf_add_char(output, ']');
}

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	struct work k = {.w = w, .s = s, .values = arg_find(&s->args, "values")};
	struct buf list = BUF_INIT;
	struct jsontext_walk item;
	int rc = walk_json(w, &s->args, "items", &list, err);

	struct slice json = rc > 0 ? jsontext_trim(buf_slice(&list)) : (struct slice){"null", 4};
	if (rc >= 0 && jsontext_kind(json) != JSONTEXT_ARRAY) {
		err_set(err, ERR_INVALID, "it must be a list, not %s; where it may be missing write "
			"{{ ... // [] }}", rc ? jsontext_kind_name(jsontext_kind(json)) : "empty");
		rc = walk_refuse(w, &s->args, "items", err);
	}
	if (rc >= 0) {
		walk_loop_enter(w);
		jsontext_walk_start(&item, json);
		for (int64_t i = 0; rc >= 0 && jsontext_walk_next(&item); i++) {
			walk_loop_item(w, item.value, i);
			rc = add_item(&k, item.value, err);
			if (rc < 0)
				err_within(err, "item %lld: ", (long long)i);
		}
		walk_loop_leave(w, s);
	}
	if (rc >= 0)
		write_output(&k, output);
	work_release(&k);
	buf_release(&list);
	return rc < 0 ? STEP_FAILED : STEP_NEXT;
}

static void check(const struct step *s, struct faults *faults)
{
	const struct arg *items = arg_find(&s->args, "items");

	if (items->node && !cJSON_IsArray(items->node) && !cJSON_IsString(items->node))
		fault_add(faults, items->pointer, NULL,
			  "\"items\" must be a list, or an expression that gives one");
}

extern const struct step_type step_aggregate;
const struct step_type step_aggregate = {
	.name = "aggregate",
	.text = "Counts, adds up and collects over a list, as a whole or by groups.",
	.params = params,
	.check = check,
	.run = run,
};
