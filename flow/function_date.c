/* SPDX-License-Identifier: MIT */
/* Dates for expressions. Between functions a date is a number of seconds since 1970, as
 * jq's own now; zones come from the system's tz database, by way of TZ and libc, which is
 * sound since a program runs in one thread (flow/jq.h). */
#include "flow/functions.h"

#include "common/clock.h"
#include "common/jsontext.h"
#include "common/mem.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ZONES "/usr/share/zoneinfo/"
#define MS_MIN (-62135596800000)  /* the year 1 */
#define MS_MAX 253402300799999    /* the end of 9999 */

/* ---- zones ---- */

struct zone {
	char *before; /* TZ as it was */
	bool utc;
};

/* libc takes any name it does not know for UTC: look first. */
static bool zone_there(const char *name)
{
	char magic[4] = "", *path;

	if (!*name || *name == '/' || strlen(name) > 64 || strstr(name, "..") ||
	    name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/")])
		return false;
	path = mem_format("%s%s", ZONES, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, magic, sizeof(magic));
	if (fd >= 0)
		close(fd);
	free(path);
	return got == sizeof(magic) && memcmp(magic, "TZif", sizeof(magic)) == 0;
}

/* "+02:00" for POSIX, where the sign is the other way round; "" when it is no offset. */
static void offset_zone(const char *name, char out[32])
{
	unsigned hours, minutes = 0;
	int len = 0;
	bool offset = (*name == '+' || *name == '-') &&
		      (sscanf(name + 1, "%2u:%2u%n", &hours, &minutes, &len) == 2 ||
		       sscanf(name + 1, "%2u%2u%n", &hours, &minutes, &len) == 2) &&
		      !name[1 + len] && hours < 24 && minutes < 60;

	*out = '\0';
	if (offset)
		snprintf(out, 32, "<%c%02u%02u>%c%02u:%02u", *name, hours, minutes,
			 *name == '+' ? '-' : '+', hours, minutes);
}

/* The zone that argument i names stands until zone_leave. 0 or -1. */
static int zone_enter(struct zone *z, const struct function_call *c, int i, struct err *err)
{
	struct buf name = BUF_INIT;
	char offset[32];
	int rc = 0;

	*z = (struct zone){0};
	if (function_given(c, i))
		rc = function_text(c, i, "the time zone", &name, err);
	z->utc = !name.len || strcmp(name.ptr, "UTC") == 0 || strcmp(name.ptr, "Z") == 0;
	offset_zone(name.ptr, offset);
	if (rc == 0 && !z->utc && !*offset && !zone_there(name.ptr))
		rc = access(ZONES "Europe/London", R_OK) == 0
			     ? err_set(err, ERR_INVALID, "there is no time zone \"%.64s\": zones are called "
				       "like \"Europe/Berlin\", \"UTC\" or \"+02:00\"", name.ptr)
			     : err_set(err, ERR_SYSTEM, "this machine has no time zones: install the "
				       "package tzdata");
	if (rc == 0) {
		z->before = mem_dup(getenv("TZ"));
		setenv("TZ", z->utc ? "UTC0" : *offset ? offset : name.ptr, 1);
		tzset();
	}
	buf_release(&name);
	return rc;
}

static void zone_leave(struct zone *z)
{
	if (z->before)
		setenv("TZ", z->before, 1);
	else
		unsetenv("TZ");
	tzset();
	free(z->before);
}

/* ---- reading ---- */

/* "+0100", "+01:00", "Z", "GMT", "UTC" as seconds east; 1, 0 when there is none, -1. */
static int read_offset(const char *p, long *east)
{
	unsigned hours, minutes;
	int len = 0;

	while (*p == ' ')
		p++;
	*east = 0;
	if (!*p)
		return 0;
	if (strcmp(p, "Z") == 0 || strcmp(p, "z") == 0 || strcmp(p, "GMT") == 0 || strcmp(p, "UTC") == 0)
		return 1;
	if ((*p != '+' && *p != '-') ||
	    (sscanf(p + 1, "%2u:%2u%n", &hours, &minutes, &len) < 2 &&
	     sscanf(p + 1, "%2u%2u%n", &hours, &minutes, &len) < 2) ||
	    p[1 + len] || hours > 23 || minutes > 59)
		return -1;
	*east = (*p == '-' ? -1 : 1) * (long)(hours * 3600 + minutes * 60);
	return 1;
}

/* The moment of a broken-down time in the zone entered, or at an offset of its own. */
static int moment(struct tm *tm, bool has_offset, long east, int ms, int64_t *out)
{
	struct tm asked = *tm;

	tm->tm_isdst = -1;
	int64_t seconds = has_offset ? (int64_t)timegm(tm) - east : (int64_t)mktime(tm);
	/* libc makes a 1st of March of the 30th of February: that is no date. */
	if (asked.tm_mon != tm->tm_mon || asked.tm_mday != tm->tm_mday || asked.tm_min > 59 ||
	    asked.tm_hour > 23 || asked.tm_sec > 60)
		return -1;
	*out = seconds * 1000 + ms;
	return *out < MS_MIN || *out > MS_MAX ? -1 : 0;
}

/* ".123456" as milliseconds; past it. */
static int read_fraction(const char **p)
{
	int ms = 0, digits = 0;

	if (**p != '.' && **p != ',')
		return 0;
	for (++*p; **p >= '0' && **p <= '9'; ++*p)
		if (digits++ < 3)
			ms = ms * 10 + (**p - '0');
	for (; digits < 3; digits++)
		ms *= 10;
	return ms;
}

/* ISO 8601, or the Mon, 23 Nov 2026 14:02:11 +0100 of mails and of HTTP. */
static int read_known(const char *text, int64_t *out)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
					    "%Y-%m-%d %H:%M", "%Y-%m-%d", "%a, %d %b %Y %H:%M:%S",
					    "%d %b %Y %H:%M:%S"};
	long east;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = {.tm_mday = 1};
		const char *p = strptime(text, forms[i], &tm);
		if (!p)
			continue;
		int ms = read_fraction(&p);
		int offset = read_offset(p, &east);
		if (offset >= 0)
			return moment(&tm, offset > 0, east, ms, out);
	}
	return -1;
}

