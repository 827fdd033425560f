/* SPDX-License-Identifier: MIT */
/* Digests, encodings and UUIDs for expressions. All work on text: what is not text has no
 * one spelling, so it is refused and not printed somehow. */
#include "flow/functions.h"

#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/utf8.h"

#include <string.h>

static int add_result(struct slice bytes, struct buf *out)
{
	buf_add_json_text(out, bytes.ptr, bytes.len);
	return 0;
}

/* Base64 as in URLs: - and _ for + and /, no padding. */
static void to_url_alphabet(struct buf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		char c = text->ptr[i];
		text->ptr[i] = c == '+' ? '-' : c == '/' ? '_' : c;
	}
	while (text->len && text->ptr[text->len - 1] == '=')
		text->len--;
}

/* The bytes of a digest in the encoding that argument i names. */
static int add_encoded(const struct function_call *c, int i, const void *bytes, size_t len,
		       struct buf *out, struct err *err)
{
	struct buf name = BUF_INIT, text = BUF_INIT;
	int rc = 0;

	if (function_given(c, i))
		rc = function_text(c, i, "the encoding", &name, err);
	if (rc == 0 && (!name.len || strcmp(name.ptr, "hex") == 0)) {
		crypto_hex(bytes, len, &text);
	} else if (rc == 0 && (strcmp(name.ptr, "base64") == 0 || strcmp(name.ptr, "base64url") == 0)) {
		crypto_base64(bytes, len, &text);
		if (name.len > strlen("base64"))
			to_url_alphabet(&text);
	} else if (rc == 0) {
		rc = err_set(err, ERR_INVALID, "there is no encoding \"%.40s\": say \"hex\", \"base64\" or "
			     "\"base64url\"", name.ptr);
	}
	if (rc == 0)
		add_result(buf_slice(&text), out);
	buf_release(&name);
	buf_release(&text);
	return rc;
}

/* key -1: a plain digest; else the argument that is the key. */
static int digest(const struct function_call *c, const char *algorithm, int key, int encoding,
		  struct buf *out, struct err *err)
{
	unsigned char bytes[CRYPTO_DIGEST_MAX];
	struct buf text = BUF_INIT, key_text = BUF_INIT;
	int rc = -1, len;

	if (!crypto_digest_known(algorithm)) {
		err_set(err, ERR_INVALID, "there is no algorithm \"%.40s\": say md5, sha1, sha256, sha384 or "
			"sha512", algorithm);
		goto out;
	}
	if (function_text(c, -1, "what it works on", &text, err) < 0)
		goto out;
	if (key >= 0 && function_text(c, key, "the key", &key_text, err) < 0)
		goto out;
	if (key >= 0 && !key_text.len) {
		err_set(err, ERR_INVALID, "the key is empty");
		goto out;
	}
	len = key < 0 ? crypto_digest(algorithm, buf_slice(&text), bytes)
		      : crypto_hmac(algorithm, buf_slice(&key_text), buf_slice(&text), bytes);
	if (len < 0)
		err_set(err, ERR_SYSTEM, "this machine's OpenSSL does not do %s", algorithm);
	else
		rc = add_encoded(c, encoding, bytes, (size_t)len, out, err);
out:
	buf_release(&text);
	buf_release(&key_text);
	return rc;
}

/* As digest, where argument 0 names the algorithm. */
static int named_digest(const struct function_call *c, int key, int encoding, struct buf *out,
			struct err *err)
{
	struct buf name = BUF_INIT;
	int rc = function_text(c, 0, "the algorithm", &name, err);

	if (rc == 0)
		rc = digest(c, name.ptr, key, encoding, out, err);
	buf_release(&name);
	return rc;
}

FUNCTION(function_sha256)
{
	return digest(c, "sha256", -1, 0, out, err);
}

FUNCTION(function_md5)
{
	return digest(c, "md5", -1, 0, out, err);
}

FUNCTION(function_digest)
{
	return named_digest(c, -1, 1, out, err);
}

FUNCTION(function_hmac_sha256)
{
	return digest(c, "sha256", 0, 1, out, err);
}

FUNCTION(function_hmac)
{
	return named_digest(c, 1, 2, out, err);
}

/* ---- encodings ---- */

static int encode(const struct function_call *c, void (*how)(const void *, size_t, struct buf *),
		  bool for_url, struct buf *out, struct err *err)
{
	struct buf text = BUF_INIT, coded = BUF_INIT;
	int rc = function_text(c, -1, "what it works on", &text, err);

	if (rc == 0) {
		how(text.ptr, text.len, &coded);
		if (for_url)
			to_url_alphabet(&coded);
		add_result(buf_slice(&coded), out);
	}
	buf_release(&text);
	buf_release(&coded);
	return rc;
}

FUNCTION(function_base64)
{
	return encode(c, crypto_base64, false, out, err);
}

FUNCTION(function_base64url)
{
	return encode(c, crypto_base64, true, out, err);
}

FUNCTION(function_hex)
{
	return encode(c, crypto_hex, false, out, err);
}

static int decode(const struct function_call *c, int (*how)(struct slice, struct buf *),
		  const char *what, struct buf *out, struct err *err)
{
	struct buf text = BUF_INIT, plain = BUF_INIT;
	int rc = function_text(c, -1, "what it works on", &text, err);

	if (rc == 0 && how == crypto_base64_decode) {
		for (size_t i = 0; i < text.len; i++)
			text.ptr[i] = text.ptr[i] == '-' ? '+' : text.ptr[i] == '_' ? '/' : text.ptr[i];
		while (text.len % 4 && text.len % 4 != 1)
			buf_add_char(&text, '=');
	}
	if (rc == 0 && !how(buf_slice(&text), &plain))
		rc = err_set(err, ERR_INVALID, "that is not %s", what);
	if (rc == 0 && !utf8_valid(plain.ptr, plain.len))
		rc = err_set(err, ERR_INVALID, "what it holds is not text (UTF-8), and an expression cannot "
			     "hold other bytes");
	if (rc == 0)
		add_result(buf_slice(&plain), out);
	buf_release(&text);
	buf_release(&plain);
	return rc;
}

FUNCTION(function_base64_decode)
{
	return decode(c, crypto_base64_decode, "base64", out, err);
}

FUNCTION(function_hex_decode)
{
	return decode(c, crypto_hex_decode, "hexadecimal", out, err);
}

/* ---- UUIDs (RFC 9562) ---- */

FUNCTION(function_uuid)
{
	unsigned char b[CRYPTO_DIGEST_MAX];
	struct buf text = BUF_INIT, hex = BUF_INIT;
	int version = 4;

	if (c->n_args) {
		/* [id, received_at_ms]name: the list ends at its bracket, so no two join alike. */
		jsontext_compact(c->input, &text);
		if (function_text(c, 0, "the name", &text, err) < 0 ||
		    crypto_digest("sha256", buf_slice(&text), b) < 0) {
			buf_release(&text);
			return -1;
		}
		version = 8;
	} else {
		crypto_random(b, 16);
	}
	b[6] = (unsigned char)((b[6] & 0x0F) | version << 4);
	b[8] = (b[8] & 0x3F) | 0x80;
	crypto_hex(b, 16, &hex);
	buf_addf(out, "\"%.8s-%.4s-%.4s-%.4s-%.12s\"", hex.ptr, hex.ptr + 8, hex.ptr + 12,
		 hex.ptr + 16, hex.ptr + 20);
	buf_release(&text);
	buf_release(&hex);
	return 0;
}
