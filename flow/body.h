/* SPDX-License-Identifier: MIT */
/*
 * body: the body of a call, in one of the forms a step may say it in: JSON or text, a form,
 * parts (multipart), raw text, raw bytes. The forms are one table (body.c).
 *
 * Sources: WHATWG URL standard (forms), RFC 7578 (multipart/form-data).
 */
#ifndef FLOW_BODY_H
#define FLOW_BODY_H

#include "flow/step.h"

/* The parameters of a step that has a body: at the place of these lines in its declaration. */
#define BODY_PARAMS \
	{.name = "body", .type = PARAM_VALUE, .flags = PARAM_SECRETS, \
	 .text = "The body: text is sent as text, anything else as JSON."}, \
	{.name = "form", .type = PARAM_MAP_VALUE, .flags = PARAM_SECRETS, \
	 .text = "Instead of body: a form; a list repeats a field, null leaves it out."}, \
	{.name = "multipart", .type = PARAM_LIST, .members = body_part_params, \
	 .text = "Instead of body: the parts of a multipart/form-data body."}, \
	{.name = "raw", .type = PARAM_TEXT_VALUE, .flags = PARAM_SECRETS, \
	 .text = "Instead of body: text, sent as it is."}, \
	{.name = "raw_base64", .type = PARAM_TEXT_VALUE, .flags = PARAM_SECRETS, \
	 .text = "Instead of body: bytes, written in base64."}
extern const struct param body_part_params[];

struct body {
	struct buf bytes;
	bool given;            /* false: there is none */
	char type[80];         /* the Content-Type it has by itself; "" none */
};
void body_release(struct body *b);

/* body_check: a step has one body, and a part one content. */
void body_check(const struct step *s, struct faults *faults);

/* body_build evaluates it: 0 or -1. The same values give the same bytes. */
int body_build(struct walk *w, const struct step *s, struct body *out, struct err *err) MUSTCHECK;

#endif
