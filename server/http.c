/* SPDX-License-Identifier: MIT */
/* The only owner of CivetWeb. Every request ends in begin_request, above zero, so that none of
 * its file serving, CORS, CGI or WebSocket code is ever reached. */
#include "server/http.h"

#include "common/clock.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/mem.h"
#include "server/http_guard.h"
#include "server/http_wire.h"

#include <civetweb.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define READ_BYTES 16384
#define READY_MS 10000

struct http_listener {
	struct http_setup setup;
	struct mg_context *context;
	char address[96];
	atomic_int connections; /* open ones, idle included */
	atomic_int active;      /* in handlers */
	pthread_mutex_t lock;   /* of the three below, while starting */
	pthread_cond_t changed;
	int threads_ready;
	size_t stack_bytes;     /* the smallest seen */
	char complaint[256];    /* CivetWeb's first words */
};

/* What http.c keeps of a request while its handler runs. */
struct exchange {
	struct mg_connection *conn;
	bool body_done;         /* read to its end, or there was none */
};

/* ---- bodies -------------------------------------------------------------------- */

static int refuse_body(struct http_refusal *why, int64_t within_ms, size_t so_far,
		       const struct http_request *r)
{
	if (http_wire.timed_out)
		return http_refuse(why, 408, "the body was not complete after %" PRId64 " ms", within_ms);
	if (r->chunked)
		return http_refuse(why, 400, http_wire.ended
			? "the connection ended in the middle of the chunked body"
			: "the chunked body is malformed");
	return http_refuse(why, 400, "the connection ended after %zu of %" PRId64 " body bytes",
			   so_far, r->content_length);
}

static int too_big(struct http_refusal *why, size_t limit_bytes)
{
	return http_refuse(why, 413, "the body is larger than %zu bytes, which is the limit here",
			   limit_bytes);
}

/* One byte over the limit is asked for, so that a body of exactly the limit passes. */
static int read_body(struct http_request *r, size_t limit_bytes, int64_t within_ms,
		     struct buf *out, struct http_refusal *why)
{
	struct exchange *x = r->connection;
	size_t start = out->len;

	for (;;) {
		size_t got = out->len - start, want = READ_BYTES;
		if (!r->chunked && (int64_t)got == r->content_length)
			break;
		if (!r->chunked && (uint64_t)r->content_length - got < want)
			want = (size_t)r->content_length - got;
		if (limit_bytes + 1 - got < want)
			want = limit_bytes + 1 - got;
		buf_grow(out, want);
		int n = mg_read(x->conn, out->ptr + out->len, want);
		if (n < 0 || (n == 0 && !r->chunked))
			return refuse_body(why, within_ms, got, r);
		out->len += (size_t)n;
		out->ptr[out->len] = '\0';
		if (n == 0)
			break;
		if (out->len - start > limit_bytes)
			return too_big(why, limit_bytes);
	}
	x->body_done = true;
	return 0;
}

int http_body_read(struct http_request *r, size_t limit_bytes, int64_t within_ms,
		   struct buf *out, struct http_refusal *why)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct exchange *x = r->connection;
	const char *expect = http_request_header(r, "Expect");

	if (expect && strcasecmp(expect, "100-continue") != 0)
		return http_refuse(why, 417, "the only expectation met here is 100-continue");
	if (x->body_done)
		return 0;
	if (!r->chunked && (uint64_t)r->content_length > limit_bytes)
		return too_big(why, limit_bytes);
	http_wire_body(clock_mono_ms() + within_ms);
	if (expect && strcmp(r->version, "1.0") != 0)
		mg_write(x->conn, go_on, sizeof(go_on) - 1);
	int rc = read_body(r, limit_bytes, within_ms, out, why);
	http_wire_body(0);
	return rc;
}

/* ---- one request ---------------------------------------------------------------- */

/* The connection may serve another request only if all of this one was read, and not when
 * the pool is nearly used up by connections: each keeps a thread while it is idle. */
static bool may_keep(struct http_listener *l, const struct http_request *r,
		     const struct http_response *response, const struct exchange *x)
{
	return !response->close && x->body_done && http_guard_keep_alive(r) &&
	       atomic_load_explicit(&l->connections, memory_order_relaxed) * 5 <= l->setup.threads * 4;
}

static void answer(struct mg_connection *conn, const struct http_response *response,
		   bool without_body, bool keep, bool linger)
{
	struct buf out = BUF_INIT;

	if (!keep)
		mg_disable_connection_keep_alive(conn);
	http_response_write(response, without_body, keep, &out);
	http_wire_answer(clock_mono_ms() + HTTP_ANSWER_MS);
	mg_write(conn, out.ptr, out.len);
	http_wire_answer(0);
	buf_release(&out);
	if (linger)
		http_wire_linger();
}

