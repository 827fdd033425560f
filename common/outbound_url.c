/* SPDX-License-Identifier: MIT */
#include "common/outbound_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *part(CURLU *url, CURLUPart which, unsigned flags)
{
	char *text = NULL;

	return curl_url_get(url, which, &text, flags) == CURLUE_OK ? text : NULL;
}

static int malformed(CURLUcode rc, struct err *err)
{
	return err_set(err, ERR_INVALID, "the URL is malformed: %s; write https://host/path, with "
		       "@uri around what you put in", curl_url_strerror(rc));
}

CURLU *outbound_url_new(const char *text, struct err *err)
{
	CURLU *url = curl_url();

	if (!url)
		abort(); /* no memory: as everywhere */
	CURLUcode rc = curl_url_set(url, CURLUPART_URL, text, 0);
	if (rc == CURLUE_OK)
		return url;
	curl_url_cleanup(url);
	malformed(rc, err);
	return NULL;
}

CURLU *outbound_url_join(CURLU *from, const char *location, struct err *err)
{
	CURLU *url = curl_url_dup(from);

	if (!url)
		abort();
	CURLUcode rc = curl_url_set(url, CURLUPART_URL, location, 0);
	if (rc == CURLUE_OK)
		return url;
	curl_url_cleanup(url);
	err_set(err, ERR_UPSTREAM, "its Location is no URL: %s", curl_url_strerror(rc));
	return NULL;
}

int outbound_url_check(CURLU *url, char shown[OUTBOUND_URL_SHOWN], struct err *err)
{
	char *scheme = part(url, CURLUPART_SCHEME, 0), *host = part(url, CURLUPART_HOST, 0);
	char *user = part(url, CURLUPART_USER, 0), *password = part(url, CURLUPART_PASSWORD, 0);
	char *zone = part(url, CURLUPART_ZONEID, 0), *port = part(url, CURLUPART_PORT, 0);
	char *path = part(url, CURLUPART_PATH, 0);
	int rc = 0;

	if (!scheme || !host || !*host)
		rc = malformed(CURLUE_NO_HOST, err);
	else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
		rc = err_set(err, ERR_INVALID, "the URL's scheme is \"%.20s\"; only https and "
			     "http are called", scheme);
	else if (user || password)
		rc = err_set(err, ERR_INVALID, "the URL to %.200s holds a user or password; put "
			     "them into an Authorization header", host);
	else if (zone)
		rc = err_set(err, ERR_INVALID, "the URL's address has a zone; leave it out");
	else
		snprintf(shown, OUTBOUND_URL_SHOWN, "%s://%.120s%s%.6s%.150s", scheme, host,
			 port ? ":" : "", port ? port : "", path ? path : "");
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(password);
	curl_free(zone);
	curl_free(port);
	curl_free(path);
	return rc;
}

static bool same(CURLU *a, CURLU *b, CURLUPart which, unsigned flags)
{
	char *one = part(a, which, flags), *other = part(b, which, flags);
	bool equal = one && other && strcasecmp(one, other) == 0;

	curl_free(one);
	curl_free(other);
	return equal;
}

enum outbound_url_move outbound_url_move(CURLU *from, CURLU *to)
{
	char *before = part(from, CURLUPART_SCHEME, 0), *after = part(to, CURLUPART_SCHEME, 0);
	bool downgrade = before && after && strcasecmp(before, "https") == 0 &&
			 strcasecmp(after, "http") == 0;

	curl_free(before);
	curl_free(after);
	if (downgrade)
		return OUTBOUND_URL_DOWNGRADE;
	if (same(from, to, CURLUPART_SCHEME, 0) && same(from, to, CURLUPART_HOST, 0) &&
	    same(from, to, CURLUPART_PORT, CURLU_DEFAULT_PORT))
		return OUTBOUND_URL_SAME_ORIGIN;
	return OUTBOUND_URL_ELSEWHERE;
}
