/* SPDX-License-Identifier: MIT */
/* Flow documents from files into the store. Everything is read and checked before the first
 * is stored, so what a caller decides ("nothing if one is faulty", "the others all the same")
 * is decided with all faults known. */
#include "cli/apply.h"

#include "cli/cmd.h"
#include "cli/diff.h"
#include "common/log.h"
#include "common/mem.h"
#include "flow/fault.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct apply_doc *add_doc(struct apply_set *set, const char *path, struct buf text)
{
	set->docs = mem_resize(set->docs, set->count + 1, sizeof(*set->docs));
	set->docs[set->count] = (struct apply_doc){.path = mem_dup(path), .text = text};
	return &set->docs[set->count++];
}

static int add_file(struct apply_set *set, const char *path, struct err *err)
{
	struct buf text = BUF_INIT;

	if (cmd_read_file(path, APPLY_DOCUMENT_MAX, &text, err) < 0) {
		buf_release(&text);
		return -1;
	}
	add_doc(set, path, text);
	return 0;
}

/* One file of a folder that cannot be read is that file's fault, not the folder's. */
static void add_unreadable(struct apply_set *set, const char *path, const struct err *why)
{
	struct apply_doc *doc = add_doc(set, path, (struct buf)BUF_INIT);

	fault_add(&doc->faults, "", NULL, "%s", why->text);
	doc->outcome = APPLY_FAULTY;
}

bool apply_names_file(const char *word)
{
	size_t len = strlen(word);

	return strcmp(word, "-") == 0 || strchr(word, '/') ||
	       (len > 5 && strcmp(word + len - 5, ".json") == 0) || access(word, F_OK) == 0;
}

/* "orders.json", but no hidden file and no editor's leavings. */
static int is_document(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct apply_set *set, const char *path, struct err *err)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_document, by_name);

	if (n < 0)
		return err_set(err, ERR_SYSTEM, "%s cannot be read: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		char *file = mem_format("%s/%s", path, entries[i]->d_name);
		if (add_file(set, file, err) < 0)
			add_unreadable(set, file, err);
		free(file);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int apply_add(struct apply_set *set, const char *path, struct err *err)
{
	struct stat st;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_folder(set, path, err);
	return add_file(set, path, err);
}

void apply_release(struct apply_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->docs[i].path);
		buf_release(&set->docs[i].text);
		flow_free(set->docs[i].flow);
		faults_release(&set->docs[i].faults);
	}
	free(set->docs);
	*set = (struct apply_set){0};
}

/* Two files of one name would each replace the other at every start. */
static void refuse_second(struct apply_set *set, size_t i)
{
	struct apply_doc *doc = &set->docs[i];

	for (size_t j = 0; j < i; j++) {
		const struct apply_doc *other = &set->docs[j];
		if (!other->flow || strcmp(flow_name(other->flow), flow_name(doc->flow)) != 0)
			continue;
		fault_add(&doc->faults, "/name", NULL, "%s has a flow \"%s\" too: give one of them another name",
			  other->path, flow_name(doc->flow));
		return;
	}
}

size_t apply_check(struct apply_set *set)
{
	size_t faulty = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct apply_doc *doc = &set->docs[i];
		if (doc->outcome != APPLY_FAULTY &&
		    flow_parse(doc->text.ptr, doc->text.len, &doc->flow, &doc->faults) == 0) {
			refuse_second(set, i);
			if (flow_check_expressions(doc->flow, &doc->faults) < 0 || doc->faults.errors) {
				flow_free(doc->flow);
				doc->flow = NULL;
			}
		}
		doc->outcome = doc->flow ? APPLY_PENDING : APPLY_FAULTY;
		faulty += !doc->flow;
	}
	return faulty;
}

void apply_routes(const struct flow *f, struct flow_route **routes, size_t *count)
{
	const struct flow_webhook *webhook = flow_webhook(f);
	size_t n = 0;

	*routes = mem_array(8 * sizeof(webhook->methods), sizeof(**routes));
	for (unsigned bit = 1; bit && bit <= webhook->methods; bit <<= 1) {
		struct buf shape = BUF_INIT;
		if (!(webhook->methods & bit))
			continue;
		flow_suffix_shape(webhook->url_suffix, &shape);
		(*routes)[n++] = (struct flow_route){buf_take(&shape), flow_method_name(bit)};
	}
	*count = n;
}

void apply_routes_free(struct flow_route *routes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)routes[i].shape);
	free(routes);
}

static void store_one(struct apply_doc *doc, struct store *s, bool publish, int64_t now)
{
	struct buf answers = BUF_INIT;
	struct flow_route *routes;
	bool own = flow_answers(doc->flow, &answers);
	struct flow_new row = {
		.name = flow_name(doc->flow),
		.title = flow_title(doc->flow),
		.document = doc->text.ptr,
		.effects = flow_has_effects(doc->flow),
		.replies = flow_webhook(doc->flow)->reply == REPLY_RESPONSE,
		.concurrency = flow_webhook(doc->flow)->concurrency,
		.order_stop = flow_webhook(doc->flow)->order_stop,
		.answers = own ? answers.ptr : NULL,
	};

	apply_routes(doc->flow, &routes, &row.n_routes);
	row.routes = routes;
	int rc = store_flow_apply(s, &row, publish, now, &doc->version, &doc->err);
	buf_release(&answers);
	doc->outcome = rc < 0 ? APPLY_FAILED : rc > 0 ? APPLY_NEW : APPLY_UNCHANGED;
	apply_routes_free(routes, row.n_routes);
}