static void request_fill(struct http_request *r, const struct mg_request_info *info,
			 struct http_header *headers)
{
	*r = (struct http_request){
		.method = info->request_method,
		.path = info->request_uri,
		.query = info->query_string ? info->query_string : "",
		.version = info->http_version,
		.remote = info->remote_addr,
		.headers = headers,
		.n_headers = (size_t)info->num_headers,
		.content_length = -1,
	};
	for (int i = 0; i < info->num_headers; i++)
		headers[i] = (struct http_header){info->http_headers[i].name,
						  info->http_headers[i].value};
}

static int on_request(struct mg_connection *conn)
{
	const struct mg_request_info *info = mg_get_request_info(conn);
	struct http_listener *l = info->user_data;
	struct http_header headers[MG_MAX_HEADERS];
	struct exchange x = {.conn = conn};
	struct http_request request;
	struct http_response response;
	struct http_refusal why;

	request_fill(&request, info, headers);
	http_response_init(&response);
	atomic_fetch_add(&l->active, 1);
	const char *head = http_wire.head;
	if (http_guard(&request, head, head ? head + HTTP_HEAD_BYTES : NULL, &why) < 0) {
		if (l->setup.refused)
			l->setup.refused(l->setup.arg, &request, request.remote, &why);
		http_response_error(&response, why.status, why.text);
		answer(conn, &response, strcmp(request.method, "HEAD") == 0, false, true);
	} else {
		request.connection = &x;
		x.body_done = !request.chunked && request.content_length <= 0;
		l->setup.handle(l->setup.arg, &request, &response);
		bool keep = may_keep(l, &request, &response, &x);
		answer(conn, &response, strcmp(request.method, "HEAD") == 0, keep, !x.body_done);
	}
	atomic_fetch_sub(&l->active, 1);
	http_response_release(&response);
	return response.status;
}

static _Thread_local bool refused_here; /* on this connection: it ends now */

static void refuse_unread(struct mg_connection *conn, const struct http_refusal *why)
{
	const struct mg_request_info *info = mg_get_request_info(conn);
	struct http_listener *l = info->user_data;
	struct http_response response;

	refused_here = true;
	if (l->setup.refused)
		l->setup.refused(l->setup.arg, NULL, info->remote_addr, why);
	http_response_init(&response);
	http_response_error(&response, why->status, why->text);
	answer(conn, &response, false, false, true);
	http_response_release(&response);
}

/* What CivetWeb refuses by itself, in our words. Of the request it holds nothing that can be
 * trusted then, not even its method. */
