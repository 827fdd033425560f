/* SPDX-License-Identifier: MIT */
/* The schemes of a system's file: from arguments to what is applied to a request. */
#include "flow/system_inner.h"

#include "common/crypto.h"
#include "common/crypto_jws.h"
#include "common/jsontext.h"
#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANY_TYPE 0xFF
#define BIT(type) (1u << (type))
#define SIGNED (BIT(SCHEME_HMAC) | BIT(SCHEME_DIGEST) | ASYMMETRIC)
#define ASYMMETRIC (BIT(SCHEME_ED25519) | BIT(SCHEME_ECDSA) | BIT(SCHEME_RSA))

/* Which member says something to which types; what is not here is for all. */
static const struct {
	const char *name;
	unsigned types, required;
} members[] = {
	{"algorithm", BIT(SCHEME_HMAC) | BIT(SCHEME_DIGEST) | BIT(SCHEME_ECDSA) | BIT(SCHEME_RSA), 0},
	{"signature", SIGNED | BIT(SCHEME_SHARED_SECRET), SIGNED | BIT(SCHEME_SHARED_SECRET)},
	{"token", BIT(SCHEME_JWT), BIT(SCHEME_JWT)},
	{"timestamp", SIGNED, 0},
	{"id", SIGNED, 0},
	{"signs", SIGNED, 0},
	{"key", BIT(SCHEME_HMAC) | BIT(SCHEME_DIGEST) | BIT(SCHEME_JWT) | ASYMMETRIC, 0},
	{"url_port", SIGNED, 0},
	{"trailing_newline", SIGNED, 0},
	{"shape", BIT(SCHEME_ECDSA), 0},
	{"user", BIT(SCHEME_BASIC), 0},
	{"public_key", ASYMMETRIC | BIT(SCHEME_JWT), 0},
	{"algorithms", BIT(SCHEME_JWT), BIT(SCHEME_JWT)},
	{"claims", BIT(SCHEME_JWT), 0},
	{"max_age_s", BIT(SCHEME_JWT), 0},
	{"chain", BIT(SCHEME_JWT), 0},
};

static enum system_scheme_type type_find(const char *word)
{
	static const char *const words[] = {"hmac", "digest", "shared_secret", "basic", "ed25519", "ecdsa", "rsa",
					    "jwt"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (word && strcmp(words[i], word) == 0)
			return (enum system_scheme_type)i;
	return SCHEME_HMAC;
}

static void check_members(struct maker *m, const struct args *a, const char *pointer,
			  const struct system_scheme *s)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		bool given = arg_given(a, members[i].name);
		if (given && !(members[i].types & BIT(s->type)))
			fault_add(m->faults, pointer, members[i].name, "\"%s\" says nothing to a scheme of type "
				  "\"%s\"; leave it out", members[i].name, s->type_name);
		if (!given && (members[i].required & BIT(s->type)))
			fault_add(m->faults, pointer, NULL, "\"%s\" is missing: a scheme of type \"%s\" needs it",
				  members[i].name, s->type_name);
	}
}

bool make_algorithm(struct maker *m, const struct arg *a, const char *algorithm)
{
	if (algorithm && crypto_digest_known(algorithm))
		return true;
	fault_add(m->faults, a->pointer, NULL, "unknown algorithm \"%.80s\"; known are md5, sha1, sha256, "
		  "sha384 and sha512", algorithm ? algorithm : "");
	return false;
}

const char *const *make_texts(struct maker *m, const struct arg *a)
{
	size_t n = 0, max = 2 + (size_t)cJSON_GetArraySize(a->node);
	const char **list = make_own(m, mem_array(max, sizeof(*list)));
	const cJSON *item;

	if (cJSON_IsString(a->node))
		list[n++] = a->node->valuestring;
	else
		cJSON_ArrayForEach(item, a->node)
			if (cJSON_IsString(item))
				list[n++] = item->valuestring;
	return list;
}

