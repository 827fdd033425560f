// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(32).toString('hex'),
	sign({ secret, body, at }) {
		const seconds = String(Math.floor(at / 1000));
		return { headers: {
			'X-CIO-Timestamp': seconds,
			'X-CIO-Signature': createHmac('sha256', secret).update(`v0:${seconds}:`).update(body).digest('hex'),
		} };
	},
	event: { type: 'email.delivered', delivery_id: '48U3H8YA1ICE6S0M0JJ3CSQYEV' },
};
