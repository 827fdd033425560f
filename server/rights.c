/* SPDX-License-Identifier: MIT */
#include "server/rights.h"

#include "common/nearest.h"

#include <string.h>

const struct right rights_table[] = {
	{RIGHT_EVENTS_READ, "events:read", "see events, their requests and runs, refusals, replays, counts"},
	{RIGHT_EVENTS_REPLAY, "events:replay", "replay, cancel and pin events"},
	{RIGHT_FLOWS_READ, "flows:read", "see flows, systems and the names of secrets"},
	{RIGHT_FLOWS_WRITE, "flows:write", "publish, pause and resume flows"},
	{RIGHT_SECRETS_WRITE, "secrets:write", "change secrets and connections"},
	{RIGHT_ADMIN, "admin", "see the record of changes"},
};
const size_t rights_count = ARRAY_LEN(rights_table);

const char *rights_name(enum route_right bit)
{
	for (size_t i = 0; i < rights_count; i++)
		if (rights_table[i].bit == bit)
			return rights_table[i].name;
	return NULL;
}

static int parse_one(const char *word, size_t len, unsigned *bits, struct err *err)
{
	char name[32], hint[128];
	struct nearest near = {.word = name};

	if (len >= sizeof(name))
		return err_set(err, ERR_INVALID, "\"%.40s\" is no right", word);
	memcpy(name, word, len);
	name[len] = '\0';
	for (size_t i = 0; i < rights_count; i++) {
		nearest_offer(&near, rights_table[i].name);
		if (strcmp(rights_table[i].name, name) != 0)
			continue;
		if (*bits & rights_table[i].bit)
			return err_set(err, ERR_INVALID, "the right %s stands there twice", name);
		*bits |= rights_table[i].bit;
		return 0;
	}
	return err_set(err, ERR_INVALID, "there is no right \"%s\"%s (events:read, events:replay, flows:read, "
		       "flows:write, secrets:write, admin)", name, nearest_hint(&near, hint));
}

int rights_parse(const char *text, unsigned *bits, struct err *err)
{
	*bits = 0;
	for (const char *p = text;; p++) {
		size_t len = strcspn(p, ",");
		if (parse_one(p, len, bits, err) < 0)
			return -1;
		p += len;
		if (!*p)
			return 0;
	}
}
