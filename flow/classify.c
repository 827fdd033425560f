/* SPDX-License-Identifier: MIT */
#include "flow/classify.h"

#include "common/jsontext.h"
#include "common/utf8.h"
#include "flow/multipart.h"

#include <string.h>
#include <strings.h>

/* Does the content type promise JSON, a form, text? Parameters do not count. */
static enum body_kind promised_kind(const char *type)
{
	size_t len = strcspn(type, "; \t");

	if (len == 16 && strncasecmp(type, "application/json", len) == 0)
		return BODY_JSON;
	if (len > 5 && strncasecmp(type + len - 5, "+json", 5) == 0)
		return BODY_JSON;
	if (len == 33 && strncasecmp(type, "application/x-www-form-urlencoded", len) == 0)
		return BODY_FORM;
	if (len == 19 && strncasecmp(type, "multipart/form-data", len) == 0)
		return BODY_MULTIPART;
	return strncasecmp(type, "text/", 5) == 0 ? BODY_TEXT : BODY_UNKNOWN;
}

enum body_kind classify(const char *type, struct slice body, struct slice *json, struct buf *parts,
			struct err *why)
{
	enum body_kind promised = promised_kind(type);
	struct slice whole = body;

	if (!body.len)
		return BODY_EMPTY;
	if (promised == BODY_MULTIPART && multipart_json(type, body, parts, why) == 0)
		return BODY_MULTIPART;
	/* Some senders put a byte order mark before their JSON. */
	if (body.len > 3 && memcmp(body.ptr, "\xEF\xBB\xBF", 3) == 0)
		body = (struct slice){body.ptr + 3, body.len - 3};
	*json = jsontext_trim(body);
	/* What looks like JSON and is JSON counts as JSON whatever it is called: AWS SNS calls
	 * it text/plain, and curl -d a form. */
	if (promised == BODY_JSON || (json->len && (*json->ptr == '{' || *json->ptr == '['))) {
		if (jsontext_check(body, JSONTEXT_DEPTH_MAX, promised == BODY_JSON ? why : NULL) == 0)
			return BODY_JSON;
	}
	if (promised == BODY_FORM || promised == BODY_TEXT)
		return promised;
	bool text = !memchr(whole.ptr, '\0', whole.len) && utf8_valid(whole.ptr, whole.len);
	return text ? BODY_TEXT : BODY_BINARY;
}
