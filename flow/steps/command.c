/* SPDX-License-Identifier: MIT */
/* command: runs a program of the operator's folder: a list of arguments, no shell. */
#include "flow/child.h"
#include "flow/operator_file.h"
#include "flow/secrets.h"
#include "flow/walk.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "common/utf8.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define WORDS_MAX 256          /* arguments, and members of the environment */
#define WORDS_BYTES_MAX 131072 /* of each of the two */

static const char *const outputs[] = {"text", "json", NULL};

static const struct param params[] = {
	{.name = "program", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 100,
	 .refuse = operator_file_refuse,
	 .text = "The program: the name of a file in the server's --command-dir."},
	{.name = "arguments", .type = PARAM_VALUE,
	 .text = "A list of texts and numbers, handed over one by one; there is no shell."},
	{.name = "input", .type = PARAM_VALUE, .flags = PARAM_SECRETS,
	 .text = "Its standard input: text as it is, anything else as JSON."},
	{.name = "environment", .type = PARAM_MAP_VALUE, .flags = PARAM_SECRETS,
	 .text = "Its environment; it gets nothing else of the server's."},
	{.name = "timeout_ms", .type = PARAM_MS, .min = 1, .max = 3600000, .fallback = "10000",
	 .text = "When it is killed, with all it has started."},
	{.name = "max_output_bytes", .type = PARAM_INT, .min = 1, .max = 16777216,
	 .fallback = "1048576", .text = "The most it may print."},
	{.name = "memory_mb", .type = PARAM_INT, .min = 1, .max = 1048576, .fallback = "256",
	 .text = "The most memory it may use, in MiB; never more than a worker's own."},
	{.name = "output", .type = PARAM_CHOICE, .choices = outputs, .fallback = "text",
	 .text = "What \"stdout\" of the output is: text, or JSON where it is that."},
	{.name = "success", .type = PARAM_ANY,
	 .text = "A list of the exit codes that count as success. Default [0]."},
	{0},
};

static void check(const struct step *s, struct faults *faults)
{
	const struct arg *success = arg_find(&s->args, "success");
	const cJSON *item;

	if (!success->node)
		return;
	bool fine = cJSON_IsArray(success->node) && success->node->child;
	cJSON_ArrayForEach(item, success->node)
		fine = fine && cJSON_IsNumber(item) && item->valueint >= 0 && item->valueint <= 255;
	if (!fine)
		fault_add(faults, success->pointer, NULL,
			  "\"success\" is a list of exit codes from 0 to 255, such as [0, 1]");
}

/* The arguments or the environment of a program: copies, ended by a NULL. */
struct words {
	char *list[WORDS_MAX + 1];
	size_t count, bytes;
};

static void words_release(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		mem_wipe_free(words->list[i], strlen(words->list[i]));
}

static int words_add(struct words *words, const char *field, const struct buf *text, struct err *err)
{
	if (strlen(text->ptr) != text->len)
		return err_set(err, ERR_INVALID, "%s: a NUL byte cannot be handed over", field);
	words->bytes += text->len + 1;
	if (words->count == WORDS_MAX || words->bytes > WORDS_BYTES_MAX)
		return err_set(err, ERR_TOO_BIG, "%s: at most %d of them and %d bytes; hand large data over "
			       "as \"input\"", field, WORDS_MAX, WORDS_BYTES_MAX);
	words->list[words->count++] = mem_dup_len(text->ptr, text->len);
	return 0;
}

static bool one_word(struct slice value)
{
	enum jsontext_kind kind = jsontext_kind(value);

	return kind != JSONTEXT_ARRAY && kind != JSONTEXT_OBJECT && kind != JSONTEXT_NULL;
}

