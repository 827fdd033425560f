/* SPDX-License-Identifier: MIT */
/* Calls to other systems, on libcurl. What an expression put into a URL may come from a
 * stranger, so everything libcurl would do by itself (redirects, proxies of the
 * environment, other protocols, credentials in files) is switched off. */
#include "flow/outbound.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/header.h"
#include "flow/outbound_address.h"
#include "flow/pairs.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define RESPONSE_HEADERS_MAX 65536
#define CONNECT_MS_MAX 10000

/* One handle for the process: it keeps the connections that can be used again. */
static CURL *handle;
static pid_t handle_pid;

struct call {
	const struct outbound_request *request;
	struct outbound_response *response;
	struct buf pairs;          /* [["Name","value"],... without the ] */
	size_t header_bytes;
	bool is_json;
	bool body_too_big, headers_too_big;
	const char *refused;       /* why the address may not be called */
	char origin[300];          /* "https://host:port/path": all that a sentence may show */
};

void outbound_init(void)
{
	if (handle && handle_pid == getpid())
		return;
	/* After a fork the parent's handle and its connections are not ours to close. */
	curl_global_init(CURL_GLOBAL_DEFAULT);
	handle = curl_easy_init();
	handle_pid = getpid();
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
	(void)peer_port;
	(void)local_port;
	c->refused = outbound_text_refused(peer);
	return c->refused ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ---- the request ---- */

static char *url_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;

	return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

/* Parsed once, by libcurl itself: what is checked is what is called. */
static CURLU *parse_url(struct call *c, struct err *err)
{
	CURLU *url = curl_url();
	CURLUcode rc = curl_url_set(url, CURLUPART_URL, c->request->url, 0);
	char *scheme = rc ? NULL : url_part(url, CURLUPART_SCHEME);
	char *host = rc ? NULL : url_part(url, CURLUPART_HOST);
	char *user = rc ? NULL : url_part(url, CURLUPART_USER);
	char *password = rc ? NULL : url_part(url, CURLUPART_PASSWORD);
	char *zone = rc ? NULL : url_part(url, CURLUPART_ZONEID);
	char *port = rc ? NULL : url_part(url, CURLUPART_PORT);
	char *path = rc ? NULL : url_part(url, CURLUPART_PATH);
	int bad = 0;

	if (!scheme || !host)
		bad = err_set(err, ERR_INVALID, "the URL is malformed: %s; write "
			      "https://host/path, with @uri around what you put in",
			      curl_url_strerror(rc));
	else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
		bad = err_set(err, ERR_INVALID, "the URL's scheme is \"%.20s\"; only https and "
			      "http are called", scheme);
	else if (user || password)
		bad = err_set(err, ERR_INVALID, "the URL to %.200s holds a user or password; put "
			      "them into an Authorization header", host);
	else if (zone)
		bad = err_set(err, ERR_INVALID, "the URL's address has a zone; leave it out");
	else
		snprintf(c->origin, sizeof(c->origin), "%s://%.120s%s%.6s%.150s", scheme, host,
			 port ? ":" : "", port ? port : "", path ? path : "");
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(password);
	curl_free(zone);
	curl_free(port);
	curl_free(path);
	if (!bad)
		return url;
	curl_url_cleanup(url);
	return NULL;
}

static struct curl_slist *add_line(struct curl_slist *lines, const char *line)
{
	struct curl_slist *more = curl_slist_append(lines, line);

	if (!more)
		abort(); /* no memory: as everywhere */
	return more;
}

static struct curl_slist *make_headers(const struct outbound_request *request)
{
	struct slice pairs = {request->headers, strlen(request->headers)};
	/* libcurl would add these two by itself. */
	struct curl_slist *lines = add_line(NULL, "Expect:");
	struct buf line = BUF_INIT;
	struct slice name, value;
	struct jsontext_walk w;

	if (!header_list_has(pairs, "Content-Type"))
		lines = add_line(lines, "Content-Type:");
	jsontext_walk_start(&w, pairs);
	while (jsontext_walk_next(&w)) {
		if (!jsontext_item(w.value, 0, &name) || !jsontext_item(w.value, 1, &value))
			continue;
		buf_clear(&line);
		jsontext_string(name, &line);
		size_t name_len = line.len;
		buf_add_text(&line, ": ");
		jsontext_text(value, &line);
		/* libcurl spells an empty header with a semicolon. */
		if (line.len == name_len + 2)
			line.ptr[name_len] = ';', line.ptr[name_len + 1] = '\0';
		lines = add_line(lines, line.ptr);
	}
	if (line.size)
		mem_wipe_free(line.ptr, line.size);
	return lines;
}

static void set_method(const struct outbound_request *request)
{
	bool body = request->body.ptr != NULL;

	if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
		return;
	}
	/* These say how long their body is even when it is empty. */
	if (body || strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
	    strcmp(request->method, "PATCH") == 0) {
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)request->body.len);
		curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body ? request->body.ptr : "");
	}
	curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_options(struct call *c, CURLU *url, struct curl_slist *headers)
{
	long ms = (long)c->request->timeout_ms;

	curl_easy_reset(handle);
	curl_easy_setopt(handle, CURLOPT_CURLU, url);
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
	set_method(c->request);
}

