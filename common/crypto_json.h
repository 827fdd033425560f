/* SPDX-License-Identifier: MIT */
/*
 * crypto_json: the JSON of keys and tokens, read as text. Where readers disagree about a
 * document, somebody is deceived: so a key may stand once only, at any depth.
 */
#ifndef COMMON_CRYPTO_JSON_H
#define COMMON_CRYPTO_JSON_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

#define CRYPTO_JSON_DEPTH_MAX 32

/* crypto_json_object: is this one JSON object in which no key stands twice? 0 and *out, trimmed;
 * -1 with a sentence that begins with what ("the token's header") and never holds the text. */
int crypto_json_object(struct slice text, const char *what, struct slice *out,
		       struct err *err) MUSTCHECK;

/* crypto_json_text replaces out with the text of a member: 1; 0 absent; -1 no string, or one with
 * a NUL byte. */
int crypto_json_text(struct slice object, const char *name, struct buf *out) MUSTCHECK;

/* crypto_json_is: is this member a string of exactly this text? */
bool crypto_json_is(struct slice object, const char *name, const char *text);

#endif