static int read_arguments(struct walk *w, const struct step *s, struct words *argv, struct err *err)
{
	struct buf json = BUF_INIT, text = BUF_INIT;
	struct jsontext_walk item;

	buf_add_text(&text, arg_text(&s->args, "program"));
	int rc = words_add(argv, "program", &text, err);
	int given = rc < 0 ? -1 : walk_json(w, &s->args, "arguments", &json, err);
	if (given < 0)
		rc = -1;
	if (given > 0 && jsontext_kind(buf_slice(&json)) != JSONTEXT_ARRAY) {
		err_set(err, ERR_INVALID, "a list is wanted, not %s",
			jsontext_kind_name(jsontext_kind(buf_slice(&json))));
		rc = walk_refuse(w, &s->args, "arguments", err);
	} else if (given > 0) {
		jsontext_walk_start(&item, buf_slice(&json));
		while (rc == 0 && jsontext_walk_next(&item)) {
			buf_clear(&text);
			jsontext_text(item.value, &text);
			rc = one_word(item.value)
				     ? words_add(argv, "arguments", &text, err)
				     : err_set(err, ERR_INVALID, "arguments: %s is no argument; text or a "
					       "number is (tojson makes text of it)",
					       jsontext_kind_name(jsontext_kind(item.value)));
		}
	}
	buf_release(&json);
	buf_release(&text);
	return rc;
}