static bool read_step(const char *word, struct system_key_change *out)
{
	if (strncmp(word, "strip:", 6) == 0 && word[6])
		*out = (struct system_key_change){KEY_STRIP, word + 6};
	else if (strcmp(word, "base64") == 0)
		*out = (struct system_key_change){KEY_BASE64, NULL};
	else if (strcmp(word, "base64url") == 0)
		*out = (struct system_key_change){KEY_BASE64URL, NULL};
	else if (strcmp(word, "hex") == 0)
		*out = (struct system_key_change){KEY_HEX, NULL};
	else if (crypto_digest_known(word))
		*out = (struct system_key_change){KEY_DIGEST, word};
	else
		return false;
	return true;
}

const struct system_key_change *make_key(struct maker *m, const struct arg *a, size_t *n)
{
	const char *const *words = make_texts(m, a);
	size_t count = 0;

	while (words[count])
		count++;
	struct system_key_change *list = make_own(m, mem_array(count + 1, sizeof(*list)));
	for (*n = 0; *n < count; (*n)++)
		if (!read_step(words[*n], &list[*n])) {
			fault_add(m->faults, a->pointer, NULL, "\"%.80s\" is nothing that is done to a secret: "
				  "strip:PREFIX, base64, base64url, hex, md5, sha1, sha256, sha384, sha512",
				  words[*n]);
			break;
		}
	return list;
}

/* A pattern has a name of at least two labels that are its own: "*.com" pins nothing. */
const char *const *make_hosts(struct maker *m, const struct arg *a)
{
	const char *const *hosts = make_texts(m, a);

	for (size_t i = 0; hosts[i]; i++) {
		size_t own = 0;
		const char *end = hosts[i] + strlen(hosts[i]);
		for (const char *p = end; p > hosts[i] && p[-1] != '*'; p--)
			own += p[-1] == '.';
		bool wild = strchr(hosts[i], '*') != NULL;
		if (strspn(hosts[i], "abcdefghijklmnopqrstuvwxyz0123456789.-*") != strlen(hosts[i]) ||
		    !strchr(hosts[i], '.') || (wild && own < 2) || strstr(hosts[i], "**"))
			fault_add(m->faults, a->pointer, NULL, "\"%.80s\" pins no host: lower-case, with * for one "
				  "whole label before at least two others", hosts[i]);
	}
	return hosts;
}

static const struct system_check *make_checks(struct maker *m, const struct arg *a, unsigned place, size_t *n)
{
	struct system_check *list = make_own(m, mem_array(1 + (size_t)cJSON_GetArraySize(a->node), sizeof(*list)));
	const cJSON *pair;

	*n = 0;
	cJSON_ArrayForEach(pair, a->node) {
		const cJSON *first = cJSON_GetArrayItem(pair, 0), *second = cJSON_GetArrayItem(pair, 1);
		if (cJSON_GetArraySize(pair) != 2 || !cJSON_IsString(first) || !cJSON_IsString(second)) {
			fault_add(m->faults, a->pointer, NULL, "each of \"checks\" is a pair of templates");
			continue;
		}
		list[*n].a = make_template(m, a->pointer, first->valuestring, place);
		list[*n].b = make_template(m, a->pointer, second->valuestring, place);
		*n += list[*n].a && list[*n].b;
	}
	return list;
}

/* "a.b|c.d": one of these places. */
static const struct system_sources *make_places(struct maker *m, const char *pointer, const char *name)
{
	struct system_sources *s = make_own(m, mem_new(sizeof(*s)));

	s->list = make_own(m, mem_array(strlen(name) + 1, sizeof(*s->list)));
	for (size_t len; *name; name += len + (name[len] == '|')) {
		len = strcspn(name, "|");
		char *path = make_own(m, mem_format("token:%.*s", (int)len, name));
		const struct system_source *one = make_source(m, pointer, path, PLACE_TOKEN);
		if (one)
			s->list[s->n++] = one;
	}
	return s;
}