static int on_refused(struct mg_connection *conn, int status, const char *text)
{
	struct http_refusal why;

	if (status == 413 || (status == 400 && http_wire.filled))
		http_refuse(&why, 431, "the request line and headers are larger than %d bytes",
			    HTTP_HEAD_BYTES);
	else if (status == 411)
		http_refuse(&why, 400, "Content-Length is not a plain number of bytes");
	else if (status == 400 && http_wire.timed_out)
		http_refuse(&why, 408, "the request's head was not complete after %d ms", HTTP_HEAD_MS);
	else if (status == 505)
		http_refuse(&why, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
	else
		http_refuse(&why, 400, "the request's head is incomplete or malformed (%.60s)", text);
	refuse_unread(conn, &why);
	return 0;
}

/* ---- listeners ------------------------------------------------------------------ */

static int on_message(const struct mg_connection *conn, const char *text)
{
	struct http_listener *l = conn ? mg_get_user_data(mg_get_context(conn)) : NULL;

	/* While it starts, http_listen reports the first one: the cause of those that follow. */
	if (l && !l->context && !*l->complaint)
		snprintf(l->complaint, sizeof(l->complaint), "%s", text);
	else if (!l || l->context)
		log_line(LOG_WARN, "http server", "listener", l ? l->setup.name : "-", "text", text,
			 NULL);
	return 1;
}

static void *on_thread(const struct mg_context *context, int type)
{
	struct http_listener *l = mg_get_user_data(context);

	http_wire.ours = true;
	if (type == 1) {
		size_t bytes = http_wire_stack_bytes();
		pthread_mutex_lock(&l->lock);
		if (!l->threads_ready++ || bytes < l->stack_bytes)
			l->stack_bytes = bytes;
		pthread_cond_signal(&l->changed);
		pthread_mutex_unlock(&l->lock);
	}
	return NULL;
}

static int on_connection(const struct mg_connection *conn, void **data)
{
	struct http_listener *l = mg_get_user_data(mg_get_context(conn));

	(void)data;
	http_wire.fd = -1;
	refused_here = false;
	atomic_fetch_add_explicit(&l->connections, 1, memory_order_relaxed);
	return 0;
}

/* CivetWeb hangs up without a word on "*" and on a URL of another server, which it takes for a
 * request to a proxy; this is the last moment to say one. */
static void on_close(const struct mg_connection *conn)
{
	const struct mg_request_info *info = mg_get_request_info(conn);
	struct http_listener *l = mg_get_user_data(mg_get_context(conn));
	struct http_refusal why;

	if (info && info->request_uri && !info->local_uri_raw && !refused_here) {
		http_refuse(&why, 400, "the request line must hold a path that begins with a "
			    "slash, not a whole URL");
		refuse_unread((struct mg_connection *)conn, &why);
	}
	http_wire.fd = -1;
	atomic_fetch_sub_explicit(&l->connections, 1, memory_order_relaxed);
}

static struct mg_context *start(struct http_listener *l, const char *address, char text[256])
{
	static const struct mg_callbacks callbacks = {
		.begin_request = on_request,
		.http_error = on_refused,
		.log_message = on_message,
		.init_thread = on_thread,
		.init_connection = on_connection,
		.connection_close = on_close,
	};
	char threads[16], head[16], head_ms[16], idle_ms[16];
	const char *options[] = {
		"listening_ports", address, "num_threads", threads, "max_request_size", head,
		"request_timeout_ms", head_ms, "keep_alive_timeout_ms", idle_ms,
		"enable_keep_alive", "yes", "tcp_nodelay", "1", "decode_url", "no",
		"decode_query_string", "no", "enable_auth_domain_check", "no",
		"connection_queue", "256", "listen_backlog", "1024",
		"access_control_allow_origin", "", "access_control_allow_methods", "",
		"access_control_allow_headers", "", "enable_directory_listing", "no", NULL};
	struct mg_init_data init = {&callbacks, l, options};
	unsigned code = 0;
	struct mg_error_data error = {&code, text, 256};

	snprintf(threads, sizeof(threads), "%d", l->setup.threads);
	snprintf(head, sizeof(head), "%d", HTTP_HEAD_BYTES);
	snprintf(head_ms, sizeof(head_ms), "%d", HTTP_HEAD_MS);
	snprintf(idle_ms, sizeof(idle_ms), "%d", HTTP_IDLE_MS);
	return mg_start2(&init, &error);
}

/* Waits until every thread has told its stack size, so that no request comes first. */
static int await_threads(struct http_listener *l, struct err *err)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += READY_MS / 1000;
	pthread_mutex_lock(&l->lock);
	while (l->threads_ready < l->setup.threads && rc == 0)
		rc = pthread_cond_timedwait(&l->changed, &l->lock, &until);
	size_t bytes = l->stack_bytes;
	pthread_mutex_unlock(&l->lock);
	if (rc != 0)
		return err_set(err, ERR_SYSTEM, "%s: only %d of %d threads started; lower the setting "
			       "threads, or raise the limit of processes", l->setup.name,
			       l->threads_ready, l->setup.threads);
	if (bytes < HTTP_STACK_BYTES / 2)
		return err_set(err, ERR_SYSTEM, "%s: its threads have %zu bytes of stack, less than "
			       "the %d they need; was the program linked in an unusual way?",
			       l->setup.name, bytes, HTTP_STACK_BYTES / 2);
	return 0;
}

int http_listen(const struct http_setup *setup, struct http_listener **out, struct err *err)
{
	char host[64], address[96], text[256] = "";
	struct mg_server_port bound = {0};
	int port;

	if (conf_address(setup->address, host, &port, err) < 0)
		return -1;
	struct http_listener *l = mem_new(sizeof(*l));
	l->setup = *setup;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	snprintf(address, sizeof(address), "%s:%d", host, port);
	mg_init_library(MG_FEATURES_DEFAULT);
	l->context = start(l, address, text);
	if (!l->context) {
		err_set(err, ERR_SYSTEM, "cannot listen on %s for %s: %s; if another program has "
			"the port, choose another one with %s", address, setup->name,
			*l->complaint ? l->complaint : text, setup->setting);
		http_stop(&l, 1);
		return -1;
	}
	if (await_threads(l, err) < 0) {
		http_stop(&l, 1);
		return -1;
	}
	if (mg_get_server_ports(l->context, 1, &bound) == 1)
		port = bound.port;
	snprintf(l->address, sizeof(l->address), "%s:%d", host, port);
	*out = l;
	return 0;
}

const char *http_listener_address(const struct http_listener *l)
{
	return l->address;
}

int http_listener_active(const struct http_listener *l)
{
	return atomic_load(&((struct http_listener *)l)->active);
}

void http_stop(struct http_listener **listeners, size_t n)
{
	http_wire_stop();
	for (size_t i = 0; i < n; i++) {
		struct http_listener *l = listeners[i];
		if (!l)
			continue;
		if (l->context)
			mg_stop(l->context);
		pthread_cond_destroy(&l->changed);
		pthread_mutex_destroy(&l->lock);
		free(l);
		listeners[i] = NULL;
	}
}
