/* SPDX-License-Identifier: MIT */
/* flow_case: one case of tests/flows/, and the host that runs it. */
#ifndef TESTS_UNIT_FLOW_CASE_H
#define TESTS_UNIT_FLOW_CASE_H

#include "common/jsontext.h"
#include "common/mem.h"
#include "common/outbound.h"
#include "flow/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum section { FLOW, EVENT, SECRETS, CONNECTION, ANSWERS, EXPECT, FLOWS, RESUME, SECTIONS };
static const char *const section_names[] = {"flow", "event", "secrets", "connection", "answers", "expect",
					    "flows", "resume"};

struct one_case {
	char name[200];
	int line;
	struct buf parts[SECTIONS];
	/* while it runs */
	const char *next_answer;
	struct buf calls, keys;
	struct flow *called[8];
	int n_called, waits;
	int replies_sent;
	size_t complaints;
};

/* ---- the host of a run ---- */

static inline int host_secret(void *arg, const char *name, char **value, struct err *err)
{
	struct one_case *c = arg;
	char key[100];

	(void)err;
	snprintf(key, sizeof(key), "%s=", name);
	const char *p = strstr(c->parts[SECRETS].ptr, key);
	if (!p)
		return 0;
	p += strlen(key);
	*value = mem_dup_len(p, strcspn(p, "\n"));
	return 1;
}

/* A case has one connection at most, and any name finds it. */
static inline int host_connection(void *arg, const char *name, char **document, struct err *err)
{
	struct one_case *c = arg;

	(void)name;
	(void)err;
	if (!c->parts[CONNECTION].len)
		return 0;
	*document = mem_dup(c->parts[CONNECTION].ptr);
	return 1;
}

static inline int host_reply(void *arg, const struct reply *reply, struct err *err)
{
	struct one_case *c = arg;

	(void)err;
	assert_true(reply->status >= 200);
	c->replies_sent++;
	return 0;
}

static inline int host_flow(void *arg, const char *name, struct flow **flow, struct err *err)
{
	struct one_case *c = arg;

	(void)err;
	for (int i = 0; i < c->n_called; i++) {
		*flow = c->called[i];
		if (strcmp(flow_name(*flow), name) == 0)
			return 1;
	}
	return 0;
}

/* An answer is a line: `200 BODY`, or `timeout words`, or `upstream words`. */
static inline int host_call(void *arg, const struct outbound_request *q, struct outbound_response *r,
		     struct err *err)
{
	struct one_case *c = arg;
	const char *line = c->next_answer, *body;
	struct err unread;

	*r = (struct outbound_response){.headers = BUF_INIT, .body = BUF_INIT};
	buf_addf(&c->calls, "%s %s%s%.*s\n", q->method, q->url, q->body.len ? " " : "",
		 (int)q->body.len, q->body.ptr ? q->body.ptr : "");
	const char *key = strstr(q->headers, "[\"Idempotency-Key\",\"");
	assert_true(!key == q->for_token);
	if (key) {
		key += strlen("[\"Idempotency-Key\",\"");
		buf_addf(&c->keys, "%.*s\n", (int)strcspn(key, "\""), key);
	}
	if (!*line)
		return err_set(err, ERR_UPSTREAM, "the case has no answer left");
	size_t len = strcspn(line, "\n");
	c->next_answer = line + len + (line[len] == '\n');
	body = strchr(line, ' ');
	size_t body_len = body && body < line + len ? (size_t)(line + len - body - 1) : 0;
	if (!(r->status = atoi(line)))
		return err_set(err, strncmp(line, "timeout", 7) == 0 ? ERR_TIMEOUT : ERR_UPSTREAM,
			       "%.*s", (int)body_len, body + 1);
	buf_add(&r->body, body_len ? body + 1 : "", body_len);
	buf_add_text(&r->headers, "{}");
	r->body_is_json = body_len && jsontext_check(buf_slice(&r->body), 100, &unread) == 0;
	return 0;
}

#endif
