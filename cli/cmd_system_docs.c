/* SPDX-License-Identifier: MIT */
/* system docs: docs/systems.md, drawn from the files and their declarations. */
#include "cli/cmd.h"

#include "common/mem.h"
#include "flow/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands before the list: how a file is written. Its example is a test (tests/e2e/senders.test.mjs). */
static const char intro[] =
	"# Systems\n"
	"\n"
	"Who sends is the first thing a flow says: `\"system\": \"stripe\"`. Its file knows how it signs, which id a\n"
	"delivery has, how it greets, how long it waits. Choosing it sets the flow's `deadline_ms`, the status of a\n"
	"stored delivery (202, or what the sender takes instead), whether deliveries are de-duplicated, which greetings are\n"
	"answered, and what `.event.delivery_id` and `.event.type` are. `generic` is any other sender.\n"
	"\n"
	"    \"system\": \"stripe\",\n"
	"    \"authentication\": {\"type\": \"system\", \"secret\": \"stripe_payments\"}\n"
	"\n"
	"`secret` may be a list, of which any is accepted: while one is changed, both are good. `scheme` names one of\n"
	"several ways of a system, `tolerance_s` another limit for signed times, `settings` what its file asks for besides;\n"
	"of settings that are secrets, the name of the secret.\n"
	"\n"
	"`ringbolt system show NAME` prints what is known of one, `ringbolt system sign NAME --secret ...` a signed test\n"
	"delivery as a curl command. Who is refused gets 401 and no reason; the reason is in `ringbolt event rejected`:\n"
	"which header is missing, how many bytes were signed and how their SHA-256 begins, how the digests begin, by how\n"
	"many seconds the clocks differ, which secret was tried.\n"
	"\n"
	"A signature covers what the list below says, no more: where it covers no time, a captured delivery can be sent\n"
	"again for ever, so de-duplicate. Where the secret itself is sent in the body, it is kept with the event.\n"
	"\n"
	"Where the URL is signed, it is the public one: `--base-url` and `/in` and the suffix as it was called, with its\n"
	"query. Public keys are fetched over https from the hosts that the file names, at most one call at a time, and kept;\n"
	"a key pasted as the secret always wins, so a server without a way out works too.\n"
	"\n"
	"## A system of your own\n"
	"\n"
	"Write a file and put it into the folder `systems` of the data directory; its name is the system's, and one of a\n"
	"name that is known stands in its place. `ringbolt system check FILE` tells what is wrong with it and where;\n"
	"[system.schema.json](../schema/system.schema.json) describes it for editors. SIGHUP makes a running server read\n"
	"them again. No program is built.\n"
	"\n"
	"    {\n"
	"      \"name\": \"acme\", \"title\": \"Acme\", \"category\": \"shop\", \"about\": \"Orders of Acme.\",\n"
	"      \"schemes\": [{\n"
	"        \"type\": \"hmac\", \"algorithm\": \"sha256\",\n"
	"        \"signature\": {\"from\": \"header:X-Acme-Signature\", \"prefix\": \"sha256=\", \"encoding\": \"hex\"},\n"
	"        \"timestamp\": {\"from\": \"header:X-Acme-Time\", \"unit\": \"s\"}, \"tolerance_s\": 300,\n"
	"        \"signs\": \"{timestamp}.{body}\"\n"
	"      }],\n"
	"      \"delivery_id\": [\"header:X-Acme-Delivery\"], \"event_type\": [\"json:type\"], \"dedupe\": true,\n"
	"      \"handshakes\": [{\n"
	"        \"name\": \"challenge\", \"when\": {\"method\": \"GET\", \"query:challenge\": true}, \"proof\": \"none\",\n"
	"        \"reply\": {\"text\": \"{query:challenge}\", \"headers\": {\"Content-Type\": \"text/plain\"}}\n"
	"      }],\n"
	"      \"reply\": {\"deadline_ms\": 5000}\n"
	"    }\n"
	"\n"
	"- A **source** names a value of the request: `body`, `method`, `url` (public, with its query), `url_base` (without),\n"
	"  `url_path`, `header:NAME`, `query:NAME`, `form:NAME`, `form_json:NAME:PATH`, `json:PATH` (`a.b[0]`, odd keys as\n"
	"  `[\"x-y\"]`), `item:PATH` (within `each`, or of a batch of one), `token:PATH` (claims), `setting:NAME`,\n"
	"  `form_sorted`, `lines:A,B`; where it is signed `timestamp` and `id`; in a digest `secret`; in a reply `value:NAME`.\n"
	"  A header or parameter that stands twice is as good as absent.\n"
	"- A **template** is text with `{source}` or `{source|filter}`; filters: md5, sha1, sha256, sha384, sha512, hex, base64,\n"
	"  base64url, crc32, lower, upper. `{{` is a brace. What is absent is empty.\n"
	"- A **part** cuts a source: `split` into elements, of which those count that begin with `prefix`; `after` takes what\n"
	"  follows a text; `index`, `from_index`; `encoding`; `unit` of a time (s, ms, iso); `decode` and `json` reach into\n"
	"  encoded JSON. Of several candidates any may match.\n"
	"- A **condition** is an object of sources: `true` there, `false` absent, `{\"matches\": PATTERN}` the whole value, anything\n"
	"  else equal.\n"
	"- **Types** of a scheme: `hmac`, `digest`, `shared_secret`, `basic`, `ed25519`, `ecdsa`, `rsa`, `jwt`. One that holds\n"
	"  is enough. `key` is what is done to the secret first, `checks` are pairs that must be equal too, `each` makes every\n"
	"  item of a list prove itself.\n"
	"- A **handshake** has a `proof`: `signature` (else 401), `{\"equal\": [a, b]}` (else 403) or `none`. An answer that signs\n"
	"  what a stranger sends must bound it by `matches`, or the file is refused. `learn_secret` keeps a secret while none is\n"
	"  set; `fetch` must succeed first.\n"
	"\n"
	"A file of this project besides has `sources` (where each fact was read) and `unverified` (which nobody has confirmed),\n"
	"and a case in `tests/systems/` that signs as the sender does.\n"
	"\n"
	"## Those that are known\n"
	"\n";

