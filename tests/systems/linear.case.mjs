// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import { LinearWebhookClient } from '@linear/sdk/webhooks';

export default {
	secret: () => `lin_wh_${randomBytes(24).toString('base64url')}`,
	timestamped: true,
	sign({ secret, body, at }) {
		const sent = Buffer.from(JSON.stringify({ ...JSON.parse(body), webhookTimestamp: at }));
		return { body: sent, headers: {
			'Linear-Timestamp': String(at),
			'Linear-Signature': createHmac('sha256', secret).update(sent).digest('hex'),
		} };
	},
	bodies: { empty: false, binary: false },
	event: { type: 'Issue.create', delivery_id: '661d6a3a-b721-5901-09be-ace0139d2f45' },
	judge: ({ headers, body }, secret) =>
		new LinearWebhookClient(secret).verify(body, headers['Linear-Signature'], JSON.parse(body).webhookTimestamp),
};
