/* SPDX-License-Identifier: MIT */
/* Calls to other systems, on libcurl. What an expression put into a URL may come from a
 * stranger, so everything libcurl would do by itself (redirects, proxies of the
 * environment, other protocols, credentials in files) is switched off. */
#include "common/outbound.h"

#include "common/clock.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "common/header.h"
#include "common/outbound_address.h"
#include "common/outbound_headers.h"
#include "common/outbound_url.h"
#include "common/pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define RESPONSE_HEADERS_MAX 65536
#define CONNECT_MS_MAX 10000
#define RETRY_AFTER_MAX_S 86400

/* One handle for the process: it keeps the connections that can be used again. */
static CURL *handle;
static pid_t handle_pid;

struct call {
	const struct outbound_request *request;
	struct outbound_response *response;
	/* What is asked for now: the request, or what a redirect made of it. */
	CURLU *url;
	const char *method;
	struct slice body;
	struct buf sent;           /* the headers, as in the request */
	int64_t until_mono_ms;
	/* What came back. */
	struct buf pairs;          /* [["Name","value"],... without the ] */
	size_t header_bytes;
	bool is_json;
	bool body_too_big, headers_too_big;
	const char *refused;       /* why the address may not be called */
	struct buf location;
	int locations;
	char shown[OUTBOUND_URL_SHOWN];
};

int outbound_init(const struct outbound_policy *policy, struct err *err)
{
	static const struct outbound_policy strict;

	if (outbound_address_policy(policy ? policy : &strict, err) < 0)
		return -1;
	if (handle && handle_pid == getpid())
		return 0;
	/* After a fork the parent's handle and its connections are not ours to close. */
	curl_global_init(CURL_GLOBAL_DEFAULT);
	handle = curl_easy_init();
	handle_pid = getpid();
	return 0;
}

void outbound_response_release(struct outbound_response *r)
{
	buf_release(&r->headers);
	buf_release(&r->body);
	r->status = 0;
	r->body_is_json = false;
}

/* ---- what libcurl calls ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct call *c = arg;
	size_t len = size * count;

	if (len > c->request->max_response_bytes - c->response->body.len) {
		c->body_too_big = true;
		return 0;
	}
	buf_add(&c->response->body, bytes, len);
	return len;
}

static struct slice trim_blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n'))
		end--;
	return (struct slice){p, (size_t)(end - p)};
}

static bool names_json(struct slice type)
{
	size_t len = 0;

	while (len < type.len && type.ptr[len] != ';' && type.ptr[len] != ' ')
		len++;
	if (len == 16 && strncasecmp(type.ptr, "application/json", 16) == 0)
		return true;
	return len > 5 && strncasecmp(type.ptr + len - 5, "+json", 5) == 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
	struct call *c = arg;
	size_t len = size * count;
	const char *colon = memchr(bytes, ':', len);

	c->header_bytes += len;
	if (c->header_bytes > RESPONSE_HEADERS_MAX) {
		c->headers_too_big = true;
		return 0;
	}
	if (len > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		buf_clear(&c->pairs); /* what came before was an interim answer (100, 103) */
		buf_clear(&c->location);
		c->locations = 0;
		c->is_json = false;
		return len;
	}
	if (!colon)
		return len;
	struct slice name = trim_blank(bytes, colon);
	struct slice value = trim_blank(colon + 1, bytes + len);
	char *text = mem_dup_len(name.ptr, name.len);
	if (!c->pairs.len)
		buf_add_char(&c->pairs, '[');
	header_list_add(&c->pairs, text, value.ptr, value.len);
	if (strcasecmp(text, "content-type") == 0)
		c->is_json = names_json(value);
	if (strcasecmp(text, "location") == 0 && c->locations++ == 0)
		buf_add_slice(&c->location, value);
	free(text);
	return len;
}

/* After the name is resolved, for each new connection: what is judged is what is dialled. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct call *c = arg;

	(void)purpose;
	c->refused = outbound_address_refused(&address->addr);
	if (c->refused)
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Before each request, also on a connection that is used again. */
static int on_request(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	struct call *c = arg;

	(void)local;
	(void)local_port;
	c->refused = outbound_text_refused(peer, peer_port);
	return c->refused ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ---- the request ---- */

static void set_method(const struct call *c)
{
	bool body = c->body.ptr != NULL;

	if (strcmp(c->method, "HEAD") == 0) {
		curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
		return;
	}
	/* These say how long their body is even when it is empty. */
	if (body || strcmp(c->method, "POST") == 0 || strcmp(c->method, "PUT") == 0 ||
	    strcmp(c->method, "PATCH") == 0) {
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)c->body.len);
		curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body ? c->body.ptr : "");
	}
	curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, c->method);
}

static void set_options(struct call *c, struct curl_slist *headers, long ms)
{
	curl_easy_reset(handle);
	curl_easy_setopt(handle, CURLOPT_CURLU, c->url);
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, ms);
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
			 ms < CONNECT_MS_MAX ? ms : CONNECT_MS_MAX);
	curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 0L);
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	curl_easy_setopt(handle, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(handle, CURLOPT_ALTSVC_CTRL, 0L);
	curl_easy_setopt(handle, CURLOPT_HSTS_CTRL, 0L);
	curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(handle, CURLOPT_PREREQDATA, c);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
	set_method(c);
}

/* ---- the answer ---- */

