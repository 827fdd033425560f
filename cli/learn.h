/* SPDX-License-Identifier: MIT */
/* learn: what a webhook expects, told from a request that came (`flow learn`). */
#ifndef CLI_LEARN_H
#define CLI_LEARN_H

#include "common/buf.h"
#include "common/store.h"
#include "flow/flow.h"

/* learn_expected: an `expected` object, indented: headers that say something of the event (not
 * those of the transport, of proxies or of credentials, and none whose value was redacted), query
 * parameters, the name under which the webhook's own api_key comes, and the body when it is JSON or text. The caller's; NULL with a sentence. */
char *learn_expected(const struct event_detail *event, const struct flow_webhook *hook,
		     struct err *err) MUSTCHECK;

#endif
