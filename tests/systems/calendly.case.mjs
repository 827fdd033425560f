// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(32).toString('base64url'),
	timestamped: true,
	sign({ secret, body, at }) {
		const time = Math.floor(at / 1000);
		const signature = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
		return { headers: { 'Calendly-Webhook-Signature': `t=${time},v1=${signature}` } };
	},
	event: { type: 'invitee.created' },
};
