/* SPDX-License-Identifier: MIT */
/* The settings: where values come from, which one wins, and how a bad one is refused. */
#include "common/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int enter(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/ringbolt-conf-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int leave(void **state)
{
	char path[96];

	(void)state;
	snprintf(path, sizeof(path), "%s/ringbolt.conf", dir);
	unlink(path);
	unsetenv("RINGBOLT_THREADS");
	unsetenv("RINGBOLT_LISTEN");
	unsetenv("RINGBOLT_DATA");
	return rmdir(dir);
}

static void write_file(const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/ringbolt.conf", dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Loads with --data DIR and one more flag; the sentence of a refusal is left in err. */
static int load(struct conf *conf, const char *name, const char *value, struct err *err)
{
	const char *flags[] = {"data", dir, name, value, NULL};

	return conf_load(conf, flags, err);
}

static void refused(const char *name, const char *value, const char *words)
{
	struct conf conf;
	struct err err = {0};

	assert_int_equal(load(&conf, name, value, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
	assert_null(conf.data);
}

static void test_conf_has_the_documented_defaults(void **state)
{
	struct conf conf;
	struct err err = {0};

	(void)state;
	assert_int_equal(load(&conf, NULL, NULL, &err), 0);
	assert_string_equal(conf.data, dir);
	assert_string_equal(conf.flows, "");
	assert_string_equal(conf.listen, "127.0.0.1:8080");
	assert_string_equal(conf.console, "127.0.0.1:8081");
	assert_string_equal(conf.base_url, "");
	assert_string_equal(conf.key_file, "");
	assert_int_equal(conf.workers_min, 2);
	assert_int_equal(conf.workers_max, 8);
	assert_int_equal(conf.threads, 128);
	assert_int_equal(conf.max_body_bytes, 10485760);
	assert_int_equal(conf.max_queued, 10000000);
	assert_int_equal(conf.run_limit_ms, 60000);
	assert_int_equal(conf.drain_ms, 10000);
	assert_int_equal(conf.body_deadline_ms, 30000);
	assert_int_equal(conf.worker_memory_mb, 512);
	assert_int_equal(conf.crash_max, 3);
	assert_string_equal(conf.allow_destinations, "");
	assert_string_equal(conf.log_level, "info");
	conf_release(&conf);
	conf_release(&conf);
}

static void test_conf_data_defaults_to_a_folder_here(void **state)
{
	struct conf conf;
	struct err err;

	(void)state;
	assert_int_equal(conf_load(&conf, NULL, &err), 0);
	assert_string_equal(conf.data, "./ringbolt-data");
	conf_release(&conf);
}

static void test_conf_flag_beats_environment_beats_file_beats_default(void **state)
{
	struct conf conf;
	struct err err = {0};

	(void)state;
	write_file("# ours\n\nthreads = 10\nlisten=9000\r\n  crash-max =\t7  \n");
	setenv("RINGBOLT_THREADS", "20", 1);
	assert_int_equal(load(&conf, NULL, NULL, &err), 0);
	assert_int_equal(conf.threads, 20);
	assert_string_equal(conf.listen, "9000");
	assert_int_equal(conf.crash_max, 7);
	conf_release(&conf);
	assert_int_equal(load(&conf, "threads", "30", &err), 0);
	assert_int_equal(conf.threads, 30);
	conf_release(&conf);
}

static void test_conf_environment_names_the_data_directory(void **state)
{
	struct conf conf;
	struct err err = {0};

	(void)state;
	write_file("threads = 11\n");
	setenv("RINGBOLT_DATA", dir, 1);
	assert_int_equal(conf_load(&conf, NULL, &err), 0);
	assert_string_equal(conf.data, dir);
	assert_int_equal(conf.threads, 11);
	conf_release(&conf);
}

static void test_conf_reads_ranges_spans_and_sizes(void **state)
{
	struct conf conf;
	struct err err = {0};

	(void)state;
	write_file("workers = 4\nrun-limit = 5m\ndrain = 250ms\nmax-body-bytes = 64KiB\n"
		   "base-url = https://hooks.example.com/\n");
	assert_int_equal(load(&conf, NULL, NULL, &err), 0);
	assert_int_equal(conf.workers_min, 4);
	assert_int_equal(conf.workers_max, 4);
	assert_int_equal(conf.run_limit_ms, 300000);
	assert_int_equal(conf.drain_ms, 250);
	assert_int_equal(conf.max_body_bytes, 65536);
	assert_string_equal(conf.base_url, "https://hooks.example.com");
	conf_release(&conf);
}

static void test_conf_refuses_values_and_says_what_is_allowed(void **state)
{
	(void)state;
	refused("allow-destinations", "10.1.2.3/8", "allow-destinations: \"10.1.2.3/8\" has bits set");
	refused("allow-destinations", "localhost", "is no range of addresses");
	refused("trusted-proxies", "*", "is no range of addresses");
	refused("forwarded-header", "X-Real-IP", "must be X-Forwarded-For or Forwarded");
	refused("threads", "0", "from 1 to 4096");
	refused("threads", "12x", "a whole number");
	refused("threads", "-1", "a whole number");
	refused("threads", "", "a whole number");
	refused("max-queued", "99999999999999999999", "a whole number");
	refused("workers", "8:2", "such as 2:8");
	refused("workers", "0:4", "from 1 to 256");
	refused("workers", "2:257", "from 1 to 256");
	refused("workers", "2:", "such as 2:8");
	refused("run-limit", "60", "such as 500ms");
	refused("run-limit", "99ms", "from 100ms");
	refused("max-body-bytes", "10MB", "10MiB");
	refused("max-body-bytes", "9223372036854775807GiB", "10MiB");
	refused("log-level", "loud", "debug, info, warn or error");
	refused("base-url", "hooks.example.com", "a URL");
	refused("base-url", "https://", "a URL");
	refused("data", "", "a path");
}

static void test_conf_refuses_addresses_nobody_can_listen_at(void **state)
{
	(void)state;
	refused("listen", "127.0.0.1", "IP:PORT");
	refused("listen", "127.0.0.1:0", "port 1 to 65535");
	refused("listen", "127.0.0.1:65536", "port 1 to 65535");
	refused("listen", "example.com:80", "IP:PORT");
	refused("listen", ":8080", "0.0.0.0:8080");
	refused("listen", "::1:8080", "[::1]:8080");
	refused("listen", "127.0.0.1:80 ", "IP:PORT");
}

static void address(const char *text, const char *want_host, int want_port)
{
	char host[64];
	int port;
	struct err err;

	assert_int_equal(conf_address(text, host, &port, &err), 0);
	assert_string_equal(host, want_host);
	assert_int_equal(port, want_port);
}

static void test_conf_address_splits(void **state)
{
	(void)state;
	address("8080", "127.0.0.1", 8080);
	address("0.0.0.0:80", "0.0.0.0", 80);
	address("localhost:1", "127.0.0.1", 1);
	address("[::1]:65535", "::1", 65535);
}

static void test_conf_unknown_name_offers_the_nearest(void **state)
{
	(void)state;
	refused("lisen", "8080", "did you mean \"listen\"");
	refused("max-body", "1", "did you mean \"max-body-bytes\"");
	refused("zzzz", "1", "there is no setting \"zzzz\" (");
}

static void test_conf_file_faults_name_the_line(void **state)
{
	(void)state;
	write_file("threads = 10\nthreds = 4\n");
	refused(NULL, NULL, "ringbolt.conf, line 2: there is no setting \"threds\"; did you mean \"threads\"");
	write_file("\n\nthreads 10\n");
	refused(NULL, NULL, "line 3: \"threads 10\" is not of the form name = value");
	write_file("threads = 10\nthreads = 11\n");
	refused(NULL, NULL, "line 2: threads stands on line 1 already");
	write_file("data = /tmp\n");
	refused(NULL, NULL, "use --data or RINGBOLT_DATA");
	write_file("drain = soon");
	refused(NULL, NULL, "line 1: drain must be a time");
}

static void test_conf_environment_faults_name_the_variable(void **state)
{
	(void)state;
	setenv("RINGBOLT_LISTEN", "nowhere", 1);
	refused(NULL, NULL, "environment, RINGBOLT_LISTEN: listen: \"nowhere\" is no address");
}

static void count(void *arg, const char *name, const char *fallback, const char *sentence)
{
	assert_true(conf_flag_known(name));
	assert_non_null(fallback);
	assert_true(strlen(sentence) > 10 && sentence[strlen(sentence) - 1] == '.');
	++*(int *)arg;
}

static void test_conf_each_walks_every_setting(void **state)
{
	int n = 0;

	(void)state;
	conf_each(count, &n);
	assert_int_equal(n, 26);
	assert_false(conf_flag_known("limit"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
		T(test_conf_has_the_documented_defaults),
		T(test_conf_data_defaults_to_a_folder_here),
		T(test_conf_flag_beats_environment_beats_file_beats_default),
		T(test_conf_environment_names_the_data_directory),
		T(test_conf_reads_ranges_spans_and_sizes),
		T(test_conf_refuses_values_and_says_what_is_allowed),
		T(test_conf_refuses_addresses_nobody_can_listen_at),
		T(test_conf_address_splits),
		T(test_conf_unknown_name_offers_the_nearest),
		T(test_conf_file_faults_name_the_line),
		T(test_conf_environment_faults_name_the_variable),
		T(test_conf_each_walks_every_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
