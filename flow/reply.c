/* SPDX-License-Identifier: MIT */
/* Checks and builds what goes back to the caller. The length is never taken from a flow: who
 * sends the reply counts it. */
#include "flow/reply.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "common/header.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void reply_release(struct reply *r)
{
	free(r->headers);
	r->headers = NULL;
	buf_release(&r->body);
	r->status = 0;
}

int reply_status(struct slice json, int *status, struct err *err)
{
	enum jsontext_kind kind = jsontext_kind(json);
	struct buf text = BUF_INIT;
	char *end = NULL;
	int rc = 1;

	if (kind == JSONTEXT_NULL)
		return 0;
	jsontext_text(json, &text);
	double n = strtod(text.ptr, &end);
	bool number = (kind == JSONTEXT_NUMBER || kind == JSONTEXT_STRING) && text.len > 0 &&
		      text.len < 32 && text.ptr[0] >= '0' && text.ptr[0] <= '9' && !*end &&
		      !strpbrk(text.ptr, "xX");
	if (!number || n != floor(n))
		rc = err_set(err, ERR_INVALID, "the status must be a whole number, not %s %.60s",
			     jsontext_kind_name(kind), text.ptr);
	else if (n < 200 || n > 599)
		rc = err_set(err, ERR_INVALID, "the status must be between 200 and 599, not %.0f",
			     n);
	else if (n >= 300 && n < 400)
		rc = err_set(err, ERR_INVALID, "a redirect (%.0f) is no answer to a webhook; "
			     "use 200 to 299 or 400 to 599", n);
	else
		*status = (int)n;
	buf_release(&text);
	return rc;
}

static bool bodiless(int status)
{
	return status == 204 || status == 205;
}

int reply_make(struct reply *reply, int status, struct slice headers, struct slice body,
	       struct err *err)
{
	struct buf list = BUF_INIT;

	*reply = (struct reply){.status = status, .body = BUF_INIT};
	headers = jsontext_trim(headers);
	if (header_list_check(headers, header_refused_in_reply, err) < 0)
		return -1;
	/* The list is reopened to take one more pair. */
	buf_add(&list, headers.ptr, headers.len - 1);
	if (!bodiless(status) && body.ptr) {
		bool text = jsontext_kind(body) == JSONTEXT_STRING;
		const char *type = text ? "text/plain; charset=utf-8" : "application/json";
		jsontext_text(body, &reply->body);
		if (!header_list_has(headers, "Content-Type"))
			header_list_add(&list, "Content-Type", type, strlen(type));
	}
	buf_add_char(&list, ']');
	reply->headers = buf_take(&list);
	return 0;
}

void reply_bytes(struct reply *reply, struct slice bytes)
{
	static const char type[] = "application/octet-stream";
	struct buf list = BUF_INIT;

	if (bodiless(reply->status))
		return;
	buf_add_slice(&reply->body, bytes);
	buf_add_text(&list, reply->headers);
	if (!header_list_has(buf_slice(&list), "Content-Type")) {
		list.ptr[--list.len] = '\0'; /* the list is reopened */
		header_list_add(&list, "Content-Type", type, sizeof(type) - 1);
		buf_add_char(&list, ']');
	}
	free(reply->headers);
	reply->headers = buf_take(&list);
}
