/* SPDX-License-Identifier: MIT */
/* A head as bytes, cut in place the way CivetWeb 1.15 does it. What the guard lets through must be
 * what a strict reader of the same bytes (RFC 9112) finds: as many headers, with one framing. */
#include "tests/fuzz/fuzz.h"

#include "server/http_guard.h"

#include <ctype.h>
#include <strings.h>

#define HEADERS_SEEN 64

static bool graphic(char c)
{
	return c > ' ' && c < 127;
}

/* How long the head is, to the end of the empty line as CivetWeb finds it; 0: none, or a control
 * byte, for which it gives up. */
static size_t head_len(const char *bytes, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if ((unsigned char)bytes[i] < 128 && !graphic(bytes[i]) && !memchr(" \r\n", bytes[i], 3))
			return 0;
		if (bytes[i] == '\n' && bytes[i + 1] == '\n')
			return i + 2;
		if (i + 3 < len && memcmp(bytes + i, "\r\n\r\n", 4) == 0)
			return i + 4;
	}
	return 0;
}

/* The end of a word is made NUL, with the white space behind it. */
static char *end_word(char *p, bool line_end)
{
	while (graphic(*p))
		p++;
	if (line_end ? *p != '\r' && *p != '\n' : *p != ' ')
		return NULL;
	do
		*p++ = '\0';
	while (isspace((unsigned char)*p));
	return line_end || graphic(*p) ? p : NULL;
}

static int cut_headers(char *p, struct http_header *headers)
{
	int n = 0;

	while (n < HEADERS_SEEN) {
		char *name = p;
		while (*p != ':' && graphic(*p))
			p++;
		if (p == name)
			break;
		while (*p == ' ')
			*p++ = '\0';
		if (*p != ':')
			return -1;
		*p++ = '\0';
		while (*p == ' ' || *p == '\t')
			p++;
		headers[n++] = (struct http_header){name, p};
		p += strcspn(p, "\r\n");
		if (*p == '\r') {
			*p++ = '\0';
			if (*p != '\n')
				return -1;
		}
		if (!*p)
			break;
		*p++ = '\0';
		if (*p == '\r' || *p == '\n')
			break;
	}
	return n;
}

static bool cut(char *buffer, struct http_request *r, struct http_header *headers)
{
	char *p = buffer;

	while (isspace((unsigned char)*p))
		p++;
	if (!graphic(*p))
		return false;
	r->method = p;
	if (!(p = end_word(p, false)))
		return false;
	r->path = p;
	if (!(p = end_word(p, false)) || strncmp(p, "HTTP/", 5) != 0)
		return false;
	r->version = p + 5;
	if (!(p = end_word(p, true)))
		return false;
	if (strcmp(r->version, "1.0") != 0 && strcmp(r->version, "1.1") != 0)
		return false;
	char *mark = strchr(r->path, '?');
	r->query = "";
	if (mark) {
		*mark = '\0';
		r->query = mark + 1;
	}
	int n = cut_headers(p, headers);
	r->headers = headers;
	r->n_headers = n < 0 ? 0 : (size_t)n;
	return n >= 0;
}

/* A strict reader: what must hold of the bytes when the guard has let them through. */
static void read_strictly(const char *bytes, size_t len, const struct http_request *r)
{
	size_t lines, lengths = 0, codings = 0;
	struct slice rest = {bytes, len};

	if (len > 2 && memcmp(bytes, "\r\n", 2) == 0)
		rest = (struct slice){bytes + 2, len - 2};
	/* HTTP/1.0 without any header: more line ends than two look the same, and nothing follows. */
	if (!r->n_headers) {
		REQUIRE(strcmp(r->version, "1.0") == 0 && !r->chunked && r->content_length < 0);
		return;
	}
	REQUIRE(memcmp(bytes + len - 4, "\r\n\r\n", 4) == 0);
	/* Behind the request line the guard sees two NULs and cannot tell which of CR, LF and blank they
	 * were: see http_guard.h. */
	while (rest.len > 2 && *rest.ptr != '\r' && *rest.ptr != '\n')
		rest = (struct slice){rest.ptr + 1, rest.len - 1};
	REQUIRE(memchr("\r\n ", rest.ptr[1], 3));
	rest = (struct slice){rest.ptr + 2, rest.len - 2};
	for (const char *p = rest.ptr; p < bytes + len; p++) {
		REQUIRE(*p != '\0');
		REQUIRE(*p != '\n' || p[-1] == '\r');
		REQUIRE(*p != '\r' || p[1] == '\n');
	}
	for (lines = 1;; lines++) {
		struct slice line = fuzz_until(&rest, '\n');
		if (line.len <= 1)
			break;
		const char *colon = memchr(line.ptr, ':', line.len);
		REQUIRE(colon && colon > line.ptr);
		REQUIRE(graphic(line.ptr[0]) && graphic(colon[-1]));
		size_t name = (size_t)(colon - line.ptr);
		lengths += name == 14 && strncasecmp(line.ptr, "Content-Length", name) == 0;
		codings += name == 17 && strncasecmp(line.ptr, "Transfer-Encoding", name) == 0;
	}
	REQUIRE(lines == r->n_headers + 1);
	REQUIRE(lengths + codings <= 1);
	REQUIRE(r->chunked == (codings == 1));
	REQUIRE((r->content_length >= 0) == (lengths == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_header headers[HEADERS_SEEN];
	struct http_request r = {.remote = "192.0.2.1"};
	struct http_refusal why = {0};
	size_t head = len ? head_len((const char *)data, len) : 0;

	if (!head)
		return 0;
	/* The byte behind the head is the body's first, which CivetWeb's buffer has as well. */
	char *buffer = fuzz_text((struct slice){(const char *)data, head});
	buffer[head - 1] = '\0';
	if (cut(buffer, &r, headers)) {
		int rc = http_guard(&r, buffer, buffer + head, &why);
		REQUIRE((rc < 0) == (why.status != 0));
		REQUIRE((rc < 0) == (why.text[0] != '\0'));
		if (rc == 0)
			read_strictly((const char *)data, head, &r);
	}
	free(buffer);
	return 0;
}
