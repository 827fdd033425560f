/* SPDX-License-Identifier: MIT */
/* A path, a line feed, a body: the cutter stays within the text it was given and cuts JSON. */
#include "tests/fuzz/fuzz.h"

#include "common/jsontext.h"
#include "flow/path.h"

static struct slice body;

static void inside(void *arg, struct slice value)
{
	(void)arg;
	REQUIRE(value.ptr >= body.ptr && value.ptr + value.len <= body.ptr + body.len);
	REQUIRE(jsontext_check(value, JSONTEXT_DEPTH_MAX, NULL) == 0);
}

static void cut_one(struct path *p, struct scope *s)
{
	struct slice out = {0};
	struct err err = {0};

	int rc = path_cut(p, s, &out, &err);
	REQUIRE((rc < 0) == (err.text[0] != '\0'));
	if (rc > 0)
		REQUIRE(jsontext_check(out, 1024, NULL) == 0);
	REQUIRE(path_part(p) < SCOPE_PARTS);
	path_step(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct slice rest = {(const char *)data, len}, text = fuzz_until(&rest, '\n');
	struct scope_event event = {
		.id = 42, .received_at = 1795442531123, .method = "POST", .path = "/in/orders/7",
		.query = "a=1&a=2", .headers = "[[\"Content-Type\",\"application/json\"]]",
		.suffix = "/orders/{id}", .remote = "192.0.2.1", .trigger = "arrival", .run = 1,
		.attempt = 1, .body = rest,
	};
	struct path *p = path_parse(text), *every = path_parse_every(text), *secret = path_parse_secret(text);
	struct slice out;
	bool json = jsontext_check(rest, JSONTEXT_DEPTH_MAX, NULL) == 0;

	body = jsontext_trim(rest);
	if (p) {
		struct scope *s = scope_new(&event);
		cut_one(p, s);
		scope_free(s);
	}
	if (every && json)
		path_cut_every(every, body, inside, NULL);
	if (every)
		path_names(every, 1, text);
	if (secret && json && path_cut_from(secret, body, &out, NULL) > 0)
		REQUIRE(jsontext_check(out, JSONTEXT_DEPTH_MAX, NULL) == 0);
	path_free(p);
	path_free(every);
	path_free(secret);
	return 0;
}
