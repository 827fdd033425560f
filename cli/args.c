/* SPDX-License-Identifier: MIT */
/* The command line. Two passes are not needed: which options take values is known before the
 * first is read. */
#include "cli/args.h"

#include "common/mem.h"
#include "common/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct option *option_find(const struct option *const *lists, const char *name, size_t len)
{
	for (; *lists; lists++)
		for (const struct option *o = *lists; o->name; o++)
			if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
				return o;
	return NULL;
}

static int refuse_unknown(const struct option *const *lists, const char *arg, struct err *err)
{
	size_t dashes = strspn(arg, "-"), len = strcspn(arg + dashes, "=");
	char *name = mem_dup_len(arg + dashes, len);
	struct nearest near = {.word = name};

	for (; *lists; lists++)
		for (const struct option *o = *lists; o->name; o++)
			nearest_offer(&near, o->name);
	if (near.best)
		err_set(err, ERR_INVALID, "there is no option %.*s%.60s; did you mean --%s?",
			(int)(dashes > 2 ? 2 : dashes), arg, name, near.best);
	else
		err_set(err, ERR_INVALID, "there is no option %.*s%.60s", (int)(dashes > 2 ? 2 : dashes),
			arg, name);
	free(name);
	return -1;
}

/* One option, at argv[*i]; *i moves on over a value that stands apart. */
static int read_option(struct given *out, const struct option *const *lists, int argc, char **argv,
		       int *i, struct err *err)
{
	const char *arg = argv[*i], *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	const struct option *o = strncmp(arg, "--", 2) == 0 ? option_find(lists, arg + 2, len - 2) : NULL;

	if (!o)
		return refuse_unknown(lists, arg, err);
	*out = (struct given){o, equals ? equals + 1 : NULL};
	if (!o->value)
		return equals ? err_set(err, ERR_INVALID, "--%s takes no value", o->name) : 0;
	if (equals)
		return 0;
	/* "--since --until 2h" is a forgotten value more often than one that looks like this. */
	if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
		return err_set(err, ERR_INVALID, "--%s needs a value: --%s %s", o->name, o->name,
			       o->value);
	out->value = argv[++*i];
	return 0;
}

static bool is_option(const char *arg)
{
	return arg[0] == '-' && arg[1] != '\0';
}

int args_parse(struct args *a, const struct option *const *lists, int argc, char **argv,
	       struct err *err)
{
	const char **words = mem_array((size_t)argc + 1, sizeof(*words));
	struct given *given = mem_array((size_t)argc + 1, sizeof(*given));
	bool only_words = false;
	int rc = 0;

	*a = (struct args){.words = words, .given = given};
	for (int i = 0; i < argc && rc == 0; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
			continue;
		}
		if (only_words || !is_option(argv[i])) {
			words[a->n_words++] = argv[i];
			continue;
		}
		struct given *g = &given[a->n_given];
		rc = read_option(g, lists, argc, argv, &i, err);
		if (rc == 0 && !g->option->repeats && args_has(a, g->option->name))
			rc = err_set(err, ERR_INVALID, "--%s stands twice: which one is meant?",
				     g->option->name);
		if (rc == 0)
			a->n_given++;
	}
	if (rc < 0)
		args_done(a);
	return rc;
}

void args_done(struct args *a)
{
	free((void *)a->words);
	free((void *)a->given);
	*a = (struct args){0};
}

bool args_has(const struct args *a, const char *name)
{
	for (size_t i = 0; i < a->n_given; i++)
		if (strcmp(a->given[i].option->name, name) == 0)
			return true;
	return false;
}

const char *args_next(const struct args *a, const char *name, size_t *at)
{
	while (*at < a->n_given) {
		const struct given *g = &a->given[(*at)++];
		if (strcmp(g->option->name, name) == 0)
			return g->value;
	}
	return NULL;
}

const char *args_value(const struct args *a, const char *name, const char *fallback)
{
	size_t at = 0;
	const char *value = args_next(a, name, &at);

	return value ? value : fallback;
}

static int whole_number(const char *text, int64_t *out, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return 0;
	errno = 0;
	*out = strtoll(text, &end, 10);
	*rest = end;
	return errno == 0;
}

int args_number(const struct args *a, const char *name, int64_t min, int64_t max, int64_t *out,
		struct err *err)
{
	const char *text = args_value(a, name, NULL), *rest;
	int64_t n;

	if (!text)
		return 0;
	if (!whole_number(text, &n, &rest) || *rest || n < min || n > max)
		return err_set(err, ERR_INVALID,
			       "--%s must be a whole number from %" PRId64 " to %" PRId64
			       "; it cannot be \"%.40s\"", name, min, max, text);
	*out = n;
	return 1;
}

int args_id(const char *word, int64_t *out, struct err *err)
{
	const char *rest;

	if (whole_number(word, out, &rest) && !*rest && *out > 0)
		return 0;
	return err_set(err, ERR_INVALID, "\"%.40s\" is no event id: ids are numbers such as 1042", word);
}

int args_rate(const struct args *a, const char *name, int *per_second, struct err *err)
{
	const char *text = args_value(a, name, NULL), *rest = "";
	int64_t n = 0;

	if (!text)
		return 0;
	bool number = whole_number(text, &n, &rest) && n > 0 && n <= 1000000000;
	int64_t rate = strcmp(rest, "/m") == 0 ? (n + 59) / 60 : n;
	if (!number || rate > 1000000 || (*rest && strcmp(rest, "/s") != 0 && strcmp(rest, "/m") != 0))
		return err_set(err, ERR_INVALID, "--%s is how many events in what time, such as 50/s "
						 "or 600/m; it cannot be \"%.40s\"", name, text);
	*per_second = (int)rate;
	return 1;
}

int args_words(const struct args *a, size_t min, size_t max, const char *what, struct err *err)
{
	if (a->n_words < min)
		return err_set(err, ERR_INVALID, "%s is missing", what);
	if (a->n_words > max)
		return err_set(err, ERR_INVALID, "\"%.60s\" is one word too many", a->words[max]);
	return 0;
}
