/* SPDX-License-Identifier: MIT */
/*
 * log: one fact a line on standard error, as key=value, readable by people and by grep:
 *
 *     2026-11-23T14:02:11.123Z info worker[4711] run failed event=1042 flow=orders error="..."
 *
 * Values are quoted where they hold a space; control bytes and escape sequences never
 * reach the line. Secrets are the caller's duty: pass names, never values.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* log_role names this process in its lines: "front", "worker". Call once, after fork. */
void log_role(const char *role);

/* log_threshold drops lines below level. */
void log_threshold(enum log_level level);

/* log_line writes one line: a few fixed words, then pairs of key and value, both text,
 * ended by NULL: log_line(LOG_INFO, "run failed", "event", id, "error", e.text, NULL). */
void log_line(enum log_level level, const char *words, ...) __attribute__((sentinel));

/* log_number is a number as text for log_line; each thread may use eight at a time. */
const char *log_number(int64_t n);

#endif