/* As a format says; a %z in it gives the offset. */
static int read_format(const char *text, const char *format, int64_t *out)
{
	struct tm tm = {.tm_mday = 1, .tm_year = 70};
	const char *p = strptime(text, format, &tm);

	if (!p || *p)
		return -1;
	if (strstr(format, "%s")) {
		/* strptime has made local time of it. */
		*out = (int64_t)mktime(&tm) * 1000;
		return 0;
	}
	return moment(&tm, strstr(format, "%z") != NULL, tm.tm_gmtoff, 0, out);
}

/* The input as milliseconds: a number of seconds (of milliseconds, when it is that large), or
 * text. The zone has been entered. */
static int read_date(const struct function_call *c, const char *format, int64_t *out, struct err *err)
{
	struct buf text = BUF_INIT;
	double seconds;
	int rc = 0;

	if (jsontext_kind(c->input) == JSONTEXT_NUMBER) {
		if (function_number(c, -1, "the date", &seconds, err) < 0)
			return -1;
		double ms = fabs(seconds) > 1e11 ? seconds : seconds * 1000;
		if (!(ms >= MS_MIN && ms <= MS_MAX))
			return err_set(err, ERR_INVALID, "that number is no date between the years 1 and 9999");
		*out = llround(ms);
		return 0;
	}
	if (function_text(c, -1, "the date", &text, err) < 0)
		return -1;
	if ((format && *format ? read_format(text.ptr, format, out) : read_known(text.ptr, out)) < 0) {
		bool given = format && *format;
		rc = err_set(err, ERR_INVALID, "\"%.60s\" is no date%s%.60s%s", text.ptr,
			     given ? " as \"" : "; known are 2026-07-01, 2026-07-01T09:30:00Z and "
				     "Wed, 01 Jul 2026 09:30:00 +0200",
			     given ? format : "", given ? "\" describes it" : "");
	}
	buf_release(&text);
	return rc;
}

static void add_seconds(int64_t at, struct buf *out)
{
	int64_t seconds = at / 1000, ms = at % 1000;

	if (!ms)
		buf_addf(out, "%lld", (long long)seconds);
	else
		buf_addf(out, "%s%lld.%03lld", at < 0 ? "-" : "", llabs((long long)seconds),
			 llabs((long long)ms));
}

/* ---- the functions ---- */

FUNCTION(function_date_parse)
{
	struct buf format = BUF_INIT;
	struct zone zone;
	int64_t at;

	if (function_given(c, 0) && function_text(c, 0, "the format", &format, err) < 0)
		return -1;
	int rc = zone_enter(&zone, c, 1, err);
	if (rc == 0) {
		rc = read_date(c, format.ptr, &at, err);
		zone_leave(&zone);
	}
	if (rc == 0)
		add_seconds(at, out);
	buf_release(&format);
	return rc;
}