/* NAME=value; LD_PRELOAD and its kin would let a flow choose the code that runs. */
static int add_variable(struct words *envp, struct slice key, struct slice value, struct err *err)
{
	struct buf text = BUF_INIT;
	int rc = 0;

	jsontext_string(key, &text);
	bool named = text.len && !isdigit((unsigned char)*text.ptr) &&
		     text.len == strspn(text.ptr, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789_");
	if (!named || strncmp(text.ptr, "LD_", 3) == 0 || strcmp(text.ptr, "GCONV_PATH") == 0 ||
	    strcmp(text.ptr, "GLIBC_TUNABLES") == 0)
		rc = err_set(err, ERR_INVALID, "environment: \"%.60s\" %s", text.ptr,
			     named ? "is not a flow's to set" : "is no name of a variable");
	else if (jsontext_kind(value) != JSONTEXT_NULL && !one_word(value))
		rc = err_set(err, ERR_INVALID, "environment: %.60s must be text or a number", text.ptr);
	buf_add_char(&text, '=');
	jsontext_text(value, &text);
	if (rc == 0 && one_word(value))
		rc = words_add(envp, "environment", &text, err);
	secrets_wipe(&text);
	return rc;
}

static int read_environment(struct walk *w, const struct step *s, struct words *envp, struct err *err)
{
	struct buf json = BUF_INIT;
	struct jsontext_walk member;
	int rc = walk_json(w, &s->args, "environment", &json, err);

	if (rc > 0) {
		rc = 0;
		jsontext_walk_start(&member, buf_slice(&json));
		while (rc == 0 && jsontext_walk_next(&member))
			rc = add_variable(envp, member.key, member.value, err);
	}
	secrets_wipe(&json);
	return rc;
}

/* ---- what came of it ---- */

static void add_printed(struct buf *out, const struct buf *text, bool json)
{
	struct slice whole = buf_slice(text);

	if (json && jsontext_check(whole, JSONTEXT_DEPTH_MAX, NULL) == 0)
		buf_add_slice(out, jsontext_trim(whole));
	else if (utf8_valid(text->ptr, text->len))
		buf_add_json_text(out, text->ptr, text->len);
	else
		buf_add_text(out, "null");
}

static void write_output(const struct step *s, const struct child_result *r, struct buf *out)
{
	buf_addf(out, "{\"exit\":");
	if (r->exit >= 0)
		buf_addf(out, "%d,\"signal\":null", r->exit);
	else
		buf_addf(out, "null,\"signal\":%d", r->signal);
	buf_add_text(out, ",\"stdout\":");
	add_printed(out, &r->out, strcmp(arg_text(&s->args, "output"), "json") == 0);
	buf_add_text(out, ",\"stderr\":");
	add_printed(out, &r->err, false);
	buf_add_char(out, '}');
}

static bool is_success(const struct step *s, int code)
{
	const cJSON *list = arg_find(&s->args, "success")->node, *item;

	if (!list)
		return code == 0;
	cJSON_ArrayForEach(item, list)
		if (item->valueint == code)
			return true;
	return false;
}

static int judge(const struct step *s, const struct child_result *r, struct err *err)
{
	const char *program = arg_text(&s->args, "program");
	int len = (int)strcspn(r->err.ptr, "\n");

	if (len > 200 || !utf8_valid(r->err.ptr, (size_t)len))
		len = 0;
	if (r->exit < 0)
		return err_set(err, ERR_UPSTREAM, "%s was ended by signal %d (%s)%s", program, r->signal,
			       strsignal(r->signal),
			       r->signal == SIGXCPU || r->signal == SIGKILL
				       ? "; was it too slow, or out of memory (\"memory_mb\")?" : "");
	if (is_success(s, r->exit))
		return 0;
	return err_set(err, ERR_UPSTREAM, "%s ended with exit code %d%s%.*s; list it in \"success\" or "
		       "handle it with \"on_error\"", program, r->exit, len ? ": " : "", len, r->err.ptr);
}

/* ---- the step ---- */

static int run_program(struct walk *w, const struct step *s, struct child_request *q,
		       struct buf *output, struct err *err)
{
	const struct run_host *host = walk_host(w);
	const char *name = arg_text(&s->args, "program");
	struct operator_file file;
	struct child_result result;
	struct rlimit own;

	q->timeout_ms = arg_int(&s->args, "timeout_ms");
	q->max_output_bytes = (size_t)arg_int(&s->args, "max_output_bytes");
	q->memory_bytes = (size_t)arg_int(&s->args, "memory_mb") << 20;
	if (getrlimit(RLIMIT_AS, &own) == 0 && q->memory_bytes > own.rlim_max)
		return err_set(err, ERR_INVALID, "memory_mb: a worker itself has %llu MiB "
			       "(--worker-memory-mb), a program cannot have more",
			       (unsigned long long)own.rlim_max >> 20);
	if (operator_file_find(host->command_dir, name, host->data_dir, &file, err) < 0)
		return -1;
	q->path = file.path;
	q->folder = host->command_dir;
	int rc = child_run(q, &result, err);
	if (rc == 0) {
		write_output(s, &result, output);
		rc = judge(s, &result, err);
	} else if (err->kind == ERR_TIMEOUT || err->kind == ERR_TOO_BIG) {
		err_within(err, "%s: ", name);
	}
	child_result_release(&result);
	free(file.path);
	return rc;
}

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	const struct run_host *host = walk_host(w);
	struct words *argv = mem_new(sizeof(*argv)), *envp = mem_new(sizeof(*envp));
	struct buf input = BUF_INIT;
	int rc = -1;

	if (read_arguments(w, s, argv, err) < 0 || read_environment(w, s, envp, err) < 0 ||
	    walk_text(w, &s->args, "input", &input, err) < 0)
		goto out;
	struct child_request q = {.argv = argv->list, .envp = envp->list, .input = buf_slice(&input)};
	if (host->stand_in) {
		buf_add_text(output, "{\"exit\":0,\"signal\":null,\"stdout\":\"\",\"stderr\":\"\"}");
		rc = 0;
	} else if (!host->command_dir || !*host->command_dir) {
		err_set(err, ERR_DENIED, "command is switched off on this server; its operator switches it on "
			"with --command-dir DIR, the folder of the programs it may run");
	} else {
		rc = run_program(w, s, &q, output, err);
	}
out:
	words_release(argv);
	words_release(envp);
	free(argv);
	free(envp);
	secrets_wipe(&input);
	return rc < 0 ? STEP_FAILED : STEP_NEXT;
}

extern const struct step_type step_command;
const struct step_type step_command = {
	.name = "command",
	.text = "Runs a program of the operator; off until --command-dir allows it.",
	.params = params,
	.effects = true,
	.check = check,
	.run = run,
};
