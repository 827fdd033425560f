// SPDX-License-Identifier: MIT
import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

export default {
	scheme: 'signing_token',
	secret: () => `whsec_${randomBytes(32).toString('base64')}`,
	timestamped: true,
	multi: true,
	sign({ secret, body, at, id = randomUUID() }) {
		const when = new Date(at);
		return { headers: {
			'webhook-id': id,
			'webhook-timestamp': String(Math.floor(at / 1000)),
			'webhook-signature': [secret].flat().map(key => new Webhook(key).sign(id, when, body)).join(' '),
			'Idempotency-Key': id,
		} };
	},
	bodies: { binary: false }, // the package signs text
	event: { type: 'Push Hook' },
	judge: ({ headers, body }, secret) => Boolean(new Webhook(secret).verify(body.toString(), headers)),
};
