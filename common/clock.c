/* SPDX-License-Identifier: MIT */
/* The two clocks, and times as people write them. */
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t read_us(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

const char *clock_iso(int64_t at, char out[CLOCK_ISO_SIZE])
{
	time_t seconds = (time_t)(at / 1000);
	int ms = (int)(at % 1000);
	struct tm tm;

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	gmtime_r(&seconds, &tm);
	size_t n = strftime(out, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, CLOCK_ISO_SIZE - n, ".%03dZ", ms);
	return out;
}

int clock_span(const char *text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	char *end;

	if (*text < '0' || *text > '9')
		return 0;
	long long n = strtoll(text, &end, 10);
	if (n > 100000000)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(end, units[i].unit) == 0) {
			*ms = n * units[i].ms;
			return 1;
		}
	}
	return 0;
}

int clock_parse(const char *text, int64_t now, int64_t *at)
{
	int64_t age;
	struct tm tm = {0};
	const char *rest;

	if (clock_span(text, &age)) {
		*at = now - age;
		return 1;
	}
	if ((rest = strptime(text, "%Y-%m-%d", &tm)) == NULL)
		return 0;
	if (*rest == 'T' || *rest == ' ') {
		const char *time_of_day = rest + 1;
		rest = strptime(time_of_day, "%H:%M:%S", &tm);
		if (!rest && (rest = strptime(time_of_day, "%H:%M", &tm)) == NULL)
			return 0;
	}
	int64_t ms = 0;
	if (*rest == '.') {
		int scale = 100;
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, scale /= 10)
			ms += scale * (*rest - '0');
	}
	int64_t offset_min = 0;
	if (*rest == '+' || *rest == '-') {
		int hours, minutes, n = 0;
		if (sscanf(rest + 1, "%2d:%2d%n", &hours, &minutes, &n) != 2)
			return 0;
		offset_min = (*rest == '-' ? -1 : 1) * (hours * 60 + minutes);
		rest += 1 + n;
	} else if (*rest == 'Z') {
		rest++;
	}
	if (*rest)
		return 0;
	*at = ((int64_t)timegm(&tm) - offset_min * 60) * 1000 + ms;
	return 1;
}
