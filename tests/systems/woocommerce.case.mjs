// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(20).toString('hex'),
	sign: ({ secret, body }) => ({ headers: { 'X-WC-Webhook-Signature': createHmac('sha256', secret).update(body).digest('base64') } }),
	event: { type: 'order.created', delivery_id: '9f86d081884c7d659a2feaa0c55ad015' },
	handshakes: [{
		name: 'ping',
		request: () => ({
			method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: Buffer.from('webhook_id=7'),
		}),
		reply: { status: 200 },
		// with a topic it is a delivery, and must be signed
		refused: () => ({
			method: 'POST',
			headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'X-WC-Webhook-Topic': 'order.created' },
			body: Buffer.from('webhook_id=7'),
			status: 401,
		}),
	}],
};