bool system_claim_is(const struct system_claim *c, struct slice payload, struct slice wanted)
{
	struct slice json = jsontext_trim(payload), found;
	struct buf mine = BUF_INIT, theirs = BUF_INIT;
	bool there = false, same;

	if (jsontext_check(payload, JSONTEXT_DEPTH_MAX, NULL) < 0)
		return false;
	for (size_t i = 0; i < c->paths->n && !there; i++)
		there = source_within(c->paths->list[i], json, &found);
	if (!there || (jsontext_kind(found) == JSONTEXT_STRING) != (jsontext_kind(wanted) == JSONTEXT_STRING))
		return false;
	jsontext_text(found, &mine);
	jsontext_text(wanted, &theirs);
	same = crypto_equal(buf_slice(&mine), buf_slice(&theirs));
	buf_release(&mine);
	buf_release(&theirs);
	return same;
}

static const struct system_claim *make_claims(struct maker *m, const struct arg *a, size_t *n)
{
	struct system_claim *list = make_own(m, mem_array(1 + (size_t)cJSON_GetArraySize(a->node), sizeof(*list)));
	const cJSON *item;

	*n = 0;
	cJSON_ArrayForEach(item, a->node) {
		struct system_claim *c = &list[(*n)++];
		c->name = item->string;
		c->paths = make_places(m, a->pointer, item->string);
		if (cJSON_IsString(item))
			c->text = make_template(m, a->pointer, item->valuestring, 0);
		else
			c->json = make_own(m, json_print(item));
	}
	return list;
}

static void make_public_key(struct maker *m, const struct arg *a, struct system_public_key *out)
{
	if (!a->n_items)
		return;
	const struct args *args = &a->items[0];
	const char *fetch = arg_text(args, "fetch"), *form = arg_text(args, "form");
	const char *from = arg_text(args, "from");
	const cJSON *trusted = arg_find(args, "trusted")->node;

	out->hosts = make_hosts(m, arg_find(args, "hosts"));
	out->cache_s = arg_int(args, "cache_s");
	out->trusted = cJSON_IsString(trusted) ? trusted->valuestring : NULL;
	out->form = strcmp(form, "pem") == 0 ? FORM_PEM : strcmp(form, "certificate") == 0 ? FORM_CERTIFICATE
		    : strcmp(form, "jwks") == 0 ? FORM_JWKS : FORM_JSON;
	out->path = out->form == FORM_JSON ? make_source(m, a->pointer, form, 0) : NULL;
	if (from && strcmp(from, "secret") != 0)
		fault_add(m->faults, a->pointer, "from", "a key comes from \"secret\", or is fetched");
	if (!fetch) {
		if (!from)
			fault_add(m->faults, a->pointer, NULL, "\"public_key\" says neither \"from\" nor \"fetch\"");
		return;
	}
	out->fetch = make_template(m, a->pointer, fetch, PLACE_SIGNS);
	if (!out->hosts[0])
		fault_add(m->faults, a->pointer, "hosts", "\"hosts\" is missing: a key is only fetched from hosts "
			  "that are named");
}

/* What a scheme reads of a request, after its type is known. */
static void make_sources_of(struct maker *m, const struct args *a, struct system_scheme *s)
{
	unsigned item = s->each ? PLACE_ITEM : 0, signs = item | PLACE_SIGNS;
	const char *user = arg_text(a, "user");

	if (s->type == SCHEME_DIGEST)
		signs |= PLACE_SECRET;
	s->when = make_condition(m, arg_find(a, "when"), 0);
	s->signature = make_part(m, arg_find(a, s->type == SCHEME_JWT ? "token" : "signature"), item);
	s->timestamp = make_part(m, arg_find(a, "timestamp"), item);
	s->id = make_part(m, arg_find(a, "id"), item);
	s->signs = make_template(m, arg_given(a, "signs") ? arg_find(a, "signs")->pointer : "",
				 arg_text(a, "signs"), signs);
	s->checks = make_checks(m, arg_find(a, "checks"), signs, &s->n_checks);
	s->claims = make_claims(m, arg_find(a, "claims"), &s->n_claims);
	if (!user && s->type == SCHEME_BASIC && system_setting_find(&m->held->system, "user") >= 0)
		user = "{setting:user}";
	if (user)
		s->user = make_template(m, arg_given(a, "user") ? arg_find(a, "user")->pointer : "", user, 0);
}

