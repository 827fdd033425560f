/* SPDX-License-Identifier: MIT */
/* Who is let in, who is not, and what the operator is told; never the secret. */
#include "server/verify.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/mem.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#define SECRET "k-4711"

static const char *const names[] = {"first", "second"};

struct door {
	struct flow_auth auth;
	struct verify_key keys[2];
	struct verify_result result;
};

static void door_open(struct door *d, struct flow_auth auth, const char *first, const char *second)
{
	*d = (struct door){.auth = auth};
	d->auth.secrets = names;
	d->auth.n_secrets = 2;
	verify_key_init(&d->keys[0], &d->auth, names[0], mem_dup(first), first ? strlen(first) : 0);
	verify_key_init(&d->keys[1], &d->auth, names[1], mem_dup(second), second ? strlen(second) : 0);
}

static void door_close(struct door *d)
{
	verify_key_release(&d->keys[0]);
	verify_key_release(&d->keys[1]);
}

/* A request with one header (NULL: none), sent `times` times, and this query. */
static int knock(struct door *d, const char *name, const char *value, size_t times, const char *query,
		 const char *body)
{
	struct http_header headers[2] = {{name, value}, {name, value}};
	struct http_request r = {.method = "POST", .path = "/in/a", .query = query, .version = "1.1",
				 .headers = headers, .n_headers = name ? times : 0};
	int got = verify_head(&d->auth, d->keys, 2, &r, &d->result) &&
		  verify_body(&d->auth, d->keys, 2, &r, (struct slice){body, strlen(body)}, &d->result);

	assert_int_equal(got, d->result.cause[0] == '\0');
	assert_null(strstr(d->result.cause, SECRET));
	return got;
}

static void test_verify_api_key_in_header(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, (struct flow_auth){.type = AUTH_API_KEY, .name = "X-API-Key"}, "old", SECRET);
	assert_true(knock(&d, "x-api-key", SECRET, 1, "", ""));
	assert_int_equal(d.result.matched, 1);
	assert_true(knock(&d, "X-API-Key", "old", 1, "", ""));
	assert_int_equal(d.result.matched, 0);
	assert_false(knock(&d, "X-API-Key", "k-471", 1, "", ""));
	assert_false(knock(&d, "X-API-Key", "", 1, "", ""));
	assert_false(knock(&d, "X-API-Key", SECRET, 2, "", ""));
	assert_non_null(strstr(d.result.cause, "2 times"));
	assert_false(knock(&d, NULL, NULL, 0, "X-API-Key=" SECRET, ""));
	assert_string_equal(d.result.cause, "header X-API-Key is missing");
	door_close(&d);
}

static void test_verify_api_key_in_query(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, (struct flow_auth){.type = AUTH_API_KEY, .in_query = true, .name = "key"}, SECRET, NULL);
	assert_true(knock(&d, NULL, NULL, 0, "a=1&key=k%2D4711", ""));
	assert_false(knock(&d, NULL, NULL, 0, "key=" SECRET "&key=" SECRET, ""));
	assert_false(knock(&d, NULL, NULL, 0, "key=wrong", ""));
	assert_false(knock(&d, "key", SECRET, 1, "", ""));
	door_close(&d);
}

static void test_verify_basic_tells_user_from_password(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, (struct flow_auth){.type = AUTH_BASIC, .user = "shop"}, SECRET, NULL);
	assert_true(knock(&d, "Authorization", "Basic c2hvcDprLTQ3MTE=", 1, "", ""));
	assert_true(knock(&d, "Authorization", "basic c2hvcDprLTQ3MTE=", 1, "", ""));
	assert_false(knock(&d, "Authorization", "Basic c2hvcDo=", 1, "", ""));
	assert_non_null(strstr(d.result.cause, "password of user \"shop\""));
	assert_false(knock(&d, "Authorization", "Basic b3RoZXI6ay00NzEx", 1, "", ""));
	assert_non_null(strstr(d.result.cause, "user name is not \"shop\""));
	assert_false(knock(&d, "Authorization", "Basic !!!", 1, "", ""));
	assert_false(knock(&d, "Authorization", "Basic", 1, "", ""));
	assert_false(knock(&d, "Authorization", "Bearer " SECRET, 1, "", ""));
	assert_non_null(verify_challenge(&d.auth));
	door_close(&d);
}

