/* SPDX-License-Identifier: MIT */
/* The webhook of a flow: its declarations, what they cannot say, and the struct the front
 * reads. Words of the design that come later are refused, so that none is silently ignored. */
#include "flow/document.h"

#include "common/mem.h"
#include "flow/auth_system.h"
#include "common/header.h"
#include "flow/system.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS 86400000LL

/* ---- what the declarations call back ---- */

static const char *system_refused(const char *name)
{
	for (const char *p = name; *p; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
		    (p > name && (*p == '_' || *p == '-')))
			continue;
		return "is no name of a system: lower-case letters, digits, hyphens and "
		       "underscores; \"generic\" is any system";
	}
	return NULL;
}

/* One {name} part: where it ends, or NULL. */
static const char *suffix_part_end(const char *p)
{
	if (p[1] != '_' && !(p[1] >= 'a' && p[1] <= 'z') && !(p[1] >= 'A' && p[1] <= 'Z'))
		return NULL;
	for (p++; *p && *p != '}'; p++) {
		if (*p != '_' && !(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
		    !(*p >= '0' && *p <= '9'))
			return NULL;
	}
	return *p == '}' ? p : NULL;
}

static const char *suffix_chars_refused(const char *suffix)
{
	for (const char *p = suffix; *p; p++) {
		if (*p == '/' || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || strchr("._~-", *p))
			continue;
		if (*p == ' ' || *p == '\t')
			return "contains a space; use hyphens or underscores instead, "
			       "e.g. /item-updated";
		if (*p == '?' || *p == '#')
			return "holds a query; the suffix is the path only, the query arrives as "
			       ".query";
		const char *end = *p == '{' ? suffix_part_end(p) : NULL;
		if (!end && (*p == '{' || *p == '}'))
			return "has a faulty {name} part; use letters, digits and underscores";
		if (!end)
			return "has a character that does not belong in a URL suffix: letters, "
			       "digits, . _ ~ - and {name} parts";
		if (p[-1] != '/' || (end[1] && end[1] != '/'))
			return "has a {name} part beside other text; it must fill the whole part "
			       "between two slashes";
		p = end;
	}
	return NULL;
}

/* Whether a {name} stands twice: .path could only show one of them. */
static bool suffix_repeats(const char *suffix)
{
	for (const char *a = strchr(suffix, '{'); a; a = strchr(a + 1, '{')) {
		size_t len = strcspn(a, "}");
		if (!a[len++])
			return false; /* never closed: told elsewhere */
		for (const char *b = a + len; (b = strchr(b, '{')) != NULL; b++)
			if (strncmp(a, b, len) == 0)
				return true;
	}
	return false;
}

static const char *suffix_refused(const char *suffix)
{
	const char *p;

	if (strchr(suffix, ' '))
		return suffix_chars_refused(strchr(suffix, ' '));
	if (suffix[0] != '/')
		return "must start with a slash, e.g. /orders";
	if (!suffix[1])
		return "is only a slash; give it a name, e.g. /orders";
	if (strstr(suffix, "//") || suffix[strlen(suffix) - 1] == '/')
		return "has an empty part; leave out the slash too many";
	for (p = suffix; (p = strstr(p, "/.")); p++) {
		size_t n = strcspn(p + 1, "/");
		if (n == 1 || (n == 2 && p[2] == '.'))
			return "has a part \".\" or \"..\", which a client removes on the way";
	}
	if (suffix_repeats(suffix))
		return "has the same {name} part twice; give each its own name, since .path shows it by "
		       "that name";
	return suffix_chars_refused(suffix);
}

/* ---- the declarations ---- */

static const char *const method_words[] = {"GET", "POST", "DELETE", "PATCH", "PUT", "HEAD",
					   "OPTIONS", NULL};
static const char *const reply_words[] = {"accepted", "response", NULL};
static const char *const mismatch_words[] = {"ignore", "warn", "reject", NULL};
static const char *const record_words[] = {"all", "errors", "none", NULL};

static const struct param expected_params[] = {
	{.name = "headers", .type = PARAM_MAP, .text = "Headers the caller sends, with samples."},
	{.name = "query", .type = PARAM_MAP, .text = "Query parameters, with samples."},
	{.name = "body", .type = PARAM_ANY, .text = "A sample of the body."},
	{.name = "mismatch", .type = PARAM_CHOICE, .choices = mismatch_words, .fallback = "ignore",
	 .text = "What happens to data of another shape: nothing, a warning kept with the event, or "
		 "400 with the list of differences."},
	{0},
};

static const struct param dedupe_params[] = {
	{.name = "key", .type = PARAM_TEXT_VALUE, .flags = PARAM_PLAIN,
	 .text = "A plain path to what tells two deliveries apart, e.g. "
		 "{{ .headers[\"x-delivery\"] }}; without it, the digest of the body."},
	{.name = "window_ms", .type = PARAM_MS, .min = 1000, .max = 90 * DAY_MS,
	 .fallback = "86400000", .text = "How long a delivery is remembered."},
	{0},
};

static const struct param retry_params[] = {
	{.name = "attempts", .type = PARAM_INT, .min = 1, .max = 100,
	 .text = "Runs in all, the first included. Default 3; 1 where the reply is \"response\"."},
	{.name = "first_ms", .type = PARAM_MS, .min = 0, .max = DAY_MS, .fallback = "1000",
	 .text = "The pause before the second run."},
	{.name = "factor", .type = PARAM_NUMBER, .min = 1, .max = 100, .fallback = "2",
	 .text = "By how much each pause is longer than the one before."},
	{.name = "max_ms", .type = PARAM_MS, .min = 0, .max = 7 * DAY_MS, .fallback = "60000",
	 .text = "The longest pause."},
	{.name = "jitter", .type = PARAM_NUMBER, .min = 0, .max = 1, .fallback = "0.2",
	 .text = "The share of a pause that is left to chance."},
	{.name = "max_age_ms", .type = PARAM_MS, .min = 0, .max = 90 * DAY_MS, .fallback = "0",
	 .text = "How long after arrival a run may still be tried; 0: no limit."},
	{0},
};

const struct param webhook_params[] = {
	{.name = "system", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 64,
	 .refuse = system_refused, .pattern = "^[a-z0-9][a-z0-9_-]*$",
	 .text = "The system that sends, e.g. \"github\"; \"generic\" for any other."},
	{.name = "name", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 200,
	 .text = "A label for people."},
	{.name = "url_suffix", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 500,
	 .refuse = suffix_refused, .pattern = "^/[^ ]+$",
	 .text = "The path after the base URL, e.g. /orders or /orders/{id}."},
	{.name = "methods", .type = PARAM_WORDS, .flags = PARAM_REQUIRED, .choices = method_words,
	 .text = "The HTTP methods that are let in, e.g. [\"POST\"]."},
	{.name = "authentication", .type = PARAM_KIND, .flags = PARAM_REQUIRED, .kinds = auth_kinds,
	 .text = "How callers prove who they are; {\"type\": \"none\"} lets anybody in."},
	{.name = "expected", .type = PARAM_OBJECT, .members = expected_params,
	 .text = "The shape of the data, for mapping and tests; live data need not match."},
	{.name = "reply", .type = PARAM_CHOICE, .choices = reply_words,
	 .text = "\"accepted\": 202 once the event is stored; \"response\": what the flow's "
		 "webhook_response says. Default: response where there is one."},
	{.name = "deadline_ms", .type = PARAM_MS, .min = 100, .max = 300000, .fallback = "10000",
	 .text = "After how long a waiting caller gets 504 while the run goes on; default: as long as the "
		 "system waits, where that is known."},
	{.name = "max_body_bytes", .type = PARAM_INT, .min = 1, .max = 1073741824,
	 .text = "The largest body; default: the server's limit."},
	{.name = "run_limit_ms", .type = PARAM_MS, .min = 100, .max = DAY_MS,
	 .text = "A run that takes longer is killed; default: the server's limit."},
	{.name = "retry", .type = PARAM_OBJECT, .members = retry_params,
	 .text = "When a failed run is tried again."},
	{.name = "dedupe", .type = PARAM_OBJECT, .flags = PARAM_OR_TRUE, .members = dedupe_params,
	 .text = "A delivery that comes twice runs once; true: known again by the id its system gives it, or "
		 "else by its body; false: never. Default: what the system's file says."},
	{.name = "record", .type = PARAM_CHOICE, .choices = record_words, .fallback = "all",
	 .text = "Of which runs the values of the steps are kept."},
	{.name = "redact", .type = PARAM_OBJECT, .members = redact_params,
	 .text = "What never reaches the disk."},
	{.name = "when", .type = PARAM_OBJECT, .members = when_params,
	 .text = "Overrides rows of the reply table."},
	{.name = "rate_limit", .type = PARAM_OBJECT, .members = rate_limit_params,
	 .text = "How many requests are let in; the others get 429 with Retry-After."},
	{.name = "priority", .type = PARAM_CHOICE, .choices = priority_words, .fallback = "normal",
	 .text = "Among what waits to be run, \"high\" goes first and \"low\" last; replays come after "
		 "all of them."},
	{.name = "concurrency", .type = PARAM_INT, .min = 1, .max = 10000,
	 .text = "At most so many of the flow's events run at once, over all workers; the others wait."},
	{.name = "order_by", .type = PARAM_TEXT_VALUE, .flags = PARAM_PLAIN,
	 .text = "A plain path to a key, e.g. {{ .body.customer }}: events with the same key run one at "
		 "a time, in the order of their arrival."},
	{.name = "on_failure", .type = PARAM_CHOICE, .choices = failure_words, .fallback = "continue",
	 .text = "What a failed event does to those of its key: \"continue\" with the next, or \"stop\" "
		 "until it is replayed or cancelled."},
	{.name = "allow_ips", .type = PARAM_TEXTS,
	 .text = "The only addresses that may call, as ranges: 192.0.2.7, 10.1.0.0/16, 2001:db8::/32."},
	{.name = "cors", .type = PARAM_OBJECT, .members = cors_params,
	 .text = "Which pages in a browser may call and read the answers; without it, none."},
	{0},
};

/* ---- from arguments to the struct ---- */

static bool has_reply_step(const struct flow *f)
{
	for (size_t i = 0; i < f->n_all; i++) {
		if (f->all[i]->type && f->all[i]->type->replies)
			return true;
	}
	return false;
}

static void read_reply(struct flow *f, const struct args *a, struct faults *faults)
{
	const char *word = arg_text(a, "reply");
	bool response = has_reply_step(f);

	f->webhook.reply = response ? REPLY_RESPONSE : REPLY_ACCEPTED;
	if (!word)
		return;
	if (strcmp(word, "response") == 0 && !response)
		fault_add(faults, arg_find(a, "reply")->pointer, NULL,
			  "the reply is \"response\", but no step is a webhook_response; add one, "
			  "or say \"accepted\"");
	if (strcmp(word, "accepted") == 0) {
		f->webhook.reply = REPLY_ACCEPTED;
		if (response)
			warn_add(faults, arg_find(a, "reply")->pointer, NULL,
				 "the caller gets 202 at once; what webhook_response says is only "
				 "recorded");
	}
}

static void read_retry(struct flow *f, const struct args *a)
{
	const struct args *retry = arg_object(a, "retry");
	int attempts = f->webhook.reply == REPLY_RESPONSE ? 1 : 3;

	f->webhook.retry = (struct flow_retry){attempts, 1000, 2, 60000, 0.2, 0};
	if (!retry)
		return;
	if (arg_given(retry, "attempts"))
		attempts = (int)arg_int(retry, "attempts");
	f->webhook.retry = (struct flow_retry){
		.attempts = attempts,
		.first_ms = arg_int(retry, "first_ms"),
		.factor = arg_number(retry, "factor"),
		.max_ms = arg_int(retry, "max_ms"),
		.jitter = arg_number(retry, "jitter"),
		.max_age_ms = arg_int(retry, "max_age_ms"),
	};
}

static void read_dedupe(struct flow *f, const struct args *a)
{
	const struct args *dedupe = arg_object(a, "dedupe");

	f->dedupe_by_system = !arg_given(a, "dedupe") && f->system && f->system->dedupe;
	f->webhook.dedupe = dedupe || cJSON_IsTrue(arg_find(a, "dedupe")->node) || f->dedupe_by_system;
	f->webhook.dedupe_window_ms = dedupe ? arg_int(dedupe, "window_ms") : DAY_MS;
	f->dedupe_key = dedupe ? arg_find(dedupe, "key")->value : NULL;
}

void webhook_read(struct flow *f, const struct args *a, struct faults *faults)
{
	struct flow_webhook *w = &f->webhook;
	const struct args *expected = arg_object(a, "expected");
	const cJSON *item;

	auth_system_find(f, a, faults);
	w->system = arg_text(a, "system");
	w->name = arg_text(a, "name");
	w->url_suffix = arg_text(a, "url_suffix");
	cJSON_ArrayForEach(item, arg_find(a, "methods")->node) {
		if (cJSON_IsString(item))
			w->methods |= flow_method_find(item->valuestring);
	}
	auth_read(f, arg_find(a, "authentication"), faults);
	const char *mismatch = expected ? arg_text(expected, "mismatch") : "ignore";
	w->mismatch = strcmp(mismatch, "reject") == 0 ? MISMATCH_REJECT
		      : strcmp(mismatch, "warn") == 0 ? MISMATCH_WARN : MISMATCH_IGNORE;
	read_reply(f, a, faults);
	w->deadline_ms = arg_int(a, "deadline_ms");
	if (!arg_given(a, "deadline_ms") && f->system && f->system->reply_deadline_ms)
		w->deadline_ms = f->system->reply_deadline_ms;
	w->accepted_status = f->system ? f->system->reply_status : 202;
	w->max_body_bytes = (size_t)arg_int(a, "max_body_bytes");
	w->run_limit_ms = arg_int(a, "run_limit_ms");
	read_retry(f, a);
	read_dedupe(f, a);
	const char *record = arg_text(a, "record");
	w->record = strcmp(record, "none") == 0 ? RECORD_NONE
		    : strcmp(record, "errors") == 0 ? RECORD_ERRORS : RECORD_ALL;
	redact_read(f, a);
	control_read(f, a, faults);
	when_read(f, a, faults);
	access_read(f, a, faults);
}