static void check_scheme(struct maker *m, const struct args *a, const char *pointer, const struct system_scheme *s)
{
	check_members(m, a, pointer, s);
	if ((BIT(s->type) & (SIGNED & ~BIT(SCHEME_ED25519))) && arg_given(a, "algorithm"))
		make_algorithm(m, arg_find(a, "algorithm"), s->algorithm);
	if ((BIT(s->type) & SIGNED) && s->signature && !*system_part_encoding(s->signature))
		fault_add(m->faults, pointer, "signature", "\"encoding\" is missing: hex, base64 or base64url");
	for (size_t i = 0; s->type == SCHEME_JWT && s->algorithms[i]; i++)
		if (!crypto_jws_find(s->algorithms[i]))
			fault_add(m->faults, pointer, "algorithms", "unknown algorithm \"%.20s\"; known are HS256, RS256, "
				  "ES256, EdDSA and their like", s->algorithms[i]);
	if (s->tolerance_s && !s->timestamp && s->type != SCHEME_JWT)
		fault_add(m->faults, pointer, "tolerance_s", "\"tolerance_s\" needs a \"timestamp\" to compare");
	/* JSON as the sender wrote it is what each item signs; nothing else of the body is looked at. */
	if (s->each && !(BIT(s->type) & (BIT(SCHEME_HMAC) | BIT(SCHEME_DIGEST) | BIT(SCHEME_SHARED_SECRET))))
		fault_add(m->faults, pointer, "each", "only a scheme of type \"hmac\", \"digest\" or "
			  "\"shared_secret\" can judge each item");
}

void make_schemes(struct maker *m, const struct arg *list)
{
	struct system *system = &m->held->system;
	struct system_scheme *schemes = make_own(m, mem_array(list->n_items + 1, sizeof(*schemes)));

	for (size_t i = 0; i < list->n_items; i++) {
		const struct args *a = &list->items[i];
		struct system_scheme *s = &schemes[i];
		char *pointer = make_own(m, mem_format("%s/%zu", list->pointer, i));
		const char *each = arg_text(a, "each"), *either = arg_text(a, "url_port");
		s->name = arg_text(a, "name");
		s->type_name = arg_text(a, "type") ? arg_text(a, "type") : "";
		s->type = type_find(s->type_name);
		s->algorithm = arg_text(a, "algorithm");
		s->tolerance_s = arg_int(a, "tolerance_s");
		s->url_port_either = either != NULL;
		s->newline_either = arg_given(a, "trailing_newline");
		s->raw = strcmp(arg_text(a, "shape"), "raw") == 0;
		s->max_age_s = arg_int(a, "max_age_s");
		s->chain = arg_given(a, "chain");
		s->algorithms = make_texts(m, arg_find(a, "algorithms"));
		s->key = make_key(m, arg_find(a, "key"), &s->n_key);
		s->each = each ? make_source(m, arg_find(a, "each")->pointer, each, 0) : NULL;
		make_sources_of(m, a, s);
		make_public_key(m, arg_find(a, "public_key"), &s->public_key);
		check_scheme(m, a, pointer, s);
		for (size_t k = 0; k < i; k++)
			if (strcmp(schemes[k].name, s->name) == 0)
				fault_add(m->faults, pointer, "name", "two schemes have the name \"%.64s\"; each of "
					  "several needs its own", s->name);
	}
	system->schemes = schemes;
	system->n_schemes = list->n_items;
}