static void test_verify_bearer(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, (struct flow_auth){.type = AUTH_BEARER}, SECRET, NULL);
	assert_true(knock(&d, "Authorization", "Bearer " SECRET, 1, "", ""));
	assert_false(knock(&d, "Authorization", SECRET, 1, "", ""));
	assert_false(knock(&d, "Authorization", "Bearer ", 1, "", ""));
	assert_string_equal(verify_credential_header(&d.auth), "Authorization");
	door_close(&d);
}

static void sign(const char *algorithm, const char *key, const char *body, bool base64, struct buf *out)
{
	unsigned char digest[CRYPTO_DIGEST_MAX];
	int len = crypto_hmac(algorithm, (struct slice){key, strlen(key)}, (struct slice){body, strlen(body)},
			      digest);

	assert_true(len > 0);
	if (base64)
		crypto_base64(digest, (size_t)len, out);
	else
		crypto_hex(digest, (size_t)len, out);
}

static void test_verify_hmac_over_the_raw_bytes(void **state)
{
	struct door d;
	struct buf value = BUF_INIT;

	(void)state;
	door_open(&d, (struct flow_auth){.type = AUTH_HMAC, .name = "X-Sign", .algorithm = "sha256",
					 .prefix = "sha256=", .encoding = "hex"}, "old", SECRET);
	buf_add_text(&value, "sha256=");
	sign("sha256", SECRET, "{ }", false, &value);
	assert_true(knock(&d, "X-Sign", value.ptr, 1, "", "{ }"));
	assert_int_equal(d.result.matched, 1);
	assert_false(knock(&d, "X-Sign", value.ptr, 1, "", "{}"));
	assert_non_null(strstr(d.result.cause, "over 2 body bytes"));
	assert_null(strstr(d.result.cause, value.ptr + 7)); /* not the whole digest */
	assert_false(knock(&d, "X-Sign", value.ptr + 7, 1, "", "{ }"));
	value.ptr[value.len - 2] = '\0';
	assert_false(knock(&d, "X-Sign", value.ptr, 1, "", "{ }"));
	assert_non_null(strstr(d.result.cause, "31 bytes; sha256 gives 32"));
	assert_false(knock(&d, "X-Sign", "sha256=", 1, "", ""));
	assert_false(knock(&d, "X-Sign", "sha256=zz", 1, "", ""));
	assert_false(knock(&d, NULL, NULL, 0, "", ""));
	assert_string_equal(d.result.cause, "header X-Sign is missing");
	door_close(&d);
	buf_release(&value);
}

static void test_verify_hmac_base64_of_another_digest(void **state)
{
	struct door d;
	struct buf value = BUF_INIT;

	(void)state;
	door_open(&d, (struct flow_auth){.type = AUTH_HMAC, .name = "X-Sign", .algorithm = "sha1",
					 .prefix = "", .encoding = "base64"}, SECRET, NULL);
	sign("sha1", SECRET, "", true, &value);
	assert_true(knock(&d, "X-Sign", value.ptr, 1, "", ""));
	assert_false(knock(&d, "X-Sign", value.ptr, 1, "", "x"));
	door_close(&d);
	buf_release(&value);
}

static void test_verify_without_a_secret_lets_nobody_in(void **state)
{
	static const struct flow_auth kinds[] = {
		{.type = AUTH_API_KEY, .name = "X-Key"}, {.type = AUTH_BASIC, .user = ""}, {.type = AUTH_BEARER},
		{.type = AUTH_HMAC, .name = "X-Key", .algorithm = "sha256", .prefix = "", .encoding = "hex"},
	};
	struct door d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		for (int empty = 0; empty < 2; empty++) {
			door_open(&d, kinds[i], empty ? "" : NULL, NULL);
			assert_false(knock(&d, "X-Key", "", 1, "", ""));
			assert_string_equal(d.result.cause,
					    "secret \"first\" is not set: ringbolt secret set first");
			assert_false(knock(&d, "Authorization", "Bearer ", 1, "", ""));
			assert_false(knock(&d, "Authorization", "Basic Og==", 1, "", ""));
			door_close(&d);
		}
	}
	door_open(&d, (struct flow_auth){.type = AUTH_NONE}, NULL, NULL);
	assert_true(knock(&d, NULL, NULL, 0, "", ""));
	door_close(&d);
}

