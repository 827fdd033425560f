/* SPDX-License-Identifier: MIT */
/*
 * outbound_url: URLs of calls. Parsed by libcurl itself, once: what is checked is what is
 * called. Only outbound.c uses it.
 */
#ifndef COMMON_OUTBOUND_URL_H
#define COMMON_OUTBOUND_URL_H

#include "common/base.h"
#include "common/err.h"

#include <curl/curl.h>

/* Room for "https://host:port/path": all of a URL that a sentence may show. */
#define OUTBOUND_URL_SHOWN 300

/* outbound_url_new: the caller's to curl_url_cleanup; NULL with a sentence. */
CURLU *outbound_url_new(const char *text, struct err *err) MUSTCHECK;
/* outbound_url_join: where a Location leads, seen from a URL. */
CURLU *outbound_url_join(CURLU *from, const char *location, struct err *err) MUSTCHECK;

/* outbound_url_check: http or https, with a host, without user, password or zone: 0 and what
 * a sentence may show; -1. */
int outbound_url_check(CURLU *url, char shown[OUTBOUND_URL_SHOWN], struct err *err) MUSTCHECK;

enum outbound_url_move {
	OUTBOUND_URL_SAME_ORIGIN, /* scheme, host and port are the same */
	OUTBOUND_URL_ELSEWHERE,
	OUTBOUND_URL_DOWNGRADE,   /* from https to http */
};
enum outbound_url_move outbound_url_move(CURLU *from, CURLU *to);

#endif
