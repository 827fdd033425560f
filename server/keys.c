/* SPDX-License-Identifier: MIT */
#include "server/keys.h"

#include "common/jsontext.h"
#include "common/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ENTRIES 64
#define FETCH_MS 3000
#define BYTES_MAX (64 * 1024)
#define FAILED_MS 60000    /* how long a failure is remembered */
#define AFRESH_MS 60000    /* how old keys must be to be fetched again because nothing held */
#define PATIENCE_S 3       /* how long a thread waits for another's fetch */

struct keys_set {
	atomic_int holders;
	struct crypto_keys keys;
};

struct entry {
	char *url;             /* NULL: free */
	int64_t fetched_ms, failed_ms, used_ms;
	struct keys_set *set;  /* NULL: none was fetched yet */
	struct err why;        /* the last fetch failed */
};

struct keys {
	pthread_mutex_t lock;     /* of the table; never held during a call */
	pthread_mutex_t fetching; /* one call at a time: outbound.h has one handle */
	keys_call call;
	struct entry entries[ENTRIES];
};

struct keys *keys_new(keys_call call)
{
	struct keys *k = mem_new(sizeof(*k));

	k->call = call ? call : outbound_call;
	pthread_mutex_init(&k->lock, NULL);
	pthread_mutex_init(&k->fetching, NULL);
	return k;
}

void keys_drop(struct keys_set *set)
{
	if (!set || atomic_fetch_sub(&set->holders, 1) != 1)
		return;
	crypto_keys_release(&set->keys);
	free(set);
}

void keys_free(struct keys *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < ENTRIES; i++) {
		free(k->entries[i].url);
		keys_drop(k->entries[i].set);
	}
	pthread_mutex_destroy(&k->lock);
	pthread_mutex_destroy(&k->fetching);
	free(k);
}

const struct crypto_keys *keys_of(const struct keys_set *set)
{
	return &set->keys;
}

const char *keys_url_refused(const char *url, const char *const *hosts)
{
	if (strncmp(url, "https://", 8) != 0)
		return "is not https";
	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p >= 127 || *p == '\\')
			return "has characters that no URL has";
	struct slice host = {url + 8, strcspn(url + 8, "/?#")};
	if (memchr(host.ptr, '@', host.len) || memchr(host.ptr, ':', host.len))
		return "names a user or a port";
	return system_host_pinned(hosts, host) ? NULL : "has a host that the system's file does not name";
}

/* ---- what was fetched ---- */

static int read_keys(const struct system_public_key *from, struct slice text, int64_t now_ms,
		     struct crypto_keys *out, struct err *err)
{
	struct slice trusted = {from->trusted, from->trusted ? strlen(from->trusted) : 0};
	struct buf inner = BUF_INIT;
	int rc;

	switch (from->form) {
	case FORM_CERTIFICATE: return crypto_keys_chain(text, trusted, NULL, now_ms, out, err);
	case FORM_PEM:
	case FORM_JWKS: return crypto_keys_read(text, CRYPTO_USE_PUBLIC, out, err);
	case FORM_JSON:
		if (!system_json_text(from->path, text, &inner)) {
			buf_release(&inner);
			return err_set(err, ERR_UPSTREAM, "the answer has no text at %.80s",
				       from->path ? system_source_text(from->path) : "");
		}
		rc = crypto_keys_read(buf_slice(&inner), CRYPTO_USE_PUBLIC, out, err);
		buf_release(&inner);
		return rc;
	}
	return err_set(err, ERR_INVALID, "the key is of a form this version does not know");
}

static struct keys_set *fetch(struct keys *k, const struct system_public_key *from, const char *url, int64_t now_ms, struct err *err)
{
	const struct outbound_request request = {
		.method = "GET", .url = url, .headers = "[]", .timeout_ms = FETCH_MS, .max_response_bytes = BYTES_MAX,
	};
	struct outbound_response response = {.headers = BUF_INIT, .body = BUF_INIT};
	struct keys_set *set = NULL;

	if (k->call(&request, &response, err) == 0) {
		set = mem_new(sizeof(*set));
		atomic_init(&set->holders, 1);
		if (response.status != 200 || read_keys(from, buf_slice(&response.body), now_ms, &set->keys, err) < 0) {
			if (response.status != 200)
				err_set(err, ERR_UPSTREAM, "%.200s answered %d", url, response.status);
			keys_drop(set);
			set = NULL;
		}
	}
	outbound_response_release(&response);
	return set;
}

