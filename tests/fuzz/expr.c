/* SPDX-License-Identifier: MIT */
/* A string with holes: the pieces make up the text, each hole is read, and what is read cleanly
 * is read the same once its comments are gone. */
#include "tests/fuzz/fuzz.h"

#include "flow/expr.h"

static void read_one(struct slice text)
{
	struct expr_use use = {0}, again = {0};
	struct err err = {0};
	struct buf clean = BUF_INIT;
	char quote[EXPR_QUOTE_SIZE];

	int rc = expr_read(text, &use, &err);
	REQUIRE((rc < 0) == (err.text[0] != '\0'));
	REQUIRE(expr_quote(text, quote) == quote && strlen(quote) < sizeof(quote));
	if (rc == 0) {
		expr_clean(text, &clean);
		REQUIRE(clean.len <= text.len);
		REQUIRE(expr_read(buf_slice(&clean), &again, &err) == 0);
		REQUIRE(use.parts == again.parts && use.functions == again.functions);
		REQUIRE(use.n_steps == again.n_steps && use.n_secrets == again.n_secrets);
	}
	expr_use_release(&use);
	expr_use_release(&again);
	buf_release(&clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct expr_split split = {.text = {(const char *)data, len}};
	struct expr_piece piece;
	struct err err = {0};
	size_t total = 0;
	int rc;

	while ((rc = expr_next(&split, &piece, &err)) > 0) {
		total += piece.text.len;
		REQUIRE(total <= len && piece.column >= 1);
		if (piece.hole)
			read_one(piece.text);
	}
	REQUIRE((rc < 0) == (err.text[0] != '\0'));
	read_one(split.text);
	return 0;
}
