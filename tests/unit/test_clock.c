/* SPDX-License-Identifier: MIT */
/* The clocks, and times as people write them. */
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void iso(int64_t at, const char *want)
{
	char out[CLOCK_ISO_SIZE];

	assert_string_equal(clock_iso(at, out), want);
}

static void a_time_is_shown_in_utc_with_milliseconds(void **state)
{
	(void)state;
	iso(0, "1970-01-01T00:00:00.000Z");
	iso(1795442531123, "2026-11-23T14:02:11.123Z");
	iso(951782400000, "2000-02-29T00:00:00.000Z");
	iso(-1, "1969-12-31T23:59:59.999Z");
}

static void parsed(const char *text, int64_t want)
{
	int64_t at = -7;

	assert_int_equal(clock_parse(text, 1000000000, &at), 1);
	assert_int_equal(at, want);
}

static void what_people_type_is_read(void **state)
{
	(void)state;
	parsed("1970-01-02", 86400000);
	parsed("1970-01-01T00:01", 60000);
	parsed("1970-01-01 00:01:02", 62000);
	parsed("1970-01-01T00:00:00.5Z", 500);
	parsed("1970-01-01T02:00:00+02:00", 0);
	parsed("1970-01-01T00:00:00-00:30", 1800000);
	parsed("90s", 1000000000 - 90000);
	parsed("2h", 1000000000 - 7200000);
	parsed("7d", 1000000000 - 604800000);
}

static void a_time_that_was_shown_is_read_back(void **state)
{
	char out[CLOCK_ISO_SIZE];

	(void)state;
	for (int64_t at = 1; at < 4000000000000; at = at * 3 + 7)
		parsed(clock_iso(at, out), at);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const bad[] = {"", "x", "yesterday", "12", "5 m", "5mm", "-5m",
			"2026-13-01x",
					  "2026-01-01T", "2026-01-01Tx", "2026-01-01T10:00:00+2",
					  "2026-01-01Q", "99999999999h"};
	int64_t at = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(clock_parse(bad[i], 0, &at), 0);
}

static void a_span_needs_its_unit(void **state)
{
	int64_t ms = 0;

	(void)state;
	assert_int_equal(clock_span("250ms", &ms), 1);
	assert_int_equal(ms, 250);
	assert_int_equal(clock_span("5m", &ms), 1);
	assert_int_equal(ms, 300000);
	assert_int_equal(clock_span("5", &ms), 0);
	assert_int_equal(clock_span("m", &ms), 0);
}

static void the_monotonic_clock_never_goes_back(void **state)
{
	int64_t before = clock_mono_us();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_mono_us();
		assert_true(now >= before);
		before = now;
	}
	assert_true(clock_mono_ms() <= clock_mono_us() / 1000);
	assert_true(clock_wall_ms() > 1600000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_shown_in_utc_with_milliseconds),
		cmocka_unit_test(what_people_type_is_read),
		cmocka_unit_test(a_time_that_was_shown_is_read_back),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(a_span_needs_its_unit),
		cmocka_unit_test(the_monotonic_clock_never_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
