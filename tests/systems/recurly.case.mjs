// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(16).toString('hex'),
	timestamped: true,
	multi: true, // of the old and the new key, for 24 hours after a change
	sign: ({ secret, body, at }) => ({
		headers: {
			'recurly-signature': [at, ...[secret].flat().map(key =>
				createHmac('sha256', key).update(`${at}.`).update(body).digest('hex'))].join(','),
		},
	}),
	event: { type: 'subscription.created', delivery_id: '5f0f8a3e6c1d4b7e9a2c0d1e2f3a4b5c' },
};
