/* SPDX-License-Identifier: MIT */
/*
 * verify_bench: what it costs to verify a request by the file of its system, beside the HMAC itself over
 * the same bytes, both in one run: a body of 1 KB of JSON and the headers a sender sends. One JSON object
 * a system: {"system":"stripe","hmac_us":1.1,"verify_us":4.2,"over_us":3.1}. The least of several rounds
 * counts, so what else the machine does shows little.
 */
#include "common/clock.h"
#include "common/crypto.h"
#include "common/mem.h"
#include "flow/system_sign.h"
#include "server/verify_system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS 5000
#define ROUNDS 15
#define BODY_BYTES 1024

static struct http_header headers[HTTP_HEADERS_MAX];
static size_t n_headers;

static void add_header(const char *name, const char *value)
{
	headers[n_headers++] = (struct http_header){name, value};
}

/* Those of a usual delivery through a proxy. */
static void usual_headers(void)
{
	n_headers = 0;
	add_header("Host", "hooks.example.com");
	add_header("User-Agent", "Sender/1.0 (+https://sender.example/docs/webhooks)");
	add_header("Accept", "*/*");
	add_header("Content-Type", "application/json");
	add_header("Content-Length", "1024");
	add_header("X-Forwarded-For", "192.0.2.7");
	add_header("X-Forwarded-Proto", "https");
	add_header("X-Request-Id", "7c1b5a1e-0a3e-4b6e-9f57-6a2f8a1c2d3e");
	add_header("Cache-Control", "max-age=259200");
	add_header("Accept-Encoding", "gzip");
}

static char *make_body(void)
{
	struct buf body = BUF_INIT;

	buf_add_text(&body, "{\"id\":\"evt_1\",\"type\":\"order.created\",\"event_id\":\"Ev1\",\"data\":\"");
	while (body.len < BODY_BYTES - 2)
		buf_add_char(&body, 'x');
	buf_add_text(&body, "\"}");
	return buf_take(&body);
}

static double best_us(int64_t us, double best)
{
	double one = (double)us / CALLS;

	return best == 0 || one < best ? one : best;
}

static int measure(const char *name, const char *secret, struct slice body)
{
	static const char *const names[] = {"secret"};
	struct flow_auth auth = {.type = AUTH_SYSTEM, .tolerance_s = -1, .secrets = names, .n_secrets = 1};
	struct slice key = {secret, strlen(secret)}, settings[1] = {{NULL, 0}};
	struct buf made = BUF_INIT, query = BUF_INIT;
	struct verify_result result;
	unsigned char digest[64];
	const struct system *s;
	struct verify_key live;
	double hmac = 0, verify = 0;
	int64_t now = clock_wall_ms();
	struct err err;

	if (systems_find(name, &s, &err) <= 0)
		return fprintf(stderr, "%s is not there\n", name), 1;
	usual_headers();
	const struct system_signing order = {.system = s, .secrets = &key, .n_secrets = 1, .settings = settings,
					     .method = "POST", .url = "https://hooks.example.com/in/x", .at_ms = now, .body = body};
	if (system_sign(&order, &made, &query, &err) < 0)
		return fprintf(stderr, "%s: %s\n", name, err.text), 1;
	char *list = mem_format("[%s]", made.ptr);
	cJSON *tree = json_parse(list, strlen(list), &err), *pair;
	cJSON_ArrayForEach(pair, tree)
		add_header(pair->child->valuestring, pair->child->next->valuestring);
	verify_key_init(&live, &auth, "secret", mem_dup(secret), strlen(secret));
	const struct verify_system_setup setup = {.system = s, .auth = &auth, .keys = &live, .n_keys = 1,
						  .base_url = "https://hooks.example.com"};
	struct verify_system *v = verify_system_new(&setup, mem_array(s->n_settings + 1, sizeof(struct slice)));
	const struct http_request request = {.method = "POST", .path = "/in/x", .query = "", .version = "1.1",
					     .headers = headers, .n_headers = n_headers};
	int ok = 1;
	for (int round = 0; round < ROUNDS; round++) {
		int64_t began = clock_mono_us();
		for (int i = 0; i < CALLS; i++)
			ok = ok && crypto_hmac("sha256", key, body, digest) > 0;
		hmac = best_us(clock_mono_us() - began, hmac);
		began = clock_mono_us();
		for (int i = 0; i < CALLS; i++)
			ok = ok && verify_system_head(v, &request, now, &result) &&
			     verify_system_body(v, &request, body, now, &result);
		verify = best_us(clock_mono_us() - began, verify);
	}
	if (!ok)
		fprintf(stderr, "%s: %s\n", name, result.cause);
	printf("{\"system\":\"%s\",\"hmac_us\":%.2f,\"verify_us\":%.2f,\"over_us\":%.2f}\n", name, hmac, verify,
	       verify - hmac);
	verify_system_free(v);
	verify_key_release(&live);
	cJSON_Delete(tree);
	free(list);
	buf_release(&made);
	buf_release(&query);
	system_drop(s);
	return !ok;
}

int main(void)
{
	char *text = make_body();
	struct slice body = {text, strlen(text)};
	int rc = measure("github", "a secret", body) | measure("stripe", "whsec_abc", body) |
		 measure("slack", "a secret", body) | measure("standard-webhooks", "whsec_YWJjZGVmZ2hpamts", body);

	free(text);
	return rc;
}
