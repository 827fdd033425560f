/* SPDX-License-Identifier: MIT */
/* An address or URL as text. What the system's own reader takes for a loopback, private or
 * link-local address is refused, however it is written; a URL is read once and always the same. */
#include "tests/fuzz/fuzz.h"

#include "common/outbound.h"
#include "common/outbound_address.h"
#include "common/outbound_url.h"

#include <arpa/inet.h>

static bool inner4(const unsigned char *a)
{
	return a[0] == 0 || a[0] == 10 || a[0] == 127 || (a[0] == 169 && a[1] == 254) ||
	       (a[0] == 172 && (a[1] & 0xF0) == 16) || (a[0] == 192 && a[1] == 168) ||
	       (a[0] == 100 && (a[1] & 0xC0) == 64) || a[0] >= 224;
}

static bool inner6(const unsigned char *a)
{
	static const unsigned char zero[16], mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF},
				   nat64[12] = {0, 0x64, 0xFF, 0x9B};

	if (memcmp(a, zero, 15) == 0 && a[15] <= 1)
		return true;
	if ((memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0) && inner4(a + 12))
		return true;
	if (a[0] == 0x20 && a[1] == 0x02 && inner4(a + 2))
		return true;
	return (a[0] & 0xFE) == 0xFC || (a[0] == 0xFE && (a[1] & 0x80)) || a[0] == 0xFF;
}

static void judge(const char *text, int port)
{
	unsigned char bytes[16];
	const char *why = outbound_text_refused(text, port);

	if (inet_pton(AF_INET, text, bytes) == 1)
		REQUIRE(!inner4(bytes) || why);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		REQUIRE(!inner6(bytes) || why);
	else
		REQUIRE(why);
	REQUIRE(!why || why[0]);
}

static void read_url(const char *text)
{
	char shown[OUTBOUND_URL_SHOWN];
	struct err err = {0};
	CURLU *url = outbound_url_new(text, &err);

	REQUIRE((url == NULL) == (err.text[0] != '\0'));
	if (!url)
		return;
	if (outbound_url_check(url, shown, &err) == 0) {
		REQUIRE(strncmp(shown, "http", 4) == 0 && strlen(shown) < sizeof(shown));
		REQUIRE(outbound_url_move(url, url) == OUTBOUND_URL_SAME_ORIGIN);
		CURLU *next = outbound_url_join(url, text, &err);
		curl_url_cleanup(next);
	} else {
		REQUIRE(err.text[0] != '\0');
	}
	curl_url_cleanup(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text((struct slice){(const char *)data, len});
	char raw[INET6_ADDRSTRLEN];

	judge(text, 443);
	read_url(text);
	if (len == 4 && inet_ntop(AF_INET, data, raw, sizeof(raw)))
		judge(raw, 443);
	if (len == 16 && inet_ntop(AF_INET6, data, raw, sizeof(raw)))
		judge(raw, 443);
	free(text);
	return 0;
}