static void add_texts(const cJSON *node, const char *between, struct buf *out)
{
	const cJSON *item;
	size_t n = 0;

	if (cJSON_IsString(node))
		buf_add_text(out, node->valuestring);
	cJSON_ArrayForEach(item, node)
		if (cJSON_IsString(item))
			buf_addf(out, "%s%s", n++ ? between : "", item->valuestring);
}

static void print_fact(const char *name, const char *text)
{
	if (text && *text)
		printf("- %s: %s\n", name, text);
}

static void print_schemes(const struct system *s)
{
	const cJSON *node = json_get(s->json, "schemes"), *one = node ? node->child : NULL;
	struct buf text = BUF_INIT;

	if (!s->n_schemes)
		print_fact("proof", "none of its own; choose another authentication");
	for (size_t i = 0; i < s->n_schemes && one; i++, one = one->next) {
		const struct system_scheme *p = &s->schemes[i];
		bool digest = p->type != SCHEME_SHARED_SECRET && p->type != SCHEME_BASIC && p->type != SCHEME_ED25519 &&
			      p->type != SCHEME_JWT;
		buf_clear(&text);
		buf_addf(&text, "%s%s%s%s%s", *p->name ? "`" : "", p->name, *p->name ? "`: " : "", p->type_name,
			 digest ? "-" : "");
		if (digest)
			buf_add_text(&text, p->algorithm);
		if (p->type != SCHEME_SHARED_SECRET && p->type != SCHEME_BASIC && p->type != SCHEME_JWT)
			buf_addf(&text, " over `%s`", json_text(one, "signs", "{body}"));
		if (p->signature)
			buf_addf(&text, " in `%s`", system_part_text(p->signature));
		if (p->tolerance_s && p->timestamp)
			buf_addf(&text, ", %lld s", (long long)p->tolerance_s);
		if (p->public_key.fetch)
			buf_add_text(&text, "; the key is fetched, or pasted");
		print_fact("proof", text.ptr);
	}
	buf_release(&text);
}

static void print_system(const struct system *s)
{
	const cJSON *links = json_get(s->json, "links"), *reply = json_get(s->json, "reply"), *item;
	const cJSON *secret = json_get(s->json, "secret");
	struct buf text = BUF_INIT;

	printf("### %s\n\n`%s`, %s. %s\n\n", s->title, s->name, s->category, s->about);
	print_schemes(s);
	if (secret)
		buf_addf(&text, "%s%s%s", json_text(secret, "title", "the secret"),
			 json_text(secret, "where", NULL) ? ": " : "", json_text(secret, "where", ""));
	print_fact("secret", text.ptr);
	for (size_t i = 0; i < s->n_settings; i++)
		printf("- setting `%s`%s%s: %s\n", s->settings[i].name, s->settings[i].secret ? ", a secret" : "",
		       s->settings[i].required ? ", required" : "", s->settings[i].title ? s->settings[i].title : "");
	buf_clear(&text);
	add_texts(json_get(s->json, "delivery_id"), "` `", &text);
	if (text.len)
		printf("- delivery id: `%s`%s\n", text.ptr, s->dedupe ? ", known again unless the flow says `\"dedupe\": false`" : "");
	buf_clear(&text);
	add_texts(json_get(s->json, "event_type"), "` `", &text);
	if (text.len)
		printf("- event type: `%s`\n", text.ptr);
	buf_clear(&text);
	for (size_t i = 0; i < s->n_handshakes; i++)
		buf_addf(&text, "%s%s", i ? ", " : "", s->handshakes[i].name);
	print_fact("greetings answered", text.ptr);
	if (s->reply_deadline_ms)
		printf("- waits %lld ms\n", (long long)s->reply_deadline_ms);
	print_fact("tries again", json_text(reply, "retries", NULL));
	buf_clear(&text);
	add_texts(json_get(s->json, "unverified"), ", ", &text);
	print_fact("not confirmed", text.ptr);
	cJSON_ArrayForEach(item, json_get(s->json, "notes"))
		print_fact("note", cJSON_IsString(item) ? item->valuestring : NULL);
	print_fact("read on", json_text(links, "documentation", NULL));
	puts("");
	buf_release(&text);
}

static int run(const struct conf *conf, const struct args *args)
{
	const struct system *s;
	struct err err;
	char **names;
	int code = EXIT_FINE;

	(void)conf;
	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("system docs", &err);
	size_t n = systems_names(&names);
	fputs(intro, stdout);
	for (size_t i = 0; i < n; i++) {
		if (systems_find(names[i], &s, &err) > 0) {
			print_system(s);
			system_drop(s);
		} else {
			code = cmd_fail(&err);
		}
		free(names[i]);
	}
	free(names);
	return code;
}

const struct cmd cmd_system_docs = {
	.name = "system docs",
	.arguments = "",
	.text = "Print the manual of systems: how a file is written, and what is known of each, as Markdown.",
	.anywhere = true,
	.run = run,
};