static int failed(const struct call *c, CURLcode rc, struct err *err)
{
	const struct outbound_request *r = c->request;

	if (c->refused)
		return err_set(err, ERR_DENIED, "%s %s is refused: %s", c->method, c->shown,
			       c->refused);
	if (c->body_too_big)
		return err_set(err, ERR_TOO_BIG, "%s %s answered with more than %zu bytes; raise "
			       "\"max_response_bytes\" or ask for less", c->method, c->shown,
			       r->max_response_bytes);
	if (c->headers_too_big)
		return err_set(err, ERR_TOO_BIG, "%s %s answered with over %d bytes of headers",
			       c->method, c->shown, RESPONSE_HEADERS_MAX);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return err_set(err, ERR_TIMEOUT, "%s %s did not answer within %lld ms", c->method,
			       c->shown, (long long)r->timeout_ms);
	if (rc == CURLE_OUT_OF_MEMORY || rc == CURLE_FAILED_INIT)
		return err_set(err, ERR_SYSTEM, "%s %s: %s", c->method, c->shown,
			       curl_easy_strerror(rc));
	return err_set(err, ERR_UPSTREAM, "%s %s failed: %s", c->method, c->shown,
		       curl_easy_strerror(rc));
}

static void finish(struct call *c)
{
	struct outbound_response *out = c->response;
	curl_off_t wait = 0;
	struct err unread;

	if (curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
		out->retry_after_ms = wait > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S * 1000
							       : (int64_t)wait * 1000;
	buf_add_text(&c->pairs, c->pairs.len ? "]" : "[]");
	pairs_headers(buf_slice(&c->pairs), &out->headers);
	/* Its depth is that of a body, so that it can be one again. */
	out->body_is_json = c->is_json && out->body.len &&
			    jsontext_check(buf_slice(&out->body), JSONTEXT_DEPTH_MAX, &unread) == 0;
}

/* One exchange, without following. */
static int exchange(struct call *c, struct err *err)
{
	int64_t left = c->until_mono_ms - clock_mono_ms();
	long status = 0;

	buf_clear(&c->pairs);
	buf_clear(&c->response->body);
	c->header_bytes = 0;
	c->refused = NULL;
	if (left < 1)
		return failed(c, CURLE_OPERATION_TIMEDOUT, err);
	struct curl_slist *lines = outbound_header_lines(buf_slice(&c->sent));
	set_options(c, lines, (long)left);
	CURLcode rc = curl_easy_perform(handle);
	if (rc == CURLE_OK) {
		curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
		c->response->status = (int)status;
	} else {
		failed(c, rc, err);
	}
	outbound_header_lines_free(lines);
	return rc == CURLE_OK ? 0 : -1;
}

/* 1 when the answer is a redirect that may be followed, and the call is made ready for it. */
static int redirected(struct call *c, struct err *err)
{
	int status = c->response->status;
	bool post = strcmp(c->method, "POST") == 0, head = strcmp(c->method, "HEAD") == 0;
	bool to_get = status == 303 || (post && (status == 301 || status == 302));
	bool plain = !c->body.ptr && (strcmp(c->method, "GET") == 0 || head ||
				      strcmp(c->method, "OPTIONS") == 0);

	if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
		return 0;
	if (c->locations != 1 || !(to_get || plain) ||
	    strlen(c->location.ptr) != c->location.len)
		return 0;
	CURLU *from = c->url, *to = outbound_url_join(from, c->location.ptr, err);
	if (!to || outbound_url_check(to, c->shown, err) < 0) {
		curl_url_cleanup(to);
		return err_within(err, "it answered with a redirect: ");
	}
	enum outbound_url_move move = outbound_url_move(from, to);
	if (move == OUTBOUND_URL_DOWNGRADE) {
		curl_url_cleanup(to);
		return 0;
	}
	curl_url_cleanup(from);
	c->url = to;
	if (to_get) {
		c->body = (struct slice){0};
		c->method = head ? "HEAD" : "GET";
	}
	outbound_headers_keep(&c->sent, move == OUTBOUND_URL_SAME_ORIGIN, !to_get);
	return 1;
}

static int call(struct call *c, struct err *err)
{
	for (int left = c->request->redirects;; left--) {
		int rc = exchange(c, err);
		if (rc == 0 && left > 0)
			rc = redirected(c, err);
		if (rc <= 0)
			return rc;
	}
}

int outbound_call(const struct outbound_request *request, struct outbound_response *response,
		  struct err *err)
{
	struct call c = {.request = request, .response = response, .method = request->method,
			 .body = request->body, .pairs = BUF_INIT, .location = BUF_INIT,
			 .sent = BUF_INIT};
	struct slice headers = {request->headers, strlen(request->headers)};

	*response = (struct outbound_response){.headers = BUF_INIT, .body = BUF_INIT};
	if (jsontext_check(headers, 3, err) < 0 ||
	    header_list_check(headers, header_refused_in_request, err) < 0)
		return -1;
	if ((!handle || handle_pid != getpid()) && outbound_init(NULL, err) < 0)
		return -1;
	c.url = outbound_url_new(request->url, err);
	if (!c.url || outbound_url_check(c.url, c.shown, err) < 0) {
		curl_url_cleanup(c.url);
		return -1;
	}
	buf_add_slice(&c.sent, headers);
	c.until_mono_ms = clock_mono_ms() + request->timeout_ms;
	int rc = call(&c, err);
	if (rc == 0)
		finish(&c);
	else
		outbound_response_release(response);
	/* Nothing of this call may be left in the handle. */
	curl_easy_reset(handle);
	curl_url_cleanup(c.url);
	mem_wipe_free(c.sent.ptr, c.sent.size);
	buf_release(&c.pairs);
	buf_release(&c.location);
	return rc;
}
