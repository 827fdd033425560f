/* SPDX-License-Identifier: MIT */
/* JSON into SQLite and back. Whole numbers stay what they are: none becomes a double. */
#include "flow/steps/sqlite_value.h"

#include "common/crypto.h"
#include "common/jsontext.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bind_object(sqlite3_stmt *stmt, int i, struct slice value)
{
	struct buf text = BUF_INIT, bytes = BUF_INIT;
	struct slice coded;
	int code;

	if (jsontext_kind(value) == JSONTEXT_OBJECT && jsontext_member(value, "base64", 6, &coded) &&
	    jsontext_kind(coded) == JSONTEXT_STRING) {
		jsontext_string(coded, &text);
		code = crypto_base64_decode(buf_slice(&text), &bytes)
			       ? sqlite3_bind_blob64(stmt, i, bytes.ptr, bytes.len, SQLITE_TRANSIENT)
			       : SQLITE_MISMATCH;
	} else {
		jsontext_compact(value, &text);
		code = sqlite3_bind_text64(stmt, i, text.ptr, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
	}
	buf_release(&text);
	buf_release(&bytes);
	return code;
}

static int bind_number(sqlite3_stmt *stmt, int i, struct slice value)
{
	struct buf text = BUF_INIT;
	char *end;
	int code;

	buf_add_slice(&text, value);
	errno = 0;
	long long whole = strtoll(text.ptr, &end, 10);
	code = *end || errno ? sqlite3_bind_double(stmt, i, strtod(text.ptr, NULL))
			     : sqlite3_bind_int64(stmt, i, whole);
	buf_release(&text);
	return code;
}

int sqlite_value_bind(sqlite3_stmt *stmt, int i, struct slice value)
{
	struct buf text = BUF_INIT;
	int code = SQLITE_OK;

	switch (jsontext_kind(value)) {
	case JSONTEXT_NULL: return sqlite3_bind_null(stmt, i);
	case JSONTEXT_FALSE: return sqlite3_bind_int(stmt, i, 0);
	case JSONTEXT_TRUE: return sqlite3_bind_int(stmt, i, 1);
	case JSONTEXT_NUMBER: return bind_number(stmt, i, value);
	case JSONTEXT_STRING:
		jsontext_string(value, &text);
		code = sqlite3_bind_text64(stmt, i, text.ptr, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
		buf_release(&text);
		return code;
	case JSONTEXT_ARRAY:
	case JSONTEXT_OBJECT: return bind_object(stmt, i, value);
	}
	return code;
}

static void add_real(double d, struct buf *out)
{
	char text[40];

	if (!isfinite(d)) {
		buf_add_text(out, "null");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) { /* as few as give the same number back */
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) >= d && strtod(text, NULL) <= d)
			break;
	}
	buf_add_text(out, text);
}

static void add_column(sqlite3_stmt *stmt, int i, struct buf *out)
{
	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_INTEGER: buf_addf(out, "%lld", (long long)sqlite3_column_int64(stmt, i)); break;
	case SQLITE_FLOAT: add_real(sqlite3_column_double(stmt, i), out); break;
	case SQLITE_TEXT: {
		const void *text = sqlite3_column_text(stmt, i);
		buf_add_json_text(out, text ? text : "", (size_t)sqlite3_column_bytes(stmt, i));
		break;
	}
	case SQLITE_BLOB: {
		const void *bytes = sqlite3_column_blob(stmt, i);
		buf_add_text(out, "{\"base64\":\"");
		crypto_base64(bytes ? bytes : "", (size_t)sqlite3_column_bytes(stmt, i), out);
		buf_add_text(out, "\"}");
		break;
	}
	default: buf_add_text(out, "null");
	}
}

void sqlite_value_row(sqlite3_stmt *stmt, struct buf *out)
{
	buf_add_char(out, '{');
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		const char *name = sqlite3_column_name(stmt, i);
		if (i)
			buf_add_char(out, ',');
		buf_add_json_text(out, name, strlen(name));
		buf_add_char(out, ':');
		add_column(stmt, i, out);
	}
	buf_add_char(out, '}');
}
