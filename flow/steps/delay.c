/* SPDX-License-Identifier: MIT */
/* delay: the run waits, as a row of the queue and not as a process. When its time has come the
 * run comes here again, and finds until when it was to wait. */
#include "flow/walk.h"

#include "common/clock.h"
#include "common/jsontext.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_MAX 30
#define MS_MAX (DAYS_MAX * 86400000LL)

static const struct param params[] = {
	{.name = "for_ms", .type = PARAM_VALUE,
	 .text = "For how many milliseconds; at most 30 days."},
	{.name = "until", .type = PARAM_VALUE,
	 .text = "Until this time: ISO 8601 as text, or milliseconds since 1970 as a number. A "
		 "time that is over is no wait."},
	{0},
};

static void check(const struct step *s, struct faults *faults)
{
	const struct arg *for_ms = arg_find(&s->args, "for_ms"), *until = arg_find(&s->args, "until");
	const cJSON *n = for_ms->node;

	if (!n == !until->node)
		fault_add(faults, s->pointer, NULL, "a delay has either \"for_ms\" or \"until\"");
	if (n && !cJSON_IsString(n) &&
	    !(json_is_number(n) && n->valuedouble >= 0 && n->valuedouble <= (double)MS_MAX))
		fault_add(faults, for_ms->pointer, NULL, "\"for_ms\" must be a number of milliseconds "
			  "from 0 to %lld (%d days), or an expression that gives one", MS_MAX,
			  DAYS_MAX);
}

/* A number, or text that is one. */
static int read_number(struct slice json, double *n)
{
	struct buf text = BUF_INIT;
	char *end;

	jsontext_text(json, &text);
	*n = strtod(text.ptr, &end);
	bool fine = text.len && !*end && isfinite(*n) &&
		    strspn(text.ptr, "0123456789+-.eE") == text.len;
	buf_release(&text);
	return fine;
}

static int read_until(struct slice json, int64_t *until, struct err *err)
{
	struct buf text = BUF_INIT;
	double n;
	int rc = 0;

	jsontext_text(json, &text);
	if (jsontext_kind(json) == JSONTEXT_NUMBER && read_number(json, &n))
		*until = n < 0 ? 0 : n > 9e15 ? (int64_t)9e15 : (int64_t)n;
	else if (text.len < 10 || text.ptr[4] != '-' || !clock_parse(text.ptr, 0, until))
		rc = err_set(err, ERR_INVALID, "%.60s is no time; write it as "
			     "2026-11-23T14:02:11Z, or as milliseconds since 1970", text.ptr);
	buf_release(&text);
	return rc;
}

/* Until when, as the parameters say; -1. */
static int64_t decide(struct walk *w, const struct step *s, struct err *err)
{
	const char *name = arg_given(&s->args, "until") ? "until" : "for_ms";
	struct buf json = BUF_INIT;
	int64_t until = 0, now = walk_now(w);
	double n = 0;

	int rc = walk_json(w, &s->args, name, &json, err);
	bool given = rc >= 0;
	struct slice value = rc > 0 ? jsontext_trim(buf_slice(&json)) : (struct slice){"null", 4};
	if (rc == 0)
		rc = err_set(err, ERR_INVALID, "the expression gives nothing");
	else if (rc > 0 && *name == 'u')
		rc = read_until(value, &until, err);
	else if (rc > 0 && (!read_number(value, &n) || n < 0))
		rc = err_set(err, ERR_INVALID, "it must be a number from 0 on, not %.*s",
			     (int)(value.len > 60 ? 60 : value.len), value.ptr);
	else if (rc > 0)
		until = n > (double)MS_MAX ? INT64_MAX : now + (int64_t)n;
	if (rc >= 0 && until > now && until - now > MS_MAX)
		rc = err_set(err, ERR_INVALID, "a run waits at most %d days", DAYS_MAX);
	buf_release(&json);
	if (rc < 0 && given)
		walk_refuse(w, &s->args, name, err);
	return rc < 0 ? -1 : until;
}

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	struct buf note = BUF_INIT;
	struct slice earlier;
	char iso[CLOCK_ISO_SIZE];

	int64_t until = walk_earlier(w, "until", &earlier) ? strtoll(earlier.ptr, NULL, 10)
							   : decide(w, s, err);
	if (until < 0)
		return STEP_FAILED;
	buf_addf(&note, "%lld", (long long)until);
	walk_note(w, "until", buf_slice(&note));
	buf_release(&note);
	buf_addf(output, "{\"until\":\"%s\"}", clock_iso(until, iso));
	return walk_wait(w, until);
}

extern const struct step_type step_delay;
const struct step_type step_delay = {
	.name = "delay",
	.text = "Waits for a while or until a time, up to 30 days.",
	.params = params,
	.waits = true,
	.check = check,
	.run = run,
};