/* ---- the answer ---- */

static int failed(const struct call *c, CURLcode rc, struct err *err)
{
	const struct outbound_request *r = c->request;

	if (c->refused)
		return err_set(err, ERR_DENIED, "%s %s is refused: %s", r->method, c->origin,
			       c->refused);
	if (c->body_too_big)
		return err_set(err, ERR_TOO_BIG, "%s %s answered with more than %zu bytes; raise "
			       "\"max_response_bytes\" or ask for less", r->method, c->origin,
			       r->max_response_bytes);
	if (c->headers_too_big)
		return err_set(err, ERR_TOO_BIG, "%s %s answered with over %d bytes of headers",
			       r->method, c->origin, RESPONSE_HEADERS_MAX);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return err_set(err, ERR_TIMEOUT, "%s %s did not answer within %lld ms", r->method,
			       c->origin, (long long)r->timeout_ms);
	if (rc == CURLE_OUT_OF_MEMORY || rc == CURLE_FAILED_INIT)
		return err_set(err, ERR_SYSTEM, "%s %s: %s", r->method, c->origin,
			       curl_easy_strerror(rc));
	return err_set(err, ERR_UPSTREAM, "%s %s failed: %s", r->method, c->origin,
		       curl_easy_strerror(rc));
}

static void finish(struct call *c)
{
	struct outbound_response *out = c->response;
	struct err unread;
	long status = 0;

	curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	out->status = (int)status;
	buf_add_text(&c->pairs, c->pairs.len ? "]" : "[]");
	pairs_headers(buf_slice(&c->pairs), &out->headers);
	/* Its depth is that of a body, so that it can be one again. */
	out->body_is_json = c->is_json && out->body.len &&
			    jsontext_check(buf_slice(&out->body), JSONTEXT_DEPTH_MAX, &unread) == 0;
}

int outbound_call(const struct outbound_request *request, struct outbound_response *response,
		  struct err *err)
{
	struct call c = {.request = request, .response = response, .pairs = BUF_INIT};
	struct slice headers = {request->headers, strlen(request->headers)};

	*response = (struct outbound_response){.headers = BUF_INIT, .body = BUF_INIT};
	if (jsontext_check(headers, 3, err) < 0 ||
	    header_list_check(headers, header_refused_in_request, err) < 0)
		return -1;
	outbound_init();
	CURLU *url = parse_url(&c, err);
	if (!url)
		return -1;
	struct curl_slist *lines = make_headers(request);
	set_options(&c, url, lines);
	CURLcode rc = curl_easy_perform(handle);
	if (rc == CURLE_OK)
		finish(&c);
	else
		failed(&c, rc, err);
	/* Nothing of this call may be left in the handle. */
	curl_easy_reset(handle);
	curl_slist_free_all(lines);
	curl_url_cleanup(url);
	buf_release(&c.pairs);
	if (rc != CURLE_OK)
		outbound_response_release(response);
	return rc == CURLE_OK ? 0 : -1;
}
