/* SPDX-License-Identifier: MIT */
/* outbound_headers: the headers of a call. They may hold secrets: what is made of them is
 * wiped. Only outbound.c uses it. */
#ifndef COMMON_OUTBOUND_HEADERS_H
#define COMMON_OUTBOUND_HEADERS_H

#include "common/base.h"
#include "common/buf.h"

#include <curl/curl.h>

/* outbound_header_lines: [["Name","value"],...] as libcurl wants it, without what libcurl
 * would add by itself; freed by outbound_header_lines_free. */
struct curl_slist *outbound_header_lines(struct slice pairs);
void outbound_header_lines_free(struct curl_slist *lines);

/* outbound_headers_keep leaves what may go along with a redirect: to another origin only
 * what is harmless, and nothing of a body when the method has changed. */
void outbound_headers_keep(struct buf *sent, bool same_origin, bool same_method);

#endif