/* One pass over what is not stored yet; says whether anything was. */
static bool store_pass(struct apply_set *set, struct store *s, bool publish, int64_t now, bool again)
{
	bool progress = false;

	for (size_t i = 0; i < set->count; i++) {
		struct apply_doc *doc = &set->docs[i];
		bool conflict = doc->outcome == APPLY_FAILED && doc->err.kind == ERR_CONFLICT;
		if (again ? !conflict : doc->outcome != APPLY_PENDING)
			continue;
		store_one(doc, s, publish, now);
		progress = progress || doc->outcome != APPLY_FAILED;
	}
	return progress;
}

int apply_store(struct apply_set *set, struct store *s, bool publish, int64_t now, struct err *err)
{
	bool progress = store_pass(set, s, publish, now, false);

	/* A suffix that one flow gives up and another takes: the order of names is not ours. */
	while (progress)
		progress = store_pass(set, s, publish, now, true);
	for (size_t i = 0; i < set->count; i++) {
		if (set->docs[i].outcome != APPLY_FAILED)
			continue;
		if (err)
			*err = set->docs[i].err;
		return -1;
	}
	return 0;
}

/* ---- what would change ------------------------------------------------------------------ */

int apply_diff(const struct apply_set *set, struct store *s, struct buf *out, struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct apply_doc *doc = &set->docs[i];
		struct flow_row row = {0};
		struct buf lines = BUF_INIT;
		const char *name = doc->flow ? flow_name(doc->flow) : NULL;
		int got = name && s ? store_flow_load(s, name, 0, &row, err) : 0;
		if (got < 0)
			return -1;
		struct slice old = {got > 0 ? row.document : "", got > 0 ? strlen(row.document) : 0};
		if (name && diff_lines(old, buf_slice(&doc->text), &lines) > 0) {
			buf_addf(out, "--- %s, ", name);
			if (got > 0)
				buf_addf(out, "version %d\n", row.version);
			else
				buf_add_text(out, "nothing published\n");
			buf_addf(out, "+++ %s\n%s", doc->path, lines.ptr);
		}
		buf_release(&lines);
		flow_row_release(&row);
	}
	return 0;
}

/* ---- the folder of a server ------------------------------------------------------------ */

static void log_faults(const struct apply_doc *doc)
{
	for (size_t i = 0; i < doc->faults.count; i++) {
		const struct fault *f = &doc->faults.list[i];
		log_line(f->warning ? LOG_WARN : LOG_ERROR, f->warning ? "flow warning" : "flow fault",
			 "file", doc->path, "at", *f->pointer ? f->pointer : "/", "text", f->text, NULL);
	}
}

static void log_outcome(const struct apply_doc *doc)
{
	switch (doc->outcome) {
	case APPLY_NEW:
		log_faults(doc);
		log_line(LOG_INFO, "flow published", "flow", flow_name(doc->flow), "version",
			 log_number(doc->version), "file", doc->path, NULL);
		break;
	case APPLY_UNCHANGED:
		log_line(LOG_DEBUG, "flow unchanged", "flow", flow_name(doc->flow), "version",
			 log_number(doc->version), "file", doc->path, NULL);
		break;
	case APPLY_FAULTY:
		log_faults(doc);
		log_line(LOG_ERROR, "flow refused: the version published before stays", "file", doc->path,
			 NULL);
		break;
	case APPLY_FAILED:
		log_line(LOG_ERROR, "flow not applied", "flow", flow_name(doc->flow), "file", doc->path,
			 "error", doc->err.text, NULL);
		break;
	case APPLY_PENDING: break;
	}
}

int apply_dir(struct store *s, const char *dir, int64_t now, struct err *err)
{
	struct apply_set set = {0};
	int rc = apply_add(&set, dir, err), fresh = 0;

	if (rc < 0)
		goto out;
	apply_check(&set);
	/* What could not be stored is in its log line, unless the store itself is at fault. */
	if (apply_store(&set, s, true, now, NULL) < 0)
		for (size_t i = 0; i < set.count; i++)
			if (set.docs[i].outcome == APPLY_FAILED && set.docs[i].err.kind != ERR_CONFLICT) {
				*err = set.docs[i].err;
				rc = -1;
			}
	for (size_t i = 0; i < set.count; i++) {
		log_outcome(&set.docs[i]);
		fresh += set.docs[i].outcome == APPLY_NEW;
	}
out:
	apply_release(&set);
	return rc < 0 ? -1 : fresh;
}
