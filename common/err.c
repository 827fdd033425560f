/* SPDX-License-Identifier: MIT */
/* What went wrong, as a kind and a sentence. See err.h. */
#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A sentence cut inside a UTF-8 character would make the JSON that carries it invalid. */
static void trim_partial_char(char *text)
{
	size_t len = strlen(text), lead = len;

	while (lead > 0 && ((unsigned char)text[lead - 1] & 0xC0) == 0x80)
		lead--;
	if (lead == 0)
		return;
	unsigned char c = (unsigned char)text[lead - 1];
	size_t want = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
	if (len - (lead - 1) < want)
		text[lead - 1] = '\0';
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	err->kind = kind;
	va_start(ap, fmt);
	int n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(err->text))
		trim_partial_char(err->text);
	return -1;
}

int err_within(struct err *err, const char *fmt, ...)
{
	char rest[ERR_TEXT_MAX];
	va_list ap;

	if (!err)
		return -1;
	memcpy(rest, err->text, sizeof(rest));
	va_start(ap, fmt);
	int n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && n < (int)sizeof(err->text)) {
		size_t room = sizeof(err->text) - (size_t)n;
		size_t len = strnlen(rest, sizeof(rest) - 1);
		if (len >= room)
			len = room - 1;
		memcpy(err->text + n, rest, len);
		err->text[(size_t)n + len] = '\0';
	}
	trim_partial_char(err->text);
	return -1;
}

const char *err_word(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE: return "none";
	case ERR_INVALID: return "invalid";
	case ERR_DENIED: return "denied";
	case ERR_MISSING: return "missing";
	case ERR_CONFLICT: return "conflict";
	case ERR_TOO_BIG: return "too_big";
	case ERR_BUSY: return "busy";
	case ERR_TIMEOUT: return "timeout";
	case ERR_UPSTREAM: return "upstream";
	case ERR_SYSTEM: return "system";
	case ERR_DISK: return "disk";
	}
	return "unknown";
}