/* ---- the table ---- */

/* Whoever calls has taken the lock. */
static struct entry *find(struct keys *k, const char *url)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (k->entries[i].url && strcmp(k->entries[i].url, url) == 0)
			return &k->entries[i];
	return NULL;
}

static struct entry *find_room(struct keys *k)
{
	struct entry *oldest = &k->entries[0];

	for (size_t i = 0; i < ENTRIES; i++) {
		if (!k->entries[i].url)
			return &k->entries[i];
		if (k->entries[i].used_ms < oldest->used_ms)
			oldest = &k->entries[i];
	}
	free(oldest->url);
	keys_drop(oldest->set);
	*oldest = (struct entry){0};
	return oldest;
}

/* 1 and *out from the table, -1 a failure that is remembered, 0 it must be fetched. */
static int look_up(struct keys *k, const struct system_public_key *from, const char *url, bool afresh,
		   int64_t now_ms, struct keys_set **out, struct err *err)
{
	int rc = 0;

	pthread_mutex_lock(&k->lock);
	struct entry *e = find(k, url);
	if (e) {
		int64_t age = now_ms - e->fetched_ms;
		bool kept = e->set && age < from->cache_s * 1000 && (!afresh || age < AFRESH_MS);
		e->used_ms = now_ms;
		if (kept) {
			atomic_fetch_add(&e->set->holders, 1);
			*out = e->set;
			rc = 1;
		} else if (e->why.kind && now_ms - e->failed_ms < FAILED_MS) {
			*err = e->why;
			rc = -1;
		}
	}
	pthread_mutex_unlock(&k->lock);
	return rc;
}

/* Keys that were there go on where a new fetch fails, until they are too old. */
static void keep(struct keys *k, const char *url, int64_t now_ms, struct keys_set *set, const struct err *why)
{
	pthread_mutex_lock(&k->lock);
	struct entry *e = find(k, url);
	if (!e) {
		e = find_room(k);
		e->url = mem_dup(url);
	}
	e->used_ms = now_ms;
	if (set) {
		keys_drop(e->set);
		e->set = set;
		e->fetched_ms = now_ms;
		e->why = (struct err){0};
		atomic_fetch_add(&set->holders, 1);
	} else {
		e->failed_ms = now_ms;
		e->why = *why;
	}
	pthread_mutex_unlock(&k->lock);
}

static int take_turn(struct keys *k, struct err *err)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	if (pthread_mutex_timedlock(&k->fetching, &until) != 0)
		return err_set(err, ERR_BUSY, "something else is being fetched; the sender must try again");
	return 0;
}

int keys_visit(struct keys *k, const char *url, const char *const *hosts, struct err *err)
{
	const struct outbound_request request = {
		.method = "GET", .url = url, .headers = "[]", .timeout_ms = FETCH_MS, .max_response_bytes = BYTES_MAX,
	};
	struct outbound_response response = {.headers = BUF_INIT, .body = BUF_INIT};
	const char *why = keys_url_refused(url, hosts);
	int rc;

	if (why)
		return err_set(err, ERR_DENIED, "the address %.120s %s", url, why);
	if (take_turn(k, err) < 0)
		return -1;
	rc = k->call(&request, &response, err);
	if (rc == 0 && (response.status < 200 || response.status > 299))
		rc = err_set(err, ERR_UPSTREAM, "it was answered %d", response.status);
	outbound_response_release(&response);
	pthread_mutex_unlock(&k->fetching);
	return rc;
}

int keys_get(struct keys *k, const struct system_public_key *from, const char *url, bool afresh, int64_t now_ms,
	     struct keys_set **out, struct err *err)
{
	const char *why = keys_url_refused(url, from->hosts);
	int rc;

	*out = NULL;
	if (why)
		return err_set(err, ERR_DENIED, "its address %.120s %s", url, why);
	if ((rc = look_up(k, from, url, afresh, now_ms, out, err)) != 0)
		return rc;
	if (take_turn(k, err) < 0)
		return -1;
	if ((rc = look_up(k, from, url, afresh, now_ms, out, err)) == 0) {
		*out = fetch(k, from, url, now_ms, err);
		keep(k, url, now_ms, *out, err);
		rc = *out ? 1 : -1;
	}
	pthread_mutex_unlock(&k->fetching);
	return rc;
}
