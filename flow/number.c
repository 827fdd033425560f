/* SPDX-License-Identifier: MIT */
/* Numbers as jq writes them: the shortest digits that mean the same double. */
#include "flow/number.h"

#include "common/mem.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double number_read(struct slice json)
{
	char *text = mem_dup_len(json.ptr, json.len);
	double n = strtod(text, NULL);

	free(text);
	return isinf(n) ? copysign(DBL_MAX, n) : n;
}

/* The digits without point or trailing zeroes, and where the point belongs. */
static size_t shortest(double n, char digits[20], int *point)
{
	char text[40];
	size_t len = 0;

	/* Fifteen digits are never too many, except for the numbers next to zero. */
	for (int precision = n < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, n);
		if (strtod(text, NULL) == n)
			break;
	}
	char *e = strchr(text, 'e');
	*point = atoi(e + 1) + 1;
	for (const char *p = text; p < e; p++)
		if (*p != '.')
			digits[len++] = *p;
	while (len > 1 && digits[len - 1] == '0')
		len--;
	digits[len] = '\0';
	return len;
}

void number_write(double n, struct buf *out)
{
	char digits[20];
	int point;

	if (isnan(n)) {
		buf_add_text(out, "null");
		return;
	}
	if (signbit(n))
		buf_add_char(out, '-');
	if (n == 0) {
		buf_add_char(out, '0');
		return;
	}
	int len = (int)shortest(isinf(n) ? DBL_MAX : fabs(n), digits, &point);
	if (point <= -4 || point > len + 15)
		buf_addf(out, "%c%s%se%+03d", digits[0], len > 1 ? "." : "", digits + 1, point - 1);
	else if (point <= 0)
		buf_addf(out, "0.%.*s%s", -point, "000", digits);
	else if (point >= len)
		buf_addf(out, "%s%.*s", digits, point - len, "000000000000000");
	else
		buf_addf(out, "%.*s.%s", point, digits, digits + point);
}
