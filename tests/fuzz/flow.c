/* SPDX-License-Identifier: MIT */
/* A flow document, and the same bytes as a system file: read whole or refused with faults. */
#include "tests/fuzz/fuzz.h"

#include "flow/flow.h"
#include "flow/system.h"

static void check_faults(int rc, const struct faults *faults)
{
	REQUIRE((rc < 0) == (faults->errors > 0));
	for (size_t i = 0; i < faults->count; i++) {
		REQUIRE(faults->list[i].text[0] != '\0');
		REQUIRE(!faults->list[i].pointer[0] || faults->list[i].pointer[0] == '/');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct flow *flow;
	struct system *system;
	struct faults faults;
	struct buf key = BUF_INIT;
	struct scope_event event = {
		.id = 42, .received_at = 1795442531123, .method = "POST", .path = "/in/orders/7",
		.query = "a=1&a=2", .headers = "[[\"Content-Type\",\"application/json\"]]",
		.suffix = "/orders/{id}", .remote = "192.0.2.1", .trigger = "arrival", .run = 1,
		.attempt = 1, .body = {"{\"id\":7}", 8},
	};

	int rc = flow_parse((const char *)data, len, &flow, &faults);
	check_faults(rc, &faults);
	if (rc == 0) {
		struct err err = {0};
		REQUIRE(flow_name(flow)[0] != '\0' && flow_webhook(flow)->url_suffix[0] == '/');
		REQUIRE(flow_dedupe_key(flow, &event, &key, &err) >= 0 || err.text[0]);
		flow_suffix_shape(flow_webhook(flow)->url_suffix, &key);
		flow_mismatches(flow, &event, &key);
		flow_free(flow);
	}
	faults_release(&faults);
	rc = system_parse((const char *)data, len, NULL, &system, &faults);
	check_faults(rc, &faults);
	if (rc == 0)
		system_drop(system);
	faults_release(&faults);
	buf_release(&key);
	return 0;
}
