/* SPDX-License-Identifier: MIT */
/* THE table of functions beyond jq's own, and the jq text that makes them callable. */
#include "flow/functions.h"

#include "common/jsontext.h"
#include "flow/scope.h"

#include <stdlib.h>
#include <string.h>

const struct function functions_table[] = {
	/* values */
	{.name = "header", .args = "name", .least = 1, .blind = true, .parts = 1u << SCOPE_HEADERS,
	 .text = "A request header, in any spelling of its name; null when it was not sent.",
	 .example = "header(\"Content-Type\")", .gives = "\"application/json\"",
	 .jq = "def header($name): $__scope.headers[$name | ascii_downcase];"},
	{.name = "default", .args = "other", .least = 1,
	 .text = "Another value in place of null and empty text; false and 0 stay. What stands in "
		 "the brackets sees the same . as the call.",
	 .example = "null | default(\"none\")", .gives = "\"none\"",
	 .jq = "def default(other): if . == null or . == \"\" then other else . end;"},
	{.name = "first_item", .args = "condition", .least = 0,
	 .text = "The first item of a list (for which the condition holds), or null.",
	 .example = "[{\"n\":1},{\"n\":5},{\"n\":7}] | first_item(.n > 2)", .gives = "{\"n\":5}",
	 .jq = "def first_item: if type == \"array\" then .[0] else . end; "
	       "def first_item(condition): [limit(1; .[] | select(condition))][0];"},
	{.name = "sum_by", .args = "value", .least = 1,
	 .text = "The sum of a value over a list; text that is a number counts as one, null as 0.",
	 .example = "[{\"p\":\"1.50\"},{\"p\":2}] | sum_by(.p)", .gives = "3.5",
	 .jq = "def sum_by(value): reduce .[] as $x (0; . + ($x | value | "
	       "if type == \"string\" then tonumber elif . == null then 0 else . end));"},
	{.name = "round_to", .args = "digits", .least = 1,
	 .text = "A number rounded to so many digits behind the point, halves away from zero.",
	 .example = "1.005 | round_to(2)", .gives = "1.01",
	 .jq = "def round_to($digits): pow(10; $digits) as $f | (. * $f) as $r | "
	       "if ($r | fabs) > 1e15 then . else ($r + $r * 4e-15 | round) / $f end;"},
	/* texts */
	{.name = "join_text", .args = "separator", .least = 1,
	 .text = "The items of a list as one text; null and empty ones are left out.",
	 .example = "[\"Ada\",null,\"\",7] | join_text(\", \")", .gives = "\"Ada, 7\"",
	 .jq = "def join_text($separator): map(select(. != null and . != \"\") | "
	       "if type == \"string\" then . else tojson end) | join($separator);"},
	{.name = "truncate", .args = "characters; ending", .least = 1,
	 .text = "Text cut to so many characters, the ending included, which stands only where "
		 "something was cut.",
	 .example = "\"a long story\" | truncate(7; \"…\")", .gives = "\"a long…\"",
	 .jq = "def truncate($characters): .[:$characters]; def truncate($characters; $ending): "
	       "if length > $characters then .[:[0, $characters - ($ending | length)] | max] + "
	       "$ending else . end;"},
	{.name = "title_case", .args = "", .call = function_title_case,
	 .text = "Text with each word's first letter large and its others small.",
	 .example = "\"ADA lovelace\" | title_case", .gives = "\"Ada Lovelace\""},
	{.name = "slug", .args = "", .call = function_slug,
	 .text = "Text as part of a URL: small letters without accents, digits and hyphens.",
	 .example = "\"Crème Brûlée, 2 pcs.\" | slug", .gives = "\"creme-brulee-2-pcs\""},
	/* dates */
	{.name = "date_parse", .args = "format; zone", .least = 0, .call = function_date_parse,
	 .text = "A date as seconds since 1970: ISO 8601 and RFC 2822 without a format, else as "
		 "strptime reads it. A text that names no zone is of the zone given, or UTC.",
	 .example = "\"2026-07-01 09:30\" | date_parse(null; \"Europe/Berlin\")",
	 .gives = "1782891000"},
	{.name = "date_format", .args = "format; zone", .least = 1, .call = function_date_format,
	 .text = "A date as text: \"iso\", \"http\", \"rfc2822\" or as strftime writes it, in the zone "
		 "given (\"Europe/Berlin\", \"+02:00\") or UTC.",
	 .example = "\"2026-07-01T07:30:00Z\" | date_format(\"%d.%m.%Y %H:%M\"; \"Europe/Berlin\")",
	 .gives = "\"01.07.2026 09:30\""},
	{.name = "date_add", .args = "number; unit; zone", .least = 2, .call = function_date_add,
	 .text = "A date plus so many seconds, minutes, hours, days, weeks, months or years, as "
		 "seconds since 1970; in a zone a day is a day also when clocks change.",
	 .example = "\"2026-01-31\" | date_add(1; \"months\") | date_format(\"%Y-%m-%d\")",
	 .gives = "\"2026-02-28\""},
	{.name = "now_iso", .args = "", .call = function_now_iso, .given = "null", .blind = true,
	 .text = "The present moment as ISO 8601 in UTC; it differs in each run.",
	 .example = "now_iso"},
	/* digests */
	{.name = "sha256", .args = "encoding", .least = 0, .call = function_sha256,
	 .text = "The SHA-256 of a text: \"hex\" (default), \"base64\" or \"base64url\".",
	 .example = "\"abc\" | sha256",
	 .gives = "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""},
	{.name = "md5", .args = "encoding", .least = 0, .call = function_md5,
	 .text = "The MD5 of a text, for systems that still ask for it.",
	 .example = "\"abc\" | md5", .gives = "\"900150983cd24fb0d6963f7d28e17f72\""},
	{.name = "digest", .args = "algorithm; encoding", .least = 1, .call = function_digest,
	 .text = "The md5, sha1, sha256, sha384 or sha512 of a text.",
	 .example = "\"abc\" | digest(\"sha1\")",
	 .gives = "\"a9993e364706816aba3e25717850c26c9cd0d89d\""},
	{.name = "hmac_sha256", .args = "key; encoding", .least = 1, .call = function_hmac_sha256,
	 .text = "The HMAC-SHA-256 of a text; the key is a text, such as $secrets.NAME.",
	 .example = "\"abc\" | hmac_sha256(\"key\"; \"base64\")",
	 .gives = "\"nBluMtwBdfhvSxy4konWYZ3mvuaZ5MN45oMJ7Zehpqs=\""},
	{.name = "hmac", .args = "algorithm; key; encoding", .least = 2, .call = function_hmac,
	 .text = "The HMAC of a text by an algorithm of digest.",
	 .example = "\"what do ya want for nothing?\" | hmac(\"sha1\"; \"Jefe\")",
	 .gives = "\"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79\""},
	/* encodings */
	{.name = "base64", .args = "", .call = function_base64, .text = "Text in base64.",
	 .example = "\"Ada & Co\" | base64", .gives = "\"QWRhICYgQ28=\""},
	{.name = "base64url", .args = "", .call = function_base64url,
	 .text = "Text in the base64 of URLs, without padding.",
	 .example = "\"¿?>\" | base64url", .gives = "\"wr8_Pg\""},
	{.name = "base64_decode", .args = "", .call = function_base64_decode,
	 .text = "The text that stands in base64 of either kind; an error when it is not text.",
	 .example = "\"wr8_Pg\" | base64_decode", .gives = "\"¿?>\""},
	{.name = "hex", .args = "", .call = function_hex, .text = "The bytes of a text as hexadecimal digits.",
	 .example = "\"Aé\" | hex", .gives = "\"41c3a9\""},
	{.name = "hex_decode", .args = "", .call = function_hex_decode,
	 .text = "The text that stands in hexadecimal digits; an error when it is not text.",
	 .example = "\"41c3a9\" | hex_decode", .gives = "\"Aé\""},
	{.name = "uuid", .args = "name", .least = 0, .call = function_uuid, .blind = true,
	 .parts = 1u << SCOPE_EVENT, .given = "[$__scope.event.id, $__scope.event.received_at_ms]",
	 .text = "A UUID. With a name it is the same in every run of the event (version 8, made of "
		 "the event and the name); without one it is by chance, and new in each run.",
	 .example = "uuid(\"order\") == uuid(\"order\")", .gives = "true"},
	/* URLs */
	{.name = "url_parts", .args = "", .call = function_url_parts,
	 .text = "A URL taken apart: scheme, user, host, port, path, query (decoded), fragment.",
	 .example = "\"https://x.example:8443/a?b=1&b=2#c\" | url_parts",
	 .gives = "{\"scheme\":\"https\",\"user\":null,\"host\":\"x.example\",\"port\":8443,"
		  "\"path\":\"/a\",\"query\":{\"b\":[\"1\",\"2\"]},\"fragment\":\"c\"}"},
	{.name = "url_encode", .args = "", .call = function_url_encode,
	 .text = "Text with everything but letters, digits and -_.~ as %XX.",
	 .example = "\"a b/ü\" | url_encode", .gives = "\"a%20b%2F%C3%BC\""},
	{.name = "query_string", .args = "", .call = function_query_string,
	 .text = "An object as a query; a list repeats its name, null leaves it out.",
	 .example = "{\"q\":\"a b\",\"id\":[1,2],\"no\":null} | query_string",
	 .gives = "\"q=a%20b&id=1&id=2\""},
	{0},
};

int function_find(struct slice name)
{
	for (int i = 0; functions_table[i].name; i++)
		if (strlen(functions_table[i].name) == name.len &&
		    memcmp(functions_table[i].name, name.ptr, name.len) == 0)
			return i;
	return -1;
}

static size_t args_count(const struct function *f)
{
	size_t n = *f->args ? 1 : 0;

	for (const char *p = f->args; *p; p++)
		n += *p == ';';
	return n;
}

/* `def name($a0; $a1): [7, ., $a0, $a1] | debug | input;`, once for each number of arguments. */
static void define_native(int number, struct buf *out)
{
	const struct function *f = &functions_table[number];
	size_t most = args_count(f);

	for (size_t n = f->least; n <= most; n++) {
		buf_addf(out, "def %s", f->name);
		for (size_t i = 0; i < n; i++)
			buf_addf(out, "%s$a%zu%s", i ? "; " : "(", i, i + 1 == n ? ")" : "");
		buf_addf(out, ": [%d, %s", number, f->given ? f->given : ".");
		for (size_t i = 0; i < n; i++)
			buf_addf(out, ", $a%zu", i);
		buf_add_text(out, "] | debug | input; ");
	}
}

void functions_prelude(uint64_t used, struct buf *out)
{
	if (!used)
		return;
	buf_add_text(out, ". as $__scope | ");
	for (int i = 0; functions_table[i].name; i++) {
		if (!(used >> i & 1))
			continue;
		if (functions_table[i].call)
			define_native(i, out);
		else
			buf_addf(out, "%s ", functions_table[i].jq);
	}
}

int functions_answer(struct slice call, struct buf *out, struct err *err)
{
	struct function_call c = {0};
	struct jsontext_walk w;
	int number = -1;

	if (jsontext_check(call, 300, NULL) < 0)
		return err_set(err, ERR_INVALID, "a function was given a value nested deeper than 256 levels");
	jsontext_walk_start(&w, call);
	if (jsontext_walk_next(&w))
		number = atoi(w.value.ptr);
	if (jsontext_walk_next(&w))
		c.input = w.value;
	while (c.n_args < FUNCTION_ARGS_MAX && jsontext_walk_next(&w))
		c.args[c.n_args++] = w.value;
	if (functions_table[number].call(&c, out, err) == 0)
		return 0;
	return err_within(err, "%s: ", functions_table[number].name);
}

bool function_given(const struct function_call *c, int i)
{
	return i < 0 || ((size_t)i < c->n_args && jsontext_kind(c->args[i]) != JSONTEXT_NULL);
}

static struct slice value_of(const struct function_call *c, int i)
{
	return i < 0 ? c->input : c->args[i];
}

int function_text(const struct function_call *c, int i, const char *what, struct buf *out,
		  struct err *err)
{
	struct slice value = value_of(c, i);
	enum jsontext_kind kind = jsontext_kind(value);

	if (kind != JSONTEXT_STRING)
		return err_set(err, ERR_INVALID, "%s must be text, not %s%s", what, jsontext_kind_name(kind),
			       kind == JSONTEXT_NULL ? "" : " (tojson or tostring makes text of it)");
	jsontext_string(value, out);
	return 0;
}

int function_number(const struct function_call *c, int i, const char *what, double *out,
		    struct err *err)
{
	struct slice value = value_of(c, i);
	enum jsontext_kind kind = jsontext_kind(value);

	if (kind != JSONTEXT_NUMBER)
		return err_set(err, ERR_INVALID, "%s must be a number, not %s%s", what,
			       jsontext_kind_name(kind),
			       kind == JSONTEXT_STRING ? " (tonumber makes a number of it)" : "");
	*out = strtod(value.ptr, NULL); /* a comma or bracket follows */
	return 0;
}
