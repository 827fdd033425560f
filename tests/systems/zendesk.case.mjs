// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(32).toString('base64'),
	sign({ secret, body, at }) {
		const time = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
		return { headers: {
			'X-Zendesk-Webhook-Signature-Timestamp': time,
			'X-Zendesk-Webhook-Signature': createHmac('sha256', secret).update(time).update(body).digest('base64'),
		} };
	},
	event: { type: 'zen:event-type:user.created', delivery_id: '01HQEXAMPLE0000000000000002' },
};
