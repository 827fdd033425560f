/* SPDX-License-Identifier: MIT */
/*
 * conf_value: reads one value of a setting. Only common/conf.c uses it; conf_address, which
 * others need, is declared in conf.h.
 */
#ifndef COMMON_CONF_VALUE_H
#define COMMON_CONF_VALUE_H

#include "common/base.h"

/* Each is 1, or 0 when the text is not of that form. conf_number leaves *end behind the
 * digits. */
int conf_number(const char *text, char **end, int64_t *out);
int conf_bytes(const char *text, int64_t *out); /* "10485760", "10MiB" */
int conf_range(const char *text, int64_t *least, int64_t *most); /* "2:8", or "4" for 4:4 */
bool conf_url_sound(const char *url); /* "" too */
bool conf_level_known(const char *text);
bool conf_header_known(const char *text); /* a "forwarded-header", in any case */

#endif
