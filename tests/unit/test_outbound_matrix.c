/* SPDX-License-Identifier: MIT */
/*
 * The address guard against a live sink. The sink listens on a port of the loopback, on IPv4
 * and where there is one on IPv6; each form below is a way to reach it, or another address
 * that is nobody's business, and none of them may. Then the operator allows it, and the same
 * forms do, so that it was the guard that kept them out.
 */
#include "tests/unit/sink.h"

#include "common/outbound.h"
#include "common/outbound_address.h"

/* ---- calling ---- */

static struct err err;
static int redirects;

static void policy(const char *allow, const char *own)
{
	assert_int_equal(outbound_init(&(struct outbound_policy){allow, {own}}, &err), 0);
}

/* %d in the form is the sink's port. */
static int call(const char *form)
{
	struct outbound_response got;
	char url[400];

	snprintf(url, sizeof(url), form, port);
	err = (struct err){0};
	int rc = outbound_call(&(struct outbound_request){
		.method = "GET", .url = url, .headers = "[]", .timeout_ms = 1000,
		.max_response_bytes = 1000, .redirects = redirects}, &got, &err);
	if (rc == 0) {
		rc = got.status;
		outbound_response_release(&got);
	}
	return rc;
}

static size_t forms_tried;

static void is_kept_out(const char *form)
{
	int before = reached, rc = call(form);

	forms_tried++;
	if (rc >= 0 || reached != before)
		fail_msg("%s was called: %d", form, rc);
	if (err.kind != ERR_DENIED && err.kind != ERR_INVALID)
		fail_msg("%s was not refused, it failed: %s", form, err.text);
}

/* All of them lead to the sink, were it not for the guard. */
static const char *const to_the_sink[] = {
	"http://127.0.0.1:%d/", "http://127.0.0.2:%d/", "http://127.255.255.254:%d/",
	"http://127.1:%d/", "http://127.0.1:%d/", "http://2130706433:%d/", "http://0x7f000001:%d/",
	"http://0x7F.0.0.1:%d/", "http://0x7f.0x0.0x0.0x1:%d/", "http://0177.0.0.1:%d/",
	"http://017700000001:%d/", "http://0177.0x0.1:%d/", "http://0000177.0.0.01:%d/",
	"http://0x7f.1:%d/", "http://127.0x000001:%d/", "http://localhost:%d/",
	"http://LOCALHOST:%d/", "http://localhost.:%d/", "http://sub.localhost:%d/",
	"HTTP://127.0.0.1:%d/", "http:\057\057127.0.0.1:%d/?http://example.com/",
	"http://127.0.0.1:%d/#@example.com", "http://127.0.0.1:%d/%%2e%%2e/",
};

