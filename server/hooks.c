/* SPDX-License-Identifier: MIT */
/* The live table: loaded from the store by whichever thread first sees that the configuration
 * has changed, while the others go on with the old one. */
#include "server/hooks.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "server/hooks_table.h"
#include "server/verify_system.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 1000

struct hooks {
	struct store *store;
	const char *base_url;
	struct keys *fetched;
	pthread_rwlock_t lock;      /* of the pointer, for as long as it takes to hold it */
	struct hooks_table *table;
	pthread_mutex_t reloading;
	atomic_uint ticket;         /* of the table; the store's own when it is up to date */
	atomic_bool loaded;
	atomic_llong not_before_mono_ms; /* after a failure */
	struct limits *limits;      /* whoever uses it has taken reloading */
	int64_t counted_mono_ms;
};

struct hooks *hooks_new(struct store *store, const char *base_url, struct keys *fetched)
{
	struct hooks *h = mem_new(sizeof(*h));

	h->store = store;
	h->base_url = base_url;
	h->fetched = fetched;
	pthread_rwlock_init(&h->lock, NULL);
	pthread_mutex_init(&h->reloading, NULL);
	h->limits = limits_new();
	h->table = hooks_table_new(mem_array(1, sizeof(struct hook)), 0);
	return h;
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	hooks_drop(h->table);
	limits_free(h->limits);
	pthread_rwlock_destroy(&h->lock);
	pthread_mutex_destroy(&h->reloading);
	free(h);
}

struct hooks_table *hooks_hold(struct hooks *h)
{
	pthread_rwlock_rdlock(&h->lock);
	struct hooks_table *table = h->table;
	hooks_table_hold(table);
	pthread_rwlock_unlock(&h->lock);
	return table;
}

/* A secret that cannot be read is one that is not set: its flow refuses everyone. */
static void load_keys(struct hooks *h, struct hook *hook)
{
	const struct flow_auth *auth = &hook->webhook->auth;

	hook->n_keys = auth->n_secrets;
	hook->keys = mem_array(auth->n_secrets ? auth->n_secrets : 1, sizeof(*hook->keys));
	for (size_t i = 0; i < auth->n_secrets; i++) {
		char *value = NULL;
		size_t len = 0;
		struct err err;
		int got = store_secret_get(h->store, auth->secrets[i], &value, &len, &err);
		if (got < 0)
			log_line(LOG_ERROR, "secret not readable", "flow", flow_name(hook->flow),
				 "secret", auth->secrets[i], "error", err.text, NULL);
		else if (got == 0)
			log_line(LOG_WARN, auth->let_in ? "secret not set, its flow lets everybody in"
							: "secret not set, its flow refuses every request",
				 "flow", flow_name(hook->flow), "secret", auth->secrets[i], NULL);
		verify_key_init(&hook->keys[i], auth, auth->secrets[i], got > 0 ? value : NULL, len);
	}
}

/* A secret that a setting names; a value of the document as it is. */
static struct slice load_setting(struct hooks *h, const struct hook *hook, const struct flow_setting *setting)
{
	char *value = NULL;
	size_t len = 0;
	struct err err;

	if (!setting->value)
		return (struct slice){NULL, 0};
	if (!setting->secret)
		return (struct slice){mem_dup(setting->value), strlen(setting->value)};
	if (store_secret_get(h->store, setting->value, &value, &len, &err) <= 0) {
		log_line(LOG_WARN, "secret of a setting not set", "flow", flow_name(hook->flow), "secret",
			 setting->value, NULL);
		return (struct slice){NULL, 0};
	}
	return (struct slice){value, len};
}

static void load_proof(struct hooks *h, struct hook *hook)
{
	const struct system *s = flow_system(hook->flow);
	const struct flow_auth *auth = &hook->webhook->auth;

	if (!s || (auth->type != AUTH_SYSTEM && !s->n_handshakes))
		return;
	struct slice *settings = mem_array(s->n_settings + 1, sizeof(*settings));
	for (size_t i = 0; i < s->n_settings; i++) {
		const char *fallback = s->settings[i].fallback;
		if (i < auth->n_settings)
			settings[i] = load_setting(h, hook, &auth->settings[i]);
		else if (fallback)
			settings[i] = (struct slice){mem_dup(fallback), strlen(fallback)};
	}
	const struct verify_system_setup setup = {
		.system = s, .auth = auth, .keys = hook->keys, .n_keys = hook->n_keys, .base_url = h->base_url,
		.fetched = h->fetched,
	};
	hook->proof = verify_system_new(&setup, settings);
}

