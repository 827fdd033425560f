/* SPDX-License-Identifier: MIT */
/* One fact a line, key=value. A line is one write, so lines of several processes never mix. */
#include "common/log.h"

#include "common/buf.h"
#include "common/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
	char role[24];
	enum log_level threshold;
} self = {"ringbolt", LOG_INFO};

void log_role(const char *role)
{
	snprintf(self.role, sizeof(self.role), "%s", role);
}

void log_threshold(enum log_level level)
{
	self.threshold = level;
}

static bool plain(const char *value)
{
	if (!*value)
		return false;
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7F || *p == '"' || *p == '\\' ||
		    *p == '=')
			return false;
	return true;
}

void log_line(enum log_level level, const char *words, ...)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	struct buf line = BUF_INIT;
	char at[CLOCK_ISO_SIZE];
	const char *key;
	va_list ap;

	if (level < self.threshold)
		return;
	buf_addf(&line, "%s %s %s[%d] %s", clock_iso(clock_wall_ms(), at), names[level], self.role,
		 (int)getpid(), words);
	va_start(ap, words);
	while ((key = va_arg(ap, const char *)) != NULL) {
		const char *value = va_arg(ap, const char *);
		buf_addf(&line, " %s=", key);
		if (!value)
			buf_add_char(&line, '-');
		else if (plain(value))
			buf_add_text(&line, value);
		else
			buf_add_json_text(&line, value, strlen(value));
	}
	va_end(ap);
	buf_add_char(&line, '\n');
	if (write(STDERR_FILENO, line.ptr, line.len) < 0) {
		/* Nobody is left to tell. */
	}
	buf_release(&line);
}

const char *log_number(int64_t n)
{
	static _Thread_local char ring[8][24];
	static _Thread_local unsigned next;
	char *out = ring[next++ % ARRAY_LEN(ring)];

	snprintf(out, sizeof(ring[0]), "%" PRId64, n);
	return out;
}
