/* SPDX-License-Identifier: MIT */
/*
 * trace: a run's steps and its reply, for people. Values are what callers sent: they are
 * shown escaped, and long ones are cut.
 */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include "common/base.h"

#include <stdio.h>

/* trace_print_steps prints the trace of struct run_result or of an event's run: a line a step,
 * its input, output and error beneath. */
void trace_print_steps(struct slice steps, FILE *out);

/* trace_print_reply prints status, headers (JSON [["Name","value"],...]) and body. */
void trace_print_reply(int status, struct slice headers, struct slice body, FILE *out);

/* trace_print_headers prints "Name: value" lines, each behind indent. */
void trace_print_headers(struct slice headers, const char *indent, FILE *out);

/* trace_print_body prints a body after an empty line, or how many bytes it has when they are
 * no text. */
void trace_print_body(struct slice body, FILE *out);

/* trace_print_value prints a value on lines of its own behind indent, cut when long. */
void trace_print_value(struct slice value, const char *indent, FILE *out);

#endif