/* 1 when the flow listens. One that is not published, or that this version of the program
 * finds faulty, does not. */
static int load_hook(struct hooks *h, const struct flow_row *row, struct hook *hook)
{
	struct faults faults = {0};
	struct flow *flow = NULL;

	if (!row->version || !row->document)
		return 0;
	if (flow_parse(row->document, strlen(row->document), &flow, &faults) < 0) {
		const char *text = faults.count ? faults.list[0].text : "unknown";
		for (size_t i = 0; i < faults.count; i++)
			if (!faults.list[i].warning) {
				text = faults.list[i].text;
				break;
			}
		log_line(LOG_ERROR, "published flow is faulty, it does not listen", "flow",
			 row->name, "version", log_number(row->version), "fault", text, NULL);
		faults_release(&faults);
		return 0;
	}
	faults_release(&faults);
	*hook = (struct hook){.flow_id = row->flow_id,
			      .version_id = row->version_id,
			      .paused = row->paused,
			      .flow = flow,
			      .webhook = flow_webhook(flow),
			      .limit = limits_find(h->limits, row->flow_id)};
	load_keys(h, hook);
	load_proof(h, hook);
	return 1;
}

static int reload(struct hooks *h, struct err *err)
{
	struct flow_row *rows = NULL;
	size_t n_rows = 0, n = 0;

	if (store_flows_load(h->store, &rows, &n_rows, err) < 0)
		return -1;
	struct hook *list = mem_array(n_rows + 1, sizeof(*list));
	for (size_t i = 0; i < n_rows; i++) {
		n += (size_t)load_hook(h, &rows[i], &list[n]);
		flow_row_release(&rows[i]);
	}
	free(rows);
	struct hooks_table *made = hooks_table_new(list, n);
	pthread_rwlock_wrlock(&h->lock);
	struct hooks_table *old = h->table;
	h->table = made;
	pthread_rwlock_unlock(&h->lock);
	hooks_drop(old);
	log_line(LOG_INFO, "flows loaded", "listening", log_number((int64_t)n), NULL);
	return 1;
}

/* Whoever calls has taken the lock. */
static int reload_changed(struct hooks *h, struct err *err)
{
	/* Read before the rows: a change in between makes the next request load again. */
	uint32_t ticket = store_config_ticket(h->store);
	int rc = 0;

	if (!atomic_load(&h->loaded) || ticket != atomic_load(&h->ticket))
		rc = reload(h, err);
	if (rc > 0) {
		atomic_store(&h->ticket, ticket);
		atomic_store(&h->loaded, true);
	} else if (rc < 0) {
		atomic_store(&h->not_before_mono_ms, clock_mono_ms() + RETRY_MS);
	}
	return rc;
}

/* Who comes while another thread reloads waits for it: what was published before he came is what
 * he meets. After a failure all go on with the old table for a while. */
int hooks_refresh(struct hooks *h, struct err *err)
{
	int rc = 0;

	if (atomic_load(&h->loaded) && store_config_ticket(h->store) == atomic_load(&h->ticket))
		return 0;
	if (clock_mono_ms() < atomic_load(&h->not_before_mono_ms))
		return 0;
	pthread_mutex_lock(&h->reloading);
	if (clock_mono_ms() >= atomic_load(&h->not_before_mono_ms))
		rc = reload_changed(h, err);
	pthread_mutex_unlock(&h->reloading);
	return rc;
}

void hooks_reload(struct hooks *h)
{
	atomic_store(&h->loaded, false);
}

int hooks_count_arrivals(struct hooks *h, bool last, struct err *err)
{
	int64_t now = clock_mono_ms();
	struct limit_sum sum;
	size_t at = 0;
	int rc = 0;

	pthread_mutex_lock(&h->reloading);
	if (last || now - h->counted_mono_ms >= RETRY_MS) {
		h->counted_mono_ms = now;
		while (rc == 0 && limits_uncounted(h->limits, &at, &sum)) {
			rc = store_arrivals_count(h->store, clock_wall_ms(), sum.flow_id, sum.name, sum.n,
						  err);
			if (rc < 0)
				limits_put_back(h->limits, &sum);
		}
	}
	pthread_mutex_unlock(&h->reloading);
	return rc;
}
