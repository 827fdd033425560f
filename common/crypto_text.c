/* SPDX-License-Identifier: MIT */
/* Hex, base64 and base64url. */
#include "common/crypto.h"

#include "common/mem.h"

#include <string.h>

void crypto_hex(const void *bytes, size_t len, struct buf *out)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	buf_grow(out, 2 * len);
	for (size_t i = 0; i < len; i++) {
		buf_add_char(out, digit[p[i] >> 4]);
		buf_add_char(out, digit[p[i] & 15]);
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int crypto_hex_decode(struct slice text, struct buf *out)
{
	size_t before = out->len;

	if (text.len % 2)
		return 0;
	buf_grow(out, text.len / 2);
	for (size_t i = 0; i < text.len; i += 2) {
		int high = hex_value(text.ptr[i]), low = hex_value(text.ptr[i + 1]);
		if (high < 0 || low < 0) {
			out->len = before;
			out->ptr[before] = '\0';
			return 0;
		}
		buf_add_char(out, (char)(high << 4 | low));
	}
	return 1;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void crypto_base64(const void *bytes, size_t len, struct buf *out)
{
	const unsigned char *p = bytes;

	buf_grow(out, (len + 2) / 3 * 4);
	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
				 (have > 2 ? p[i + 2] : 0);
		buf_add_char(out, base64_digits[group >> 18]);
		buf_add_char(out, base64_digits[group >> 12 & 63]);
		buf_add_char(out, have > 1 ? base64_digits[group >> 6 & 63] : '=');
		buf_add_char(out, have > 2 ? base64_digits[group & 63] : '=');
	}
}

static int base64_value(char c)
{
	const char *at = c ? strchr(base64_digits, c) : NULL;

	return at ? (int)(at - base64_digits) : -1;
}

int crypto_base64_decode(struct slice text, struct buf *out)
{
	size_t before = out->len, pad = 0;

	if (text.len % 4)
		return 0;
	while (pad < 2 && pad < text.len && text.ptr[text.len - 1 - pad] == '=')
		pad++;
	buf_grow(out, text.len / 4 * 3);
	for (size_t i = 0; i < text.len; i += 4) {
		size_t digits = i + 4 == text.len ? 4 - pad : 4;
		uint32_t group = 0;
		for (size_t j = 0; j < 4; j++) {
			int value = j < digits ? base64_value(text.ptr[i + j]) : 0;
			if (value < 0)
				goto refused;
			group = group << 6 | (uint32_t)value;
		}
		/* Bits beyond the last byte must be zero, or two texts would mean one value. */
		if ((digits == 2 && group & 0xFFFF) || (digits == 3 && group & 0xFF))
			goto refused;
		buf_add_char(out, (char)(group >> 16));
		if (digits > 2)
			buf_add_char(out, (char)(group >> 8));
		if (digits > 3)
			buf_add_char(out, (char)group);
	}
	return 1;
refused:
	out->len = before;
	out->ptr[before] = '\0';
	return 0;
}

/* ---- base64url: the same digits but two, and no padding ---- */

void crypto_base64url(const void *bytes, size_t len, struct buf *out)
{
	size_t before = out->len;

	crypto_base64(bytes, len, out);
	while (out->len > before && out->ptr[out->len - 1] == '=')
		out->len--;
	out->ptr[out->len] = '\0';
	for (char *p = out->ptr + before; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
}

int crypto_base64url_decode(struct slice text, struct buf *out)
{
	struct buf plain = BUF_INIT;
	int rc = text.len % 4 != 1;

	buf_grow(&plain, text.len + 3);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '+' || c == '/' || c == '=')
			rc = 0;
		buf_add_char(&plain, c == '-' ? '+' : c == '_' ? '/' : c);
	}
	while (plain.len % 4)
		buf_add_char(&plain, '=');
	if (rc)
		rc = crypto_base64_decode(buf_slice(&plain), out);
	size_t size = plain.len;
	mem_wipe_free(buf_take(&plain), size);
	return rc;
}
