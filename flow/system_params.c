/* SPDX-License-Identifier: MIT */
/* The declarations of a system's file: checker, schema and manual read these. */
#include "flow/system_inner.h"

#include "common/header.h"

#include <string.h>

static const char *const encodings[] = {"hex", "base64", "base64url", NULL};
static const char *const units[] = {"s", "ms", "iso", NULL};
static const char *const types[] = {"hmac", "digest", "shared_secret", "basic", "ed25519", "ecdsa", "rsa",
				    "jwt", NULL};
static const char *const redeliveries[] = {"same_id", "new_id", "unknown", NULL};
static const char *const bodies[] = {"json", "form", "xml", "text", "any", NULL};
static const char *const eithers[] = {"either", NULL};
static const char *const chains[] = {"x5c", NULL};
static const char *const method_words[] = {"GET", "POST", "DELETE", "PATCH", "PUT", "HEAD", "OPTIONS", NULL};
static const char *const value_types[] = {"hmac", "digest", NULL};
static const char *const shapes[] = {"raw", "der", NULL};

static const char *name_refused(const char *name)
{
	if (name[0] != '-' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name))
		return NULL;
	return "is no name: lower-case letters, digits, hyphens and underscores";
}

static const char *path_refused(const char *path)
{
	return strncmp(path, "json:", 5) == 0 || strcmp(path, "pem") == 0 || strcmp(path, "jwks") == 0 ||
	       strcmp(path, "certificate") == 0 ? NULL : "is no form: pem, certificate, jwks or json:PATH";
}

#define FROM(words) \
	{.name = "from", .type = PARAM_TEXTS, .flags = PARAM_REQUIRED, .max = 500, .text = words}
#define CUT \
	{.name = "split", .type = PARAM_TEXT, .max = 8, \
	 .text = "What stands between several elements; without it there is one."}, \
	{.name = "prefix", .type = PARAM_TEXT, .max = 100, \
	 .text = "Only elements that begin so count; it is cut off."}, \
	{.name = "after", .type = PARAM_TEXT, .max = 100, \
	 .text = "Of an element only what follows this text."}, \
	{.name = "index", .type = PARAM_INT, .min = 0, .max = 100, .text = "Only this element, from 0."}, \
	{.name = "from_index", .type = PARAM_INT, .min = 0, .max = 100, .text = "This element and all after it."}, \
	{.name = "encoding", .type = PARAM_CHOICE, .choices = encodings, .text = "How the bytes are written."}, \
	{.name = "decode", .type = PARAM_CHOICE, .choices = encodings, \
	 .text = "The element is JSON written so; \"json\" says where in it the value stands."}, \
	{.name = "json", .type = PARAM_TEXT, .max = 200, .text = "A path within that JSON."}, \
	{.name = "unit", .type = PARAM_CHOICE, .choices = units, \
	 .text = "Of a timestamp: seconds or milliseconds since 1970, or ISO 8601. Default: s."}

static const struct param part_params[] = {
	FROM("The source, or several of which any may match: header:NAME, json:PATH, ..."),
	CUT,
	{0},
};

static const struct param public_key_params[] = {
	{.name = "from", .type = PARAM_TEXT, .max = 20, .text = "\"secret\": the operator pastes it."},
	{.name = "fetch", .type = PARAM_TEXT, .max = 500, .text = "A template of the https URL it is read from."},
	{.name = "hosts", .type = PARAM_TEXTS, .max = 253,
	 .text = "The hosts that URL may have; * stands for one label."},
	{.name = "form", .type = PARAM_TEXT, .fallback = "pem", .refuse = path_refused,
	 .text = "What is read there: pem, certificate, jwks, or json:PATH of a JSON answer."},
	{.name = "cache_s", .type = PARAM_INT, .min = 60, .max = 2592000, .fallback = "86400",
	 .text = "For how many seconds it is kept."},
	{.name = "trusted", .type = PARAM_ANY,
	 .text = "Roots that a certificate's chain must lead to, as PEM; without them those of the machine."},
	{0},
};