/* A token that expires in a minute, after "Bearer ". */
static void bearer_token(const char *secret, struct buf *out)
{
	struct crypto_keys keys = CRYPTO_KEYS_INIT;
	struct buf claims = BUF_INIT;
	struct err err;

	buf_addf(&claims, "{\"exp\":%lld}", (long long)(clock_wall_ms() / 1000 + 60));
	buf_clear(out);
	buf_add_text(out, "Bearer ");
	assert_int_equal(crypto_keys_read((struct slice){secret, strlen(secret)}, CRYPTO_USE_SECRET, &keys, &err), 0);
	assert_int_equal(crypto_jws_sign(keys.list[0], CRYPTO_HS256, NULL, NULL, buf_slice(&claims), out, &err), 0);
	crypto_keys_release(&keys);
	buf_release(&claims);
}

static void test_verify_jwt_in_header_and_body(void **state)
{
	struct flow_jwt jwt = {.algorithms = CRYPTO_HS256};
	struct flow_auth auth = {.type = AUTH_JWT, .jwt = &jwt, .name = "Authorization", .prefix = "Bearer "};
	struct buf token = BUF_INIT, other = BUF_INIT, json = BUF_INIT;
	struct door d;

	(void)state;
	bearer_token(SECRET, &token);
	bearer_token("another", &other);
	door_open(&d, auth, "old", SECRET);
	assert_true(knock(&d, "Authorization", token.ptr, 1, "", ""));
	assert_int_equal(d.result.matched, 1);
	assert_false(knock(&d, "Authorization", token.ptr, 2, "", ""));
	assert_false(knock(&d, "Authorization", other.ptr, 1, "", ""));
	assert_non_null(strstr(d.result.cause, "does not hold with any of the keys"));
	assert_false(knock(&d, "Authorization", "Bearer ", 1, "", ""));
	assert_false(knock(&d, NULL, NULL, 0, "", token.ptr));
	assert_string_equal(verify_credential_header(&d.auth), "Authorization");
	assert_non_null(verify_challenge(&d.auth));
	door_close(&d);

	jwt.in_body = true;
	auth.name = "token";
	door_open(&d, auth, NULL, SECRET);
	buf_addf(&json, "{\"n\":[1],\"token\":\"%s\"}", token.ptr);
	assert_true(knock(&d, NULL, NULL, 0, "", json.ptr));
	assert_int_equal(d.result.matched, 1);
	assert_false(knock(&d, NULL, NULL, 0, "", token.ptr));
	assert_non_null(strstr(d.result.cause, "not a JSON object"));
	assert_false(knock(&d, NULL, NULL, 0, "", "{\"token\":7}"));
	assert_false(knock(&d, "Authorization", token.ptr, 1, "", "{}"));
	assert_null(verify_credential_header(&d.auth));
	assert_null(verify_challenge(&d.auth));
	door_close(&d);
	buf_release(&token);
	buf_release(&other);
	buf_release(&json);
}

static void test_verify_jwt_with_a_secret_that_is_no_key_lets_nobody_in(void **state)
{
	struct flow_jwt jwt = {.algorithms = CRYPTO_RS256};
	struct flow_auth auth = {.type = AUTH_JWT, .jwt = &jwt, .name = "Authorization", .prefix = "Bearer "};
	struct door d;

	(void)state;
	door_open(&d, auth, "no key at all", NULL);
	assert_false(knock(&d, "Authorization", "Bearer a.b.c", 1, "", ""));
	assert_non_null(strstr(d.result.cause, "secret \"first\": "));
	assert_non_null(strstr(d.result.cause, "no key"));
	door_close(&d);
	door_open(&d, auth, NULL, NULL);
	assert_false(knock(&d, "Authorization", "Bearer a.b.c", 1, "", ""));
	assert_non_null(strstr(d.result.cause, "is not set"));
	door_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify_api_key_in_header),
		cmocka_unit_test(test_verify_api_key_in_query),
		cmocka_unit_test(test_verify_basic_tells_user_from_password),
		cmocka_unit_test(test_verify_bearer),
		cmocka_unit_test(test_verify_hmac_over_the_raw_bytes),
		cmocka_unit_test(test_verify_hmac_base64_of_another_digest),
		cmocka_unit_test(test_verify_without_a_secret_lets_nobody_in),
		cmocka_unit_test(test_verify_jwt_in_header_and_body),
		cmocka_unit_test(test_verify_jwt_with_a_secret_that_is_no_key_lets_nobody_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
