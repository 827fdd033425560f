/* SPDX-License-Identifier: MIT */
/* debug hands the call out, input fetches the answer: the two always come in turn, since
 * only our own definitions hold them. */
#include "flow/jq_native.h"

#include "flow/functions.h"

#include <jq.h>
#include <jv.h>

static void take_call(void *arg, jv call_take)
{
	struct jq_native *n = arg;
	jv text = jv_dump_string(call_take, 0);
	struct slice json = {jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text))};

	buf_clear(&n->answer);
	n->failed = functions_answer(json, &n->answer, &n->err) < 0;
	jv_free(text);
}

static jv give_answer(jq_state *jq, void *arg)
{
	struct jq_native *n = arg;

	(void)jq;
	if (n->failed)
		return jv_invalid_with_msg(jv_string(n->err.text));
	return jv_parse_sized(n->answer.ptr, (int)n->answer.len);
}

void jq_native_attach(struct jq_native *n, struct jq_state *jq)
{
	buf_release(&n->answer); /* of the program before */
	jq_set_debug_cb(jq, take_call, n);
	jq_set_input_cb(jq, give_answer, n);
}

void jq_native_release(struct jq_native *n)
{
	buf_release(&n->answer);
}
