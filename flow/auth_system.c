/* SPDX-License-Identifier: MIT */
#include "flow/auth_system.h"

#include "common/mem.h"
#include "common/nearest.h"
#include "flow/secrets.h"
#include "flow/system.h"

#include <string.h>
#include <strings.h>

const struct param auth_system_params[] = {
	{.name = "secret", .type = PARAM_TEXTS, .refuse = secrets_name_refused,
	 .text = "The name of the secret, or a list of names of which any is accepted. It may be left out "
		 "where the system's public key is fetched."},
	{.name = "scheme", .type = PARAM_TEXT, .max = 64,
	 .text = "The one way of several in which the system must prove itself, e.g. \"v3\"."},
	{.name = "tolerance_s", .type = PARAM_INT, .min = 1, .max = 86400,
	 .text = "By how many seconds a signed time may differ from our clock; default: what the system's "
		 "file says."},
	{.name = "settings", .type = PARAM_MAP,
	 .text = "Further values the system's file asks for; of those that are secrets, the name."},
	PARAM_ENFORCE,
	{0},
};

void auth_system_find(struct flow *f, const struct args *webhook, struct faults *faults)
{
	const struct arg *a = arg_find(webhook, "system");
	const char *name = arg_text(webhook, "system");
	char hint[128];
	struct err err;

	if (!name || !cJSON_IsString(a->node) || (a->param->refuse && a->param->refuse(name)))
		return; /* told already */
	int rc = systems_find(name, &f->system, &err);
	if (rc == 0)
		fault_add(faults, a->pointer, NULL, "there is no system \"%.64s\"%s; `ringbolt system list` has "
			  "them all, and \"generic\" is any other sender", name, systems_near(name, hint));
	else if (rc < 0)
		fault_add(faults, a->pointer, NULL, "%s", err.text);
}

static void check_scheme(const struct system *s, const char *scheme, const char *at, struct faults *faults)
{
	struct nearest near = {.word = scheme};
	char hint[128];

	for (size_t i = 0; i < s->n_schemes; i++) {
		if (strcmp(s->schemes[i].name, scheme) == 0)
			return;
		nearest_offer(&near, s->schemes[i].name);
	}
	fault_add(faults, at, "scheme", "system \"%.64s\" has no scheme \"%.64s\"%s", s->name, scheme,
		  nearest_hint(&near, hint));
}

static void check_settings(const struct system *s, const cJSON *map, const char *at, struct faults *faults)
{
	const cJSON *item;
	char hint[128];

	cJSON_ArrayForEach(item, map) {
		struct nearest near = {.word = item->string};
		int i = system_setting_find(s, item->string);
		for (size_t k = 0; k < s->n_settings; k++)
			nearest_offer(&near, s->settings[k].name);
		if (i < 0)
			fault_add(faults, at, "settings", "system \"%.64s\" has no setting \"%.64s\"%s", s->name,
				  item->string, nearest_hint(&near, hint));
		else if (!cJSON_IsString(item) || !*item->valuestring)
			fault_add(faults, at, "settings", "setting \"%.64s\" must be text", item->string);
		else if (s->settings[i].secret && secrets_name_refused(item->valuestring))
			fault_add(faults, at, "settings", "setting \"%.64s\" is a secret, so the name of one stands here; "
				  "\"%.80s\" %s", item->string, item->valuestring,
				  secrets_name_refused(item->valuestring));
	}
}

/* In the order of the system's. */
static void read_settings(struct flow *f, const struct system *s, const cJSON *map, const char *at,
			  struct flow_auth *auth, struct faults *faults)
{
	struct flow_setting *list = flow_own(f, mem_array(s->n_settings + 1, sizeof(*list)));

	check_settings(s, map, at, faults);
	for (size_t i = 0; i < s->n_settings; i++) {
		const struct system_setting *setting = &s->settings[i];
		const char *value = json_text(map, setting->name, setting->secret ? NULL : setting->fallback);
		list[i] = (struct flow_setting){setting->name, value, setting->secret};
		if (!value && setting->required)
			fault_add(faults, at, NULL, "setting \"%.64s\" is missing: %s (\"settings\": {\"%.64s\": "
				  "\"%s\"})", setting->name, setting->title ? setting->title : "the system needs it",
				  setting->name, setting->secret ? "NAME OF SECRET" : "VALUE");
	}
	auth->settings = list;
	auth->n_settings = s->n_settings;
}

static bool all_fetch(const struct system *s, const char *only)
{
	for (size_t i = 0; i < s->n_schemes; i++) {
		const struct system_scheme *one = &s->schemes[i];
		if (only && strcmp(one->name, only) != 0)
			continue;
		if (!one->public_key.fetch && !one->chain)
			return false;
	}
	return true;
}

static bool carries_secret(const struct system_scheme *s)
{
	return s->type == SCHEME_SHARED_SECRET || s->type == SCHEME_JWT;
}

/* A secret in the query is not kept with the event; there is one parameter of that kind. */
static void read_query(const struct system *s, struct flow_auth *auth)
{
	const struct system_source *const *sources;

	for (size_t i = 0; i < s->n_schemes; i++) {
		const struct system_scheme *one = &s->schemes[i];
		size_t n = carries_secret(one) && one->signature ? system_part_sources(one->signature, &sources) : 0;
		for (size_t k = 0; k < n && !auth->in_query; k++) {
			auth->in_query = system_source_query(sources[k]) != NULL;
			auth->name = system_source_query(sources[k]);
		}
	}
}

void auth_system_read(struct flow *f, const struct args *args, const char *at, struct flow_auth *auth,
		      struct faults *faults)
{
	const struct system *s = f->system;

	auth->scheme = arg_text(args, "scheme");
	auth->tolerance_s = arg_given(args, "tolerance_s") ? arg_int(args, "tolerance_s") : -1;
	if (!s)
		return;
	read_query(s, auth);
	if (!s->n_schemes)
		fault_add(faults, at, "type", "system \"%.64s\" proves nothing of itself; use api_key, basic, bearer, "
			  "hmac or jwt", s->name);
	if (auth->scheme)
		check_scheme(s, auth->scheme, at, faults);
	read_settings(f, s, arg_find(args, "settings")->node, at, auth, faults);
	if (!auth->n_secrets && s->n_schemes && !all_fetch(s, auth->scheme))
		fault_add(faults, at, NULL, "\"secret\" is missing: the name of the secret that holds %s",
			  s->key_title ? s->key_title : "what the system signs with");
}

void auth_system_redact(const struct flow *f, void (*each)(void *arg, const char *header), void *arg)
{
	const struct system_source *const *sources;

	if (f->webhook.auth.type != AUTH_SYSTEM || !f->system)
		return;
	for (size_t i = 0; i < f->system->n_schemes; i++) {
		const struct system_scheme *s = &f->system->schemes[i];
		if (!carries_secret(s))
			continue;
		size_t n = s->signature ? system_part_sources(s->signature, &sources) : 0;
		for (size_t k = 0; k < n; k++)
			if (system_source_header(sources[k]))
				each(arg, system_source_header(sources[k]));
	}
}