const struct param system_scheme_params[] = {
	{.name = "name", .type = PARAM_TEXT, .max = 64, .fallback = "", .refuse = name_refused,
	 .text = "Its name, when there are several."},
	{.name = "type", .type = PARAM_CHOICE, .flags = PARAM_REQUIRED, .choices = types,
	 .text = "How the sender proves who it is."},
	{.name = "algorithm", .type = PARAM_TEXT, .fallback = "sha256",
	 .text = "The digest: md5, sha1, sha256, sha384 or sha512."},
	{.name = "when", .type = PARAM_MAP, .text = "Only requests of which this holds are judged by this scheme."},
	{.name = "signature", .type = PARAM_OBJECT, .members = part_params, .text = "Where the proof stands."},
	{.name = "token", .type = PARAM_OBJECT, .members = part_params, .text = "jwt: where the token stands."},
	{.name = "timestamp", .type = PARAM_OBJECT, .members = part_params, .text = "Where the signed time stands."},
	{.name = "tolerance_s", .type = PARAM_INT, .min = 0, .max = 86400, .fallback = "0",
	 .text = "How many seconds it may differ from our clock, both ways; 0: any."},
	{.name = "id", .type = PARAM_OBJECT, .members = part_params, .text = "Where the signed id stands."},
	{.name = "signs", .type = PARAM_TEXT, .max = 1000, .fallback = "{body}", .text = "A template of the bytes signed."},
	{.name = "key", .type = PARAM_TEXTS, .max = 100,
	 .text = "What is done to the secret, in order: strip:PREFIX, base64, base64url, hex, sha1, sha256."},
	{.name = "url_port", .type = PARAM_CHOICE, .choices = eithers,
	 .text = "\"either\": the URL is tried with and without its port."},
	{.name = "trailing_newline", .type = PARAM_CHOICE, .choices = eithers,
	 .text = "\"either\": the bytes are tried with one more newline too."},
	{.name = "shape", .type = PARAM_CHOICE, .choices = shapes, .fallback = "der",
	 .text = "ecdsa: the signature as DER, or as r and s side by side."},
	{.name = "checks", .type = PARAM_ANY,
	 .text = "Pairs of templates that must give the same: [[\"{query:hash}\", \"{body|sha256|hex}\"]]."},
	{.name = "each", .type = PARAM_TEXT, .max = 200,
	 .text = "A list in the body of which every item must prove itself; item:PATH is within it."},
	{.name = "user", .type = PARAM_TEXT, .max = 200,
	 .text = "basic: a template of the user name; without it the secret is user:password."},
	{.name = "public_key", .type = PARAM_OBJECT, .members = public_key_params,
	 .text = "Where the public key comes from when it is not pasted as the secret."},
	{.name = "algorithms", .type = PARAM_TEXTS, .max = 16, .text = "jwt: those that are accepted, e.g. [\"HS256\"]."},
	{.name = "claims", .type = PARAM_MAP,
	 .text = "jwt: claims and what they must be; texts are templates."},
	{.name = "max_age_s", .type = PARAM_INT, .min = 0, .max = 86400, .fallback = "0",
	 .text = "jwt: how old a token may be, by its iat."},
	{.name = "chain", .type = PARAM_CHOICE, .choices = chains,
	 .text = "jwt: the key comes in the token, with a chain of certificates to a trusted root."},
	{0},
};

static const struct param value_params[] = {
	{.name = "type", .type = PARAM_CHOICE, .flags = PARAM_REQUIRED, .choices = value_types,
	 .text = "hmac with the secret as the key, or a plain digest."},
	{.name = "algorithm", .type = PARAM_TEXT, .fallback = "sha256", .text = "The digest."},
	{.name = "encoding", .type = PARAM_CHOICE, .choices = encodings, .fallback = "hex", .text = "How it is written."},
	{.name = "signs", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 1000, .text = "A template of the bytes."},
	{.name = "key", .type = PARAM_TEXTS, .max = 100, .text = "What is done to the secret first, as in a scheme."},
	{0},
};

static const struct param fetch_params[] = {
	{.name = "url", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 500, .text = "A template of an https URL."},
	{.name = "hosts", .type = PARAM_TEXTS, .flags = PARAM_REQUIRED, .max = 253,
	 .text = "The hosts it may have; * stands for one label."},
	{0},
};

static const struct param reply_params[] = {
	{.name = "status", .type = PARAM_INT, .min = 200, .max = 499, .fallback = "200", .text = "The status."},
	{.name = "headers", .type = PARAM_MAP, .text = "Headers; their values are templates."},
	{.name = "text", .type = PARAM_TEXT, .text = "The body, a template."},
	{.name = "json", .type = PARAM_ANY, .text = "The body as JSON; texts in it are templates."},
	{0},
};

const struct param system_handshake_params[] = {
	{.name = "name", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 64, .refuse = name_refused,
	 .text = "What it is called."},
	{.name = "when", .type = PARAM_MAP, .flags = PARAM_REQUIRED, .text = "Which requests are one."},
	{.name = "proof", .type = PARAM_ANY, .flags = PARAM_REQUIRED,
	 .text = "\"signature\" (a scheme must hold, else 401), \"none\", or {\"equal\": [a, b]}: two templates that "
		 "must give the same (else 403)."},
	{.name = "values", .type = PARAM_NAMED, .members = value_params, .refuse = name_refused,
	 .text = "Computed values, for {value:NAME} in the reply."},
	{.name = "learn_secret", .type = PARAM_TEXT, .max = 200,
	 .text = "A source whose value is kept as the flow's secret, while that is not set."},
	{.name = "fetch", .type = PARAM_OBJECT, .members = fetch_params,
	 .text = "What must be fetched successfully before the reply."},
	{.name = "reply", .type = PARAM_OBJECT, .flags = PARAM_REQUIRED, .members = reply_params,
	 .text = "The answer."},
	{0},
};

static const struct param link_params[] = {
	{.name = "documentation", .type = PARAM_TEXT, .max = 500, .text = "The sender's manual of its webhooks."},
	{.name = "verification", .type = PARAM_TEXT, .max = 500, .text = "Where it says how it signs."},
	{0},
};

