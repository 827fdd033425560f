// SPDX-License-Identifier: MIT
import one from './sendgrid.case.mjs';

// Two events in one request, with the line break the sender puts behind them: neither's id is the delivery's.
export default {
	...one,
	system: 'sendgrid',
	body: `${JSON.stringify([
		{ email: 'user@example.com', event: 'processed', sg_event_id: 'cHJvY2Vzc2VkLTE', timestamp: 1772446460 },
		{ email: 'user@example.com', event: 'delivered', sg_event_id: 'ZGVsaXZlcmVkLTE', timestamp: 1772446467 },
	])}\r\n`,
	event: { type: null, delivery_id: null },
};
