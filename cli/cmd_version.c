/* SPDX-License-Identifier: MIT */
/* version and schema: what this program is, and the pictures of what it keeps and reads. */
#include "cli/cmd.h"

#include "common/crypto.h"
#include "common/json.h"
#include "flow/flow.h"
#include "flow/system.h"
#include "server/api_docs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run_version(const struct conf *conf, const struct args *args)
{
	struct err err;

	(void)conf;
	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("version", &err);
	printf("ringbolt %s\n%s\n%s\n", RINGBOLT_VERSION, store_engine_version(),
	       crypto_library_version());
	return EXIT_FINE;
}

const struct cmd cmd_version = {
	.name = "version",
	.arguments = "",
	.text = "Print the version of Ringbolt and of the libraries it runs with.",
	.anywhere = true,
	.run = run_version,
};

static int print_database(void)
{
	struct buf text = BUF_INIT;
	struct err err;

	if (store_schema_text(&text, &err) < 0)
		return cmd_fail(&err);
	fwrite(text.ptr, 1, text.len, stdout);
	buf_release(&text);
	return EXIT_FINE;
}

static int print_schema(cJSON *schema)
{
	char *text = json_print_pretty(schema);

	fputs(text, stdout);
	free(text);
	cJSON_Delete(schema);
	return EXIT_FINE;
}

static int print_api_markdown(void)
{
	struct buf text = BUF_INIT;

	api_markdown(&text);
	fputs(text.ptr, stdout);
	buf_release(&text);
	return EXIT_FINE;
}

static int run_schema(const struct conf *conf, const struct args *args)
{
	struct err err;

	(void)conf;
	if (args_words(args, 1, 1, "database, flow, system or api", &err) < 0)
		return cmd_usage("schema", &err);
	if (strcmp(args->words[0], "database") == 0)
		return print_database();
	if (strcmp(args->words[0], "flow") == 0)
		return print_schema(flow_schema());
	if (strcmp(args->words[0], "system") == 0)
		return print_schema(system_schema());
	if (strcmp(args->words[0], "api") == 0)
		return args_has(args, "markdown") ? print_api_markdown() : print_schema(api_openapi());
	err_set(&err, ERR_INVALID, "there is no schema \"%.40s\": say database, flow, system or api", args->words[0]);
	return cmd_usage("schema", &err);
}

static const struct option schema_options[] = {
	{"markdown", NULL, "Of the API: the tables of its manual instead.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_schema = {
	.name = "schema",
	.arguments = "database|flow|system|api",
	.text = "Print the schema of the database (SQL), of flow documents or system files (JSON Schema), or of "
		"the API (OpenAPI).",
	.help = "\tringbolt schema flow >flow.schema.json",
	.options = schema_options,
	.anywhere = true,
	.run = run_schema,
};