/* These lead there too, on a machine that has the like, or would be the address itself. */
static const char *const never_called[] = {
	"http://[::1]:%d/", "http://[0:0:0:0:0:0:0:1]:%d/", "http://[0000::0001]:%d/",
	"http://[::ffff:127.0.0.1]:%d/", "http://[::ffff:7f00:1]:%d/",
	"http://[0:0:0:0:0:ffff:127.0.0.1]:%d/", "http://[::FFFF:7F00:0001]:%d/",
	"http://[::127.0.0.1]:%d/", "http://[::7f00:1]:%d/", "http://[::ffff:0:127.0.0.1]:%d/",
	"http://[64:ff9b::127.0.0.1]:%d/", "http://[64:ff9b::7f00:1]:%d/",
	"http://[64:ff9b:1::7f00:1]:%d/", "http://[2002:7f00:1::]:%d/",
	"http://[2002:7f00:0001::1]:%d/", "http://[2001:0:7f00:1::]:%d/",
	"http://[2001::80ff:fffe]:%d/", "http://[2001:db8::5efe:127.0.0.1]:%d/",
	"http://[::]:%d/", "http://[0::0]:%d/", "http://0.0.0.0:%d/", "http://0:%d/",
	"http://0x0:%d/", "http://00000000:%d/", "http://0.1.2.3:%d/", "http://[::ffff:0.0.0.0]:%d/",
	/* the ranges */
	"http://10.0.0.1:%d/", "http://10.255.255.255:%d/", "http://167772161:%d/",
	"http://012.0.0.1:%d/", "http://0xa.0.0.1:%d/", "http://10.1:%d/", "http://100.64.0.1:%d/",
	"http://100.127.255.255:%d/", "http://169.254.1.1:%d/", "http://172.16.0.1:%d/",
	"http://172.31.255.255:%d/", "http://192.0.0.1:%d/", "http://192.0.2.1:%d/",
	"http://192.88.99.1:%d/", "http://192.168.0.1:%d/", "http://192.168.257:%d/",
	"http://0300.0250.1.1:%d/", "http://3232235777:%d/", "http://198.18.0.1:%d/",
	"http://198.19.255.255:%d/", "http://198.51.100.7:%d/", "http://203.0.113.7:%d/",
	"http://224.0.0.1:%d/", "http://239.255.255.250:%d/", "http://240.0.0.1:%d/",
	"http://255.255.255.255:%d/", "http://4294967295:%d/", "http://[fc00::1]:%d/",
	"http://[fdff::1]:%d/", "http://[fe80::1]:%d/", "http://[febf::1]:%d/",
	"http://[fec0::1]:%d/", "http://[ff02::1]:%d/", "http://[ff0e::1]:%d/",
	"http://[2001:db8::1]:%d/", "http://[100::1]:%d/", "http://[5f00::1]:%d/",
	"http://[3fff::1]:%d/", "http://[4000::1]:%d/", "http://[::ffff:10.0.0.1]:%d/",
	"http://[::ffff:192.168.1.1]:%d/", "http://[64:ff9b::8.8.8.8]:%d/",
	"http://[2002:a00:1::]:%d/", "http://[2001:0:808:808::f5ff:fffe]:%d/",
	/* what gives credentials away */
	"http://169.254.169.254:%d/latest/meta-data/", "http://2852039166:%d/",
	"http://0xa9fea9fe:%d/", "http://0251.0376.0251.0376:%d/", "http://169.16689662:%d/",
	"http://169.254.43518:%d/", "http://[::ffff:169.254.169.254]:%d/",
	"http://[::ffff:a9fe:a9fe]:%d/", "http://[::169.254.169.254]:%d/",
	"http://[64:ff9b::a9fe:a9fe]:%d/", "http://[2002:a9fe:a9fe::1]:%d/",
	"http://[fd00:ec2::254]:%d/", "http://[fd00:0ec2:0:0::0254]:%d/", "http://[fd20:ce::254]:%d/",
	"http://169.254.170.2:%d/", "http://168.63.129.16:%d/", "http://100.100.100.200:%d/",
	/* tricks with the URL */
	"http://example.com@127.0.0.1:%d/", "http://a:b@127.0.0.1:%d/", "http://@127.0.0.1:%d/",
	"http://127.0.0.1:%d@example.com/", "http://127.0.0.1\\@example.com:%d/",
	"http://[fe80::1%%25lo]:%d/", "http://[::1%%25lo]:%d/", "http://[::1%%lo]:%d/",
	"http://[127.0.0.1]:%d/", "http://[::1:%d/", "http://::1:%d/", "http://127.0.0.1:%d\r\nX: y/",
	"http:/127.0.0.1:%d/", "http:127.0.0.1:%d", "//127.0.0.1:%d/", "http:///127.0.0.1:%d/",
	"http://127.0.0.1 :%d/", "gopher://127.0.0.1:%d/", "file://127.0.0.1:%d/etc/passwd",
	"dict://127.0.0.1:%d/", "ftp://127.0.0.1:%d/", "ws://127.0.0.1:%d/", "unix:///tmp/%d",
};

static void no_form_reaches_the_sink(void **state)
{
	(void)state;
	policy(NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(to_the_sink); i++)
		is_kept_out(to_the_sink[i]);
	for (size_t i = 0; i < ARRAY_LEN(never_called); i++)
		is_kept_out(never_called[i]);
	assert_true(forms_tried >= 80);
	assert_int_equal(reached, 0);
}

static void what_is_allowed_reaches_it(void **state)
{
	(void)state;
	policy("10.0.0.0/8, 127.0.0.0/8", NULL);
	for (size_t i = 0; i < ARRAY_LEN(to_the_sink); i++) {
		int rc = call(to_the_sink[i]);
		if (rc != 200)
			fail_msg("%s did not arrive: %d %s", to_the_sink[i], rc, err.text);
	}
	assert_true(reached > 0);
	if (listeners[1] >= 0) {
		policy("::1/128", NULL);
		assert_int_equal(call("http://[::1]:%d/"), 200);
	}
}

static void an_allowed_range_opens_nothing_else(void **state)
{
	static const char *const still[] = {
		"10.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254", "0.0.0.0", "224.0.0.1", "::",
		"ff02::1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1",
	};

	(void)state;
	policy("127.0.0.0/8", NULL);
	assert_null(outbound_text_refused("127.9.9.9", 80));
	assert_null(outbound_text_refused("::ffff:127.0.0.1", 80));
	for (size_t i = 0; i < ARRAY_LEN(still); i++)
		assert_non_null(outbound_text_refused(still[i], 80));
	/* Not even all of it opens what is never called, nor a tunnel what lies behind it. */
	policy("0.0.0.0/0,::/0", NULL);
	for (size_t i = 2; i < 8; i++)
		assert_non_null(outbound_text_refused(still[i], 80));
	assert_non_null(outbound_text_refused("64:ff9b::a9fe:a9fe", 80));
	assert_non_null(outbound_text_refused("2002:a9fe:a9fe::", 80));
	policy("64:ff9b::/96,2002::/16", NULL);
	assert_null(outbound_text_refused("64:ff9b::8.8.8.8", 80));
	assert_non_null(outbound_text_refused("64:ff9b::10.0.0.1", 80));
	assert_non_null(outbound_text_refused("2002:a00:1::", 80));
}

