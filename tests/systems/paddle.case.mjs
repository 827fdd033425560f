// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import { Paddle } from '@paddle/paddle-node-sdk';

export default {
	secret: () => `pdl_ntfset_01h7zcgmdc6tmwtjehp3sh7azf_${randomBytes(24).toString('base64url')}`,
	timestamped: true,
	sign({ secret, body, at }) {
		const time = Math.floor(at / 1000);
		const signature = createHmac('sha256', secret).update(`${time}:`).update(body).digest('hex');
		return { headers: { 'Paddle-Signature': `ts=${time};h1=${signature}` } };
	},
	event: { type: 'subscription.created', delivery_id: 'ntf_01hv8x2af9vh8rhz9wg5h2wgn6' },
	judge: ({ headers, body }, secret) =>
		new Paddle('a key of the API, not used').webhooks.isSignatureValid(body.toString(), secret, headers['Paddle-Signature']),
};
