/* SPDX-License-Identifier: MIT */
#include "common/outbound_headers.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "common/header.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct curl_slist *add_line(struct curl_slist *lines, const char *line)
{
	struct curl_slist *more = curl_slist_append(lines, line);

	if (!more)
		abort(); /* no memory: as everywhere */
	return more;
}

struct curl_slist *outbound_header_lines(struct slice pairs)
{
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

void outbound_header_lines_free(struct curl_slist *lines)
{
	for (struct curl_slist *l = lines; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(lines);
}

void outbound_headers_keep(struct buf *sent, bool same_origin, bool same_method)
{
	static const char *const harmless[] = {"Accept", "Accept-Language", "User-Agent"};
	struct buf kept = BUF_INIT, name = BUF_INIT, value = BUF_INIT;
	struct jsontext_walk w;
	struct slice part;

	buf_add_char(&kept, '[');
	jsontext_walk_start(&w, buf_slice(sent));
	while (jsontext_walk_next(&w)) {
		buf_clear(&name);
		buf_clear(&value);
		if (jsontext_item(w.value, 0, &part))
			jsontext_string(part, &name);
		if (jsontext_item(w.value, 1, &part))
			jsontext_text(part, &value);
		bool keep = same_origin;
		for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
			keep = keep || strcasecmp(name.ptr, harmless[i]) == 0;
		if (keep && (same_method || strncasecmp(name.ptr, "Content-", 8) != 0))
			header_list_add(&kept, name.ptr, value.ptr, value.len);
	}
	buf_add_char(&kept, ']');
	if (sent->size)
		mem_wipe_free(sent->ptr, sent->size);
	if (value.size)
		mem_wipe_free(value.ptr, value.size);
	*sent = kept;
	buf_release(&name);
}