/* Text of a moment, in the zone entered; 0, or -1 when the format gives nothing sensible. */
static int write_date(int64_t at, const char *format, bool utc, struct buf *out)
{
	time_t seconds = (time_t)((at - ((at % 1000) + 1000) % 1000) / 1000);
	char text[512], offset[8];
	struct tm tm;

	bool iso = strcmp(format, "iso") == 0, http = strcmp(format, "http") == 0;
	if (http)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	const char *form = iso ? "%Y-%m-%dT%H:%M:%S" : http ? "%a, %d %b %Y %H:%M:%S GMT"
			   : strcmp(format, "rfc2822") == 0 ? "%a, %d %b %Y %H:%M:%S %z" : format;
	size_t len = strftime(text, sizeof(text), form, &tm);
	if (!len)
		return -1;
	buf_add(out, text, len);
	if (iso && utc) {
		buf_add_char(out, 'Z');
	} else if (iso) {
		strftime(offset, sizeof(offset), "%z", &tm);
		buf_addf(out, "%.3s:%s", offset, offset + 3);
	}
	return 0;
}

FUNCTION(function_date_format)
{
	struct buf format = BUF_INIT, text = BUF_INIT;
	struct zone zone;
	int64_t at;

	if (function_text(c, 0, "the format", &format, err) < 0)
		return -1;
	int rc = zone_enter(&zone, c, 1, err);
	if (rc == 0) {
		rc = read_date(c, NULL, &at, err);
		if (rc == 0 && write_date(at, format.ptr, zone.utc, &text) < 0)
			rc = err_set(err, ERR_INVALID, "the format \"%.60s\" gives nothing, or more than 500 "
				     "bytes", format.ptr);
		zone_leave(&zone);
	}
	if (rc == 0)
		buf_add_json_text(out, text.ptr, text.len);
	buf_release(&format);
	buf_release(&text);
	return rc;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month] + (month == 1 && leap);
}

/* Months keep the day, or take the month's last where it has no such day. */
static void add_months(struct tm *tm, long n)
{
	long months = (long)tm->tm_year * 12 + tm->tm_mon + n;
	long year = months / 12, month = months % 12;

	if (month < 0) {
		month += 12;
		year--;
	}
	tm->tm_year = (int)year;
	tm->tm_mon = (int)month;
	int most = days_in_month(tm->tm_year + 1900, tm->tm_mon);
	if (tm->tm_mday > most)
		tm->tm_mday = most;
}

static int add_to(int64_t *at, double number, const char *unit, struct err *err)
{
	static const struct {
		const char *name;
		double ms;    /* of a fixed length */
		long days, months; /* of the calendar */
	} units[] = {{"seconds", 1e3, 0, 0}, {"minutes", 6e4, 0, 0}, {"hours", 36e5, 0, 0},
		     {"days", 0, 1, 0}, {"weeks", 0, 7, 0}, {"months", 0, 0, 1}, {"years", 0, 0, 12}};
	size_t i = 0, len = strlen(unit);

	while (i < ARRAY_LEN(units) && (strncmp(units[i].name, unit, len) != 0 ||
					strlen(units[i].name) - len > 1))
		i++;
	if (i == ARRAY_LEN(units))
		return err_set(err, ERR_INVALID, "there is no unit \"%.40s\": say seconds, minutes, hours, "
			       "days, weeks, months or years", unit);
	if (fabs(number) > 1e12 || (!(units[i].ms > 0) && (floor(number) != number || fabs(number) > 4e6)))
		return err_set(err, ERR_INVALID, "%g %s: a whole number of days, weeks, months or years is "
			       "wanted, and a date before the year 9999", number, unit);
	if (units[i].ms > 0) {
		*at += llround(number * units[i].ms);
		return 0;
	}
	time_t seconds = (time_t)(*at / 1000);
	int64_t ms = *at % 1000;
	struct tm tm;
	localtime_r(&seconds, &tm);
	tm.tm_mday += (int)(number * (double)units[i].days);
	if (units[i].months)
		add_months(&tm, (long)number * units[i].months);
	tm.tm_isdst = -1;
	*at = (int64_t)mktime(&tm) * 1000 + ms;
	return 0;
}

FUNCTION(function_date_add)
{
	struct buf unit = BUF_INIT;
	struct zone zone;
	double number;
	int64_t at;

	if (function_number(c, 0, "what is added", &number, err) < 0 ||
	    function_text(c, 1, "the unit", &unit, err) < 0)
		return -1;
	int rc = zone_enter(&zone, c, 2, err);
	if (rc == 0) {
		rc = read_date(c, NULL, &at, err);
		if (rc == 0)
			rc = add_to(&at, number, unit.ptr, err);
		if (rc == 0 && (at < MS_MIN || at > MS_MAX))
			rc = err_set(err, ERR_INVALID, "that is no date between the years 1 and 9999");
		zone_leave(&zone);
	}
	if (rc == 0)
		add_seconds(at, out);
	buf_release(&unit);
	return rc;
}

FUNCTION(function_now_iso)
{
	char text[CLOCK_ISO_SIZE];

	(void)c;
	(void)err;
	buf_addf(out, "\"%s\"", clock_iso(clock_wall_ms(), text));
	return 0;
}