static const struct param secret_params[] = {
	{.name = "title", .type = PARAM_TEXT, .max = 200, .text = "What the sender calls it."},
	{.name = "where", .type = PARAM_TEXT, .max = 500, .text = "Where it is found there."},
	{.name = "example", .type = PARAM_TEXT, .max = 4000, .text = "What one looks like."},
	{0},
};

static const struct param setting_params[] = {
	{.name = "name", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 64, .refuse = name_refused,
	 .text = "Its name in the flow's authentication.settings."},
	{.name = "title", .type = PARAM_TEXT, .max = 200, .text = "What the sender calls it."},
	{.name = "text", .type = PARAM_TEXT, .max = 500, .text = "What it is for."},
	{.name = "where", .type = PARAM_TEXT, .max = 500, .text = "Where it is found."},
	{.name = "example", .type = PARAM_TEXT, .max = 500, .text = "What one looks like."},
	{.name = "secret", .type = PARAM_BOOL, .fallback = "false", .text = "The flow names a secret instead of the value."},
	{.name = "required", .type = PARAM_BOOL, .fallback = "false", .text = "The flow must give it."},
	{.name = "default", .type = PARAM_TEXT, .max = 500, .text = "Its value when the flow gives none."},
	{0},
};

static const struct param answer_params[] = {
	{.name = "deadline_ms", .type = PARAM_MS, .min = 100, .max = 300000,
	 .text = "How long the sender waits; the default of the flow's deadline_ms."},
	{.name = "success", .type = PARAM_ANY, .text = "The statuses it takes for success."},
	{.name = "retries", .type = PARAM_TEXT, .max = 500, .text = "When it tries again."},
	{0},
};

static const struct param sample_params[] = {
	{.name = "method", .type = PARAM_TEXT, .max = 10, .fallback = "POST", .text = "The method."},
	{.name = "headers", .type = PARAM_MAP, .text = "Headers, without those of the signature."},
	{.name = "query", .type = PARAM_MAP, .text = "Query parameters."},
	{.name = "body", .type = PARAM_ANY, .text = "The body as JSON."},
	{.name = "text", .type = PARAM_TEXT, .text = "The body, where it is not JSON."},
	{0},
};

const struct param system_params[] = {
	{.name = "$schema", .type = PARAM_TEXT, .text = "For editors; not read."},
	{.name = "name", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 64, .refuse = name_refused,
	 .pattern = "^[a-z0-9_][a-z0-9_-]*$", .text = "What webhook.system says; the file's own name without .json."},
	{.name = "title", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 100, .text = "Its name for people."},
	{.name = "category", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 50, .text = "What it is filed under."},
	{.name = "about", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 2000,
	 .text = "What it sends, and what choosing it sets."},
	{.name = "links", .type = PARAM_OBJECT, .members = link_params, .text = "Where to read on."},
	{.name = "methods", .type = PARAM_WORDS, .choices = method_words, .text = "The methods the sender uses."},
	{.name = "secret", .type = PARAM_OBJECT, .members = secret_params, .text = "What the operator sets as the secret."},
	{.name = "settings", .type = PARAM_LIST, .members = setting_params, .text = "Further values the flow gives."},
	{.name = "schemes", .type = PARAM_LIST, .members = system_scheme_params,
	 .text = "How it proves who it is: one that holds is enough; none: it proves nothing."},
	{.name = "delivery_id", .type = PARAM_TEXTS, .max = 200,
	 .text = "Sources of what tells two deliveries apart, joined with a dot; all must be there."},
	{.name = "event_type", .type = PARAM_TEXTS, .max = 200, .text = "Sources of what happened, joined with a dot."},
	{.name = "dedupe", .type = PARAM_BOOL, .fallback = "false",
	 .text = "A delivery id that comes again is the same delivery, unless the flow says otherwise."},
	{.name = "redelivery", .type = PARAM_CHOICE, .choices = redeliveries, .fallback = "unknown",
	 .text = "What sending again by hand does to the id."},
	{.name = "handshakes", .type = PARAM_LIST, .members = system_handshake_params,
	 .text = "Requests that are answered by rule and are no events."},
	{.name = "reply", .type = PARAM_OBJECT, .members = answer_params, .text = "What the sender expects."},
	{.name = "body", .type = PARAM_CHOICE, .choices = bodies, .fallback = "any", .text = "What its bodies are."},
	{.name = "batch", .type = PARAM_TEXT, .max = 200, .text = "A source whose list items are single events."},
	{.name = "sample", .type = PARAM_OBJECT, .members = sample_params, .text = "A delivery, without its signature."},
	{.name = "notes", .type = PARAM_TEXTS, .max = 1000, .text = "What an integrator must know."},
	{.name = "sources", .type = PARAM_MAP, .text = "Where each fact was read."},
	{.name = "unverified", .type = PARAM_TEXTS, .max = 200, .text = "Facts that nobody has confirmed."},
	{0},
};
