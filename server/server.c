/* SPDX-License-Identifier: MIT */
/* The life of the front: open, listen, look after things four times a second, drain. All
 * requests are handled on the listeners' threads; this one only watches. */
#include "server/server.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/outbound.h"
#include "flow/system.h"
#include "server/addresses.h"
#include "server/front.h"
#include "server/hooks.h"
#include "server/intake.h"
#include "server/keys.h"
#include "server/routes.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TICK_MS 250
#define CONSOLE_THREADS 8
#define ARENAS 4 /* of malloc: 136 threads would otherwise make sixteen */

enum { INTAKE, CONSOLE, LISTENERS };

struct role {
	struct front front;
	struct http_listener *listeners[LISTENERS];
};

static void signals_block(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP); /* the supervisor's business */
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The signal that came within TICK_MS, or 0. */
static int signal_next(const sigset_t *set)
{
	struct timespec tick = {0, TICK_MS * 1000000L};
	int got = sigtimedwait(set, NULL, &tick);

	return got > 0 ? got : 0;
}

static char *base_url(const struct conf *conf, struct err *err)
{
	char host[64];
	int port;

	if (!conf->base_url || !*conf->base_url)
		return conf_address(conf->listen, host, &port, err) < 0
			? NULL : mem_format("http://%s:%d", host, port);
	char *url = mem_dup(conf->base_url);
	for (size_t n = strlen(url); n && url[n - 1] == '/'; n--)
		url[n - 1] = '\0';
	return url;
}

static int listen_all(struct role *role, struct err *err)
{
	const struct conf *conf = role->front.conf;
	struct http_setup intake = {
		.name = "intake", .setting = "--listen", .address = conf->listen,
		.threads = conf->threads, .arg = &role->front,
		.handle = routes_intake, .refused = intake_refused,
	};
	struct http_setup console = {
		.name = "console", .setting = "--console", .address = conf->console,
		.threads = CONSOLE_THREADS, .arg = &role->front, .handle = routes_console,
	};

	/* The console last: who is told by /healthz that all is well may send at once. */
	if (http_listen(&intake, &role->listeners[INTAKE], err) < 0 ||
	    http_listen(&console, &role->listeners[CONSOLE], err) < 0)
		return -1;
	const char *address = http_listener_address(role->listeners[INTAKE]);
	log_line(LOG_INFO, "listening", "intake", address, "console",
		 http_listener_address(role->listeners[CONSOLE]), "base_url", role->front.base_url, NULL);
	return 0;
}

static int read_proxies(struct front *f, struct err *err)
{
	struct caller_rule *rule = &f->caller;

	rule->n_trusted = net_list_parse(f->conf->trusted_proxies, &rule->trusted, err);
	rule->forwarded = strcasecmp(f->conf->forwarded_header, "Forwarded") == 0;
	return rule->n_trusted < 0 ? -1 : 0;
}

static int open_all(struct role *role, struct err *err)
{
	struct front *f = &role->front;

	f->addresses = addresses_new();
	if (read_proxies(f, err) < 0)
		return -1;
	if (store_open(f->conf->data, STORE_WRITE, &f->store, err) < 0)
		return -1;
	store_queue_cap(f->store, f->conf->max_queued);
	const struct outbound_policy policy = {f->conf->allow_destinations, {f->conf->listen, f->conf->console}};
	if (outbound_init(&policy, err) < 0 || !(f->base_url = base_url(f->conf, err)))
		return -1;
	f->keys = keys_new(NULL);
	f->hooks = hooks_new(f->store, f->base_url, f->keys);
	if (hooks_refresh(f->hooks, err) < 0)
		return -1;
	f->max_waiters = f->conf->threads * 3 / 4 > 1 ? f->conf->threads * 3 / 4 : 1;
	return listen_all(role, err);
}

static int active(const struct role *role)
{
	int n = 0;

	for (size_t i = 0; i < LISTENERS; i++)
		if (role->listeners[i])
			n += http_listener_active(role->listeners[i]);
	return n;
}

static void count_arrivals(struct front *f, bool last)
{
	struct err err;

	if (hooks_count_arrivals(f->hooks, last, &err) < 0)
		log_line(LOG_WARN, "arrivals not counted yet", "error", err.text, NULL);
}

/* Until told to stop. Hooks are looked at here too, so that a change by a stranger shows even
 * when no request comes, and secrets that were removed do not stay in memory. */
static int watch(struct role *role, const sigset_t *signals)
{
	struct front *f = &role->front;
	int32_t systems_seen = atomic_load(&f->board->systems);
	struct err err;

	for (;;) {
		int got = signal_next(signals);
		if (store_broken(f->store))
			return EXIT_DISK;
		if (got == SIGTERM || got == SIGINT)
			return EXIT_FINE;
		int32_t now = atomic_load(&f->board->systems);
		if (now != systems_seen) {
			systems_seen = now;
			systems_reload();
			hooks_reload(f->hooks);
			log_line(LOG_INFO, "systems read again", NULL);
		}
		if (hooks_refresh(f->hooks, &err) < 0)
			log_line(LOG_ERROR, "flows not loaded, the old ones go on", "error", err.text,
				 NULL);
		count_arrivals(f, false);
	}
}

/* New requests get 503 from now on; those in hand have until the end of the drain, and those
 * who wait for a reply are told by then. A second signal ends the patience. */
static void drain(struct role *role, const sigset_t *signals)
{
	struct front *f = &role->front;
	int64_t until = clock_mono_ms() + f->conf->drain_ms;

	atomic_store(&f->drain_until_mono_ms, until);
	log_line(LOG_INFO, "draining", "requests", log_number(active(role)), NULL);
	while (active(role) > 0 && clock_mono_ms() < until + 2 * TICK_MS && !store_broken(f->store)) {
		struct timespec soon = {0, 10 * 1000000L};
		if (sigtimedwait(signals, NULL, &soon) > 0)
			break;
	}
}

/* What still runs may use the store: then nothing is taken from under it, and the end of the
 * process cuts it off. */
static void close_all(struct role *role)
{
	struct front *f = &role->front;

	f->board->front_ready = 0;
	if (active(role) > 0) {
		log_line(LOG_WARN, "requests cut off", "requests", log_number(active(role)), NULL);
		return;
	}
	http_stop(role->listeners, LISTENERS);
	if (f->store && f->hooks && !store_broken(f->store))
		count_arrivals(f, true);
	hooks_free(f->hooks);
	keys_free(f->keys);
	if (f->store)
		store_close(f->store);
	addresses_free(f->addresses);
	free(f->caller.trusted);
	free(f->base_url);
	free(role);
}

int server_run(const struct conf *conf, struct board *board)
{
	struct role *role = mem_new(sizeof(*role)); /* outlives this call when threads do */
	sigset_t signals;
	struct err err;

	log_role("front");
	signals_block(&signals);
	mallopt(M_ARENA_MAX, ARENAS);
	role->front.conf = conf;
	role->front.board = board;
	if (open_all(role, &err) < 0) {
		log_line(LOG_ERROR, "the front does not start", "error", err.text, NULL);
		close_all(role);
		return err.kind == ERR_DISK ? EXIT_DISK : EXIT_FAILED;
	}
	board->front_ready = 1;
	int code = watch(role, &signals);
	if (code == EXIT_FINE)
		drain(role, &signals);
	else
		log_line(LOG_ERROR, "the store is broken, nothing is acknowledged any more", NULL);
	if (store_broken(role->front.store))
		code = EXIT_DISK;
	close_all(role);
	return code;
}
