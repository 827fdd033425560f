/* SPDX-License-Identifier: MIT */
/*
 * secrets: those a run has asked for. Fetched once, given to the fields that may use them,
 * known again by their value wherever they might be written down, and wiped at the end.
 */
#ifndef FLOW_SECRETS_H
#define FLOW_SECRETS_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"
#include "flow/run.h"
#include "flow/value.h"

struct secrets {
	const struct run_host *host;
	struct secret *list;
	size_t count;
};

void secrets_release(struct secrets *s);

/* secrets_name_refused: why this is no name of a secret (a phrase after the name), or NULL. */
const char *secrets_name_refused(const char *name);

/* secrets_value: the value of a secret, borrowed until the release; NULL with a sentence. */
const char *secrets_value(struct secrets *s, const char *name, struct err *err) MUSTCHECK;
/* secrets_keep makes known a value that was made of secrets, such as a token: from now on it is
 * masked too, as "[secret NAME]". */
void secrets_keep(struct secrets *s, const char *name, const char *value);

/* secrets_for gathers those a value uses, as the JSON object its evaluation wants (real),
 * and the same with "[secret NAME]" for values (shown). 1; 0 when it uses none; -1. */
int secrets_for(struct secrets *s, const struct value *v, struct buf *real, struct buf *shown,
		struct err *err) MUSTCHECK;
/* secrets_wipe releases a buffer that held secrets. */
void secrets_wipe(struct buf *b);

/* secrets_mask_text replaces the secrets in a sentence; plain, percent-encoded, as JSON
 * writes them, or in base64. Secrets of less than four bytes are not looked for: they would
 * be found everywhere. Where the sentence shows the beginning of a value, cut ("..."), or was cut
 * itself, the beginning of a secret is replaced too. */
void secrets_mask_text(const struct secrets *s, char *text, size_t size);
/* secrets_mask_json adds json with the secrets inside its strings and numbers replaced; it
 * stays valid JSON. */
void secrets_mask_json(const struct secrets *s, struct slice json, struct buf *out);
/* secrets_mask_reply does the same for what goes to a caller, as JSON or as any bytes. There a
 * short secret that is found by chance would spoil an answer, so those of less than eight bytes
 * are not looked for. */
void secrets_mask_reply(const struct secrets *s, bool is_json, struct slice text, struct buf *out);

#endif
