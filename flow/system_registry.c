/* SPDX-License-Identifier: MIT */
/* Which systems there are. A file is only read when somebody asks for its system, and then kept:
 * a server with three flows never reads the other eighty. */
#include "flow/system_inner.h"

#include "common/assets.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/nearest.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMBEDDED "schema/systems/"

static struct {
	pthread_mutex_t lock;
	char *folder; /* NULL: none */
	const struct system **list;
	size_t n;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

void systems_folder(const char *data_dir)
{
	pthread_mutex_lock(&registry.lock);
	free(registry.folder);
	registry.folder = data_dir && *data_dir ? mem_format("%s/systems", data_dir) : NULL;
	pthread_mutex_unlock(&registry.lock);
}

/* ---- one file ---- */

/* 1 read, 0 there is none, -1. */
static int read_file(const char *path, struct buf *out, struct err *err)
{
	FILE *file = fopen(path, "re");
	char bytes[8192];
	size_t n;

	if (!file && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	while (file && out->len <= SYSTEM_DOCUMENT_MAX && (n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_add(out, bytes, n);
	if (!file || ferror(file)) {
		err_set(err, ERR_SYSTEM, "%s cannot be read: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return -1;
	}
	fclose(file);
	if (out->len > SYSTEM_DOCUMENT_MAX)
		return err_set(err, ERR_TOO_BIG, "%s has more than %d bytes", path, SYSTEM_DOCUMENT_MAX);
	return 1;
}

static int parse(const char *text, size_t len, const char *name, const char *where, bool own,
		 const struct system **out, struct err *err)
{
	struct faults faults;
	struct system *made;
	int rc = system_parse(text, len, name, &made, &faults);

	if (rc < 0)
		err_set(err, ERR_INVALID, "%s is faulty: %s: %s (`ringbolt system check %s` lists all)", where,
			*faults.list[0].pointer ? faults.list[0].pointer : "the document", faults.list[0].text, where);
	else
		made->own = own;
	faults_release(&faults);
	*out = made;
	return rc < 0 ? -1 : 1;
}

/* Names come from flows: letters that lead nowhere else. */
static bool name_sane(const char *name)
{
	return *name && strlen(name) <= 64 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

static int load(const char *name, const struct system **out, struct err *err)
{
	struct buf text = BUF_INIT;
	int rc = 0;

	if (!name_sane(name))
		return 0;
	if (registry.folder) {
		char *path = mem_format("%s/%s.json", registry.folder, name);
		rc = read_file(path, &text, err);
		if (rc > 0)
			rc = parse(text.ptr, text.len, name, path, true, out, err);
		free(path);
		buf_release(&text);
	}
	if (rc != 0)
		return rc;
	char *asset_name = mem_format(EMBEDDED "%s.json", name);
	const struct asset *asset = assets_find(asset_name);
	if (asset)
		rc = parse(asset->bytes, asset->len, name, asset_name, false, out, err);
	free(asset_name);
	return rc;
}

/* ---- all of them ---- */

int systems_find(const char *name, const struct system **out, struct err *err)
{
	int rc = 0;

	*out = NULL;
	pthread_mutex_lock(&registry.lock);
	for (size_t i = 0; i < registry.n && rc == 0; i++)
		if (strcmp(registry.list[i]->name, name) == 0) {
			*out = system_hold(registry.list[i]);
			rc = 1;
		}
	if (rc == 0 && (rc = load(name, out, err)) > 0) {
		registry.list = mem_resize(registry.list, registry.n + 1, sizeof(*registry.list));
		registry.list[registry.n++] = system_hold(*out);
	}
	pthread_mutex_unlock(&registry.lock);
	return rc;
}

void systems_reload(void)
{
	size_t kept = 0;

	pthread_mutex_lock(&registry.lock);
	for (size_t i = 0; i < registry.n; i++) {
		const struct system *old = registry.list[i], *now = NULL;
		struct err err;
		int rc = load(old->name, &now, &err);
		if (rc < 0)
			log_line(LOG_ERROR, "a system's new file is faulty, the old one goes on", "system", old->name,
				 "error", err.text, NULL);
		if (rc < 0)
			now = system_hold(old);
		if (now)
			registry.list[kept++] = now;
		system_drop(old);
	}
	registry.n = kept;
	pthread_mutex_unlock(&registry.lock);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_name(char ***list, size_t *n, const char *file)
{
	size_t len = strlen(file);

	if (len <= 5 || strcmp(file + len - 5, ".json") != 0)
		return;
	char *name = mem_dup_len(file, len - 5);
	bool there = !name_sane(name);
	for (size_t i = 0; i < *n && !there; i++)
		there = strcmp((*list)[i], name) == 0;
	if (there) {
		free(name);
		return;
	}
	*list = mem_resize(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = name;
}

size_t systems_names(char ***out)
{
	size_t n = 0;

	*out = NULL;
	for (const struct asset *a = assets_table; a->name; a++)
		if (strncmp(a->name, EMBEDDED, strlen(EMBEDDED)) == 0)
			add_name(out, &n, a->name + strlen(EMBEDDED));
	pthread_mutex_lock(&registry.lock);
	DIR *dir = registry.folder ? opendir(registry.folder) : NULL;
	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;)
		add_name(out, &n, e->d_name);
	if (dir)
		closedir(dir);
	pthread_mutex_unlock(&registry.lock);
	if (n)
		qsort(*out, n, sizeof(**out), compare_names);
	return n;
}

const char *systems_near(const char *name, char out[128])
{
	struct nearest near = {.word = name};
	char **names;
	size_t n = systems_names(&names);

	for (size_t i = 0; i < n; i++)
		nearest_offer(&near, names[i]);
	nearest_hint(&near, out);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return out;
}