static void the_public_internet_is_open(void **state)
{
	static const char *const open[] = {
		"8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1",
		"126.255.255.255", "128.0.0.1", "172.15.255.255", "172.32.0.1", "192.167.255.255",
		"192.169.0.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "2606:4700::1111",
		"2a00:1450:4001::1", "::ffff:8.8.8.8",
	};

	(void)state;
	policy("", NULL);
	for (size_t i = 0; i < ARRAY_LEN(open); i++)
		if (outbound_text_refused(open[i], 443))
			fail_msg("%s: %s", open[i], outbound_text_refused(open[i], 443));
	assert_non_null(outbound_text_refused("rubbish", 80));
	assert_non_null(outbound_text_refused("", 80));
	assert_non_null(outbound_address_refused(&(struct sockaddr){.sa_family = AF_UNIX}));
}

static void a_redirect_is_judged_like_a_call(void **state)
{
	static const char *const to[] = {
		"http://10.0.0.1/", "http://169.254.169.254/latest/", "http://[::1]:%d/",
		"http://0x7f.2:%d/", "//127.0.0.9:%d/", "http://[64:ff9b::127.0.0.1]:%d/",
		"http://user@127.0.0.1:%d/", "file:///etc/passwd", "gopher://127.0.0.1:%d/",
	};

	(void)state;
	policy("127.0.0.1/32", NULL);
	redirects = 3;
	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		snprintf(location, sizeof(location), to[i], port);
		int rc = call("http://127.0.0.1:%d/");
		forms_tried++;
		if (rc >= 0 || (err.kind != ERR_DENIED && err.kind != ERR_INVALID && err.kind != ERR_UPSTREAM))
			fail_msg("%s: %d %s", to[i], rc, err.text);
	}
	location[0] = '\0';
	redirects = 0;
}

static void a_name_that_changes_its_address_is_judged_each_time(void **state)
{
	(void)state;
	policy("127.0.0.1/32", NULL);
	resolved = "127.0.0.1";
	assert_int_equal(call("http://rebind.test:%d/"), 200);
	/* The kept connection is judged again when what is allowed has changed. */
	int before = reached;
	policy(NULL, NULL);
	assert_int_equal(call("http://rebind.test:%d/"), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_int_equal(call("http://127.0.0.1:%d/"), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	resolved = "::ffff:127.0.0.1";
	assert_int_equal(call("http://rebind.test:%d/x"), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_int_equal(reached, before);
}

static void this_server_is_not_called(void **state)
{
	char own[40];

	(void)state;
	snprintf(own, sizeof(own), "127.0.0.1:%d", port);
	policy("0.0.0.0/0,::/0", own);
	int before = reached;
	is_kept_out("http://127.0.0.1:%d/");
	is_kept_out("http://2130706433:%d/");
	is_kept_out("http://[::ffff:127.0.0.1]:%d/");
	assert_int_equal(reached, before);
	assert_int_equal(call("http://127.0.0.2:%d/"), 200); /* another address: not its listener */
	assert_null(outbound_text_refused("127.0.0.1", port + 1));
	/* One that listens everywhere is every address of this machine. */
	snprintf(own, sizeof(own), "0.0.0.0:%d", port);
	policy("0.0.0.0/0,::/0", own);
	before = reached;
	is_kept_out("http://127.0.0.1:%d/");
	is_kept_out("http://127.0.0.2:%d/");
	is_kept_out("http://[::1]:%d/");
	assert_int_equal(reached, before);
	assert_null(outbound_text_refused("8.8.8.8", port));
}

static void a_bad_policy_is_refused(void **state)
{
	static const char *const bad[] = {"10.0.0.0/33", "10.1.2.3/8", "here", "10.0.0.0/",
					  "fd00::/129", "10.0.0.0/8;127.0.0.1", "::ffff:0:0/90"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(outbound_init(&(struct outbound_policy){.allow = bad[i]}, &err), -1);
	assert_int_equal(outbound_init(&(struct outbound_policy){.own = {"nowhere"}}, &err), -1);
	policy(NULL, NULL);
	assert_non_null(strstr(outbound_text_refused("10.1.2.3", 80),
			       "--allow-destinations 10.0.0.0/8"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_form_reaches_the_sink),
		cmocka_unit_test(what_is_allowed_reaches_it),
		cmocka_unit_test(an_allowed_range_opens_nothing_else),
		cmocka_unit_test(the_public_internet_is_open),
		cmocka_unit_test(a_redirect_is_judged_like_a_call),
		cmocka_unit_test(a_name_that_changes_its_address_is_judged_each_time),
		cmocka_unit_test(this_server_is_not_called),
		cmocka_unit_test(a_bad_policy_is_refused),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, start, stop);
}
