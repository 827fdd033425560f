/* SPDX-License-Identifier: MIT */
/*
 * clock: the two clocks. Wall time is what is written down and shown (milliseconds since
 * 1970, names end in _at); monotonic time is what deadlines are measured by (names end in
 * _mono_ms), since a wall clock jumps.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include "common/base.h"

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

#define CLOCK_ISO_SIZE 25
/* clock_iso writes "2026-11-23T14:02:11.123Z" into out and returns it. */
const char *clock_iso(int64_t at, char out[CLOCK_ISO_SIZE]);

/* clock_parse reads what people type: an ISO 8601 time ("2026-11-23T14:02:11Z", a date
 * alone, UTC where no zone is named), or an age before now ("90s", "15m", "2h", "7d").
 * 1 and *at, or 0 when the text is neither. */
int clock_parse(const char *text, int64_t now, int64_t *at) MUSTCHECK;

/* clock_span reads a span: "250ms", "10s", "5m", "2h", "7d"; 1 and *ms, or 0. */
int clock_span(const char *text, int64_t *ms) MUSTCHECK;

#endif
