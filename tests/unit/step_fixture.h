/* SPDX-License-Identifier: MIT */
/* One step of a type, run within a flow: what it gives, or why not. */
#ifndef TESTS_STEP_FIXTURE_H
#define TESTS_STEP_FIXTURE_H

#include "common/mem.h"
#include "flow/flow.h"
#include "flow/run.h"

#include <stdlib.h>
#include <string.h>

/* The step's output as JSON, or its error, or the first fault; the caller's to free. members: of
 * the step, without name and type. */
static inline char *step_result(const char *type, const char *members, const char *body,
				const struct run_host *host)
{
	char *document = mem_format(
		"{\"name\":\"f\",\"webhook\":{\"system\":\"generic\",\"name\":\"n\",\"url_suffix\":\"/f\","
		"\"methods\":[\"POST\"],\"authentication\":{\"type\":\"none\"}},\"steps\":["
		"{\"name\":\"c\",\"type\":\"%s\",%s},"
		"{\"name\":\"r\",\"type\":\"webhook_response\",\"body\":\"{{ .steps.c }}\"}]}", type, members);
	struct scope_event event = {
		.id = 1, .method = "POST", .path = "/in/f", .query = "", .suffix = "/f", .remote = "",
		.headers = "[[\"Content-Type\",\"application/json\"]]", .trigger = "test", .run = 1,
		.attempt = 1, .body = {body, strlen(body)},
	};
	struct run_result result;
	struct faults faults;
	struct flow *f;
	char *got;

	if (flow_parse(document, strlen(document), &f, &faults) < 0) {
		got = mem_dup(faults.list[0].text);
	} else {
		run_flow(f, &event, (struct slice){0}, host, &result);
		got = mem_dup(result.outcome == RUN_FAILED ? result.err.text : result.reply.body.ptr);
		run_result_release(&result);
		flow_free(f);
	}
	faults_release(&faults);
	free(document);
	return got;
}

#endif
